import type { ReactNode } from "react";
import { ToggleButton, ToggleButtonGroup } from "react-aria-components";
import { classNames } from "./class-names";
import styles from "./toggle-group.module.css";

type ToggleGroupProps<T extends string> = {
  label: string;
  options: readonly { id: T; text: string; name?: string; icon?: ReactNode }[];
  /** Of more options than fit in a line, how many stand in each. */
  columns?: 3;
  /** Null when none of the options is in force. */
  value: T | null;
  onChange: (value: T) => void;
};

/** A few options side by side, of which one holds. */
export function ToggleGroup<T extends string>({
  label,
  options,
  columns,
  value,
  onChange,
}: ToggleGroupProps<T>) {
  return (
    <ToggleButtonGroup
      aria-label={label}
      className={classNames(styles.group, columns === 3 && styles.thirds)}
      selectionMode="single"
      disallowEmptySelection={value !== null}
      selectedKeys={value === null ? [] : [value]}
      onSelectionChange={(keys) => {
        const [key] = keys;
        if (key !== undefined) onChange(key as T);
      }}
    >
      {options.map(({ id, text, name, icon }) => (
        <ToggleButton key={id} id={id} aria-label={name} className={styles.option}>
          {icon}
          <span className={icon ? styles.text : undefined}>{text}</span>
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
