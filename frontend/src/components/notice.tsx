import type { ReactNode } from "react";
import { AlertIcon } from "./icons";
import styles from "./notice.module.css";
import { classNames } from "./class-names";

type NoticeProps = {
  title: string;
  /** What to do about it. */
  children?: ReactNode;
  actions?: ReactNode;
  kind?: "bad" | "calm";
  /** Fills its place, as an answer would, rather than standing in a line. */
  large?: boolean;
};

/** Says that something is not as expected, and what to do. */
export function Notice({ title, children, actions, kind = "calm", large = false }: NoticeProps) {
  return (
    <div
      role={kind === "bad" ? "alert" : "status"}
      className={classNames(styles.notice, kind === "bad" && styles.bad, large && styles.large)}
    >
      {kind === "bad" && <AlertIcon className={styles.icon} />}
      <div className={styles.words}>
        <p className={styles.title}>{title}</p>
        {children && <div className={styles.advice}>{children}</div>}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
