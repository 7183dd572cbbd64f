import { useState } from "react";
import { Button } from "./button";
import { CopyIcon } from "./icons";
import styles from "./snippet.module.css";

type SnippetProps = {
  /** What it is, for screen readers: several may stand on a page. */
  label: string;
  text: string;
};

/** Code or a command that is to be copied. */
export function Snippet({ label, text }: SnippetProps) {
  const [copied, setCopied] = useState<"no" | "yes" | "failed">("no");
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied("yes"),
      () => setCopied("failed"),
    );
  return (
    <div className={styles.snippet}>
      {/* A region that scrolls must be within reach of the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0} role="region" aria-label={label}>
        <code>{text}</code>
      </pre>
      <Button
        icon={<CopyIcon />}
        {...(copied === "no" ? { "aria-label": `Copy: ${label}` } : {})}
        onPress={() => void copy()}
      >
        {copied === "yes" ? "Copied" : copied === "failed" ? "Select it and copy by hand" : "Copy"}
      </Button>
    </div>
  );
}
