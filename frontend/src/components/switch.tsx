import type { ReactNode } from "react";
import { SwitchButton, SwitchField } from "react-aria-components";
import styles from "./switch.module.css";

type SwitchProps = { isSelected: boolean; onChange: (isSelected: boolean) => void; children: ReactNode };

/** Something that is on or off, and holds at once. */
export function Switch({ children, ...props }: SwitchProps) {
  return (
    <SwitchField {...props}>
      <SwitchButton className={styles.switch}>
        <span className={styles.track} aria-hidden="true">
          <span className={styles.thumb} />
        </span>
        {children}
      </SwitchButton>
    </SwitchField>
  );
}
