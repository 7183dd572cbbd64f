import type { ReactNode } from "react";
import { isConflict } from "../api/client";
import { Button } from "./button";
import { errorText } from "./error-text";
import { Notice } from "./notice";

type SaveProblemProps = {
  /** What is being saved: insight, dashboard, cohort. */
  thing: string;
  /** What the tries to save it came to; null where nothing was wrong. */
  errors: readonly (Error | null)[];
  /** Whether it is known before any try that somebody else changed it. */
  newer?: boolean;
  onShowTheirs: () => void;
  /** Saves what is on the page beside theirs. */
  onSaveAsNew: () => void;
  canSaveAsNew?: boolean;
  /** What else there is to say to a conflict. */
  children?: ReactNode;
};

/**
 * Says why something could not be saved. Whoever saves on top of another one's
 * change hears of it, and chooses: theirs, or one's own as a new one.
 */
export function SaveProblem(props: SaveProblemProps) {
  const { thing, errors, newer = false, onShowTheirs, onSaveAsNew, canSaveAsNew = true, children } = props;
  const refused = errors.some(isConflict);
  if (refused || newer) {
    return (
      <Notice
        kind="bad"
        title={`Somebody else changed this ${thing}`}
        actions={
          <>
            <Button onPress={onShowTheirs}>Show theirs</Button>
            <Button isDisabled={!canSaveAsNew} onPress={onSaveAsNew}>
              Save mine as new
            </Button>
          </>
        }
      >
        {refused
          ? "Nothing was saved, so that their change is not lost."
          : "What you see is what it was when you opened it."}
        {children}
      </Notice>
    );
  }
  const failed = errors.find((error) => error !== null);
  return (
    failed && (
      <Notice kind="bad" title={`The ${thing} could not be saved`}>
        {errorText(failed).advice}
      </Notice>
    )
  );
}
