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
  /** Whether it is all that the page has to say, and its title the page's. */
  page?: boolean;
};

/** Says that something is not as expected, and what to do. */
export function Notice({
  title,
  children,
  actions,
  kind = "calm",
  large = false,
  page = false,
}: NoticeProps) {
  const Title = page ? "h1" : "p";
  return (
    <div
      role={kind === "bad" ? "alert" : "status"}
      className={classNames(styles.notice, kind === "bad" && styles.bad, large && styles.large)}
    >
      {kind === "bad" && <AlertIcon className={styles.icon} />}
      <div className={styles.words}>
        <Title className={styles.title}>{title}</Title>
        {children && <div className={styles.advice}>{children}</div>}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
