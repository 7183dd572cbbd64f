import { useState, type ReactNode } from "react";
import { Button } from "./button";
import { CopyIcon } from "./icons";
import styles from "./secret-once.module.css";

type SecretOnceProps = {
  title: string;
  /** What it is good for, and for how long. */
  children: ReactNode;
  /** How a screen reader names the text. */
  label: string;
  secret: string;
  onDone: () => void;
};

/** A secret that the server shows this once: to be copied, and put away. */
export function SecretOnce({ title, children, label, secret, onDone }: SecretOnceProps) {
  const [copied, setCopied] = useState<"no" | "yes" | "failed">("no");
  const copy = () =>
    navigator.clipboard.writeText(secret).then(
      () => setCopied("yes"),
      () => setCopied("failed"),
    );
  return (
    <div className={styles.once} role="status">
      <p className={styles.title}>{title}</p>
      <p className={styles.advice}>{children}</p>
      <div role="group" aria-label={label} className={styles.secret}>
        <code>{secret}</code>
      </div>
      <div className={styles.actions}>
        <Button kind="primary" icon={<CopyIcon />} onPress={() => void copy()}>
          {copied === "yes" ? "Copied" : copied === "failed" ? "Select it and copy by hand" : "Copy"}
        </Button>
        <Button onPress={onDone}>Done</Button>
      </div>
    </div>
  );
}
