import { lazy, Suspense } from "react";
import styles from "./card-text.module.css";

/** Without the part of the page that reads Markdown, the text is shown as it was written. */
const Markdown = lazy(() => import("./markdown").catch(() => ({ default: Plain })));

/** The text of a card, read as Markdown. */
export function CardText({ text }: { text: string }) {
  return (
    // A region that scrolls must be within reach of the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.text} dir="auto" tabIndex={0} role="group" aria-label="Text of the card">
      <Suspense fallback={null}>
        <Markdown text={text} />
      </Suspense>
    </div>
  );
}

function Plain({ text }: { text: string }) {
  return <p>{text}</p>;
}
