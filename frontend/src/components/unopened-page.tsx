import type { ReactNode } from "react";
import { Button } from "./button";
import { errorText } from "./error-text";
import { Notice } from "./notice";
import page from "./page.module.css";
import { usePageTitle } from "./use-page-title";

type UnopenedPageProps = {
  /** What it would be, such as "Insight". */
  title: string;
  /** Why it could not be fetched; null while it is on its way. */
  error: Error | null;
  onRetry: () => void;
  /** The way to the others of its kind. */
  back: ReactNode;
};

/** In place of something saved that is on its way, or could not be fetched. */
export function UnopenedPage({ title, error, onRetry, back }: UnopenedPageProps) {
  usePageTitle(title);
  if (error === null) {
    return (
      <main className={page.page} aria-busy="true">
        <h1 className="visually-hidden">{title}</h1>
        <div className={page.waiting} />
      </main>
    );
  }
  const { title: problem, advice } = errorText(error);
  return (
    <main className={page.page}>
      <Notice
        large
        page
        kind="bad"
        title={problem}
        actions={
          <>
            <Button onPress={onRetry}>Try again</Button>
            {back}
          </>
        }
      >
        {advice}
      </Notice>
    </main>
  );
}
