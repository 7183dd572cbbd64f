import { lazy, Suspense, useRef, useState } from "react";
import { useDeleteAnnotation, type Annotation } from "../../api/annotations";
import { useMay } from "../../api/session";
import { Button } from "../../components/button";
import { ConfirmButton } from "../../components/confirm-button";
import { FormError } from "../../components/form-error";
import { PlusIcon } from "../../components/icons";
import { formatMinute } from "../../format/dates";
import { userLocale } from "../../format/numbers";
import styles from "./annotations.module.css";

const AnnotationDialog = lazy(() => import("./annotation-dialog"));

type AnnotationListProps = {
  /** Those within the chart, the earliest first. */
  annotations: readonly Annotation[];
  timezone: string;
  /** When something new is likely to have happened. */
  suggested: Date;
};

/** What happened in the time of a chart, by the numbers in it. Editors add to it, change it and take it away. */
export function AnnotationList({ annotations, timezone, suggested }: AnnotationListProps) {
  const editor = useMay("editor");
  const [editing, setEditing] = useState<Annotation | "new" | null>(null);
  const remove = useDeleteAnnotation();
  const part = useRef<HTMLElement>(null);
  const locale = userLocale();
  if (annotations.length === 0 && !editor) return null;
  return (
    <section ref={part} className={styles.part} aria-label="Annotations" tabIndex={-1}>
      {annotations.length > 0 && (
        <ol className={styles.list}>
          {annotations.map((annotation, index) => (
            <li key={annotation.id} className={styles.item}>
              <span className={styles.number} aria-hidden="true">
                {index + 1}
              </span>
              <span className={styles.words}>
                <span dir="auto">{annotation.text}</span>
                <time className={styles.at} dateTime={annotation.at}>
                  {formatMinute(new Date(annotation.at), timezone, locale)}
                </time>
              </span>
              {editor && (
                <span className={styles.tools}>
                  <Button
                    kind="quiet"
                    small
                    aria-label={`Edit annotation ${index + 1}`}
                    onPress={() => setEditing(annotation)}
                  >
                    Edit
                  </Button>
                  <ConfirmButton
                    verb="Delete"
                    label={`Delete annotation ${index + 1}`}
                    question="Delete this annotation?"
                    onConfirm={() => {
                      remove.mutate(annotation.id);
                      // The button goes with its annotation: the list keeps the keyboard's place.
                      part.current?.focus();
                    }}
                  >
                    It goes from the charts of everybody.
                  </ConfirmButton>
                </span>
              )}
            </li>
          ))}
        </ol>
      )}
      {remove.isError && <FormError error={remove.error} />}
      {editor && (
        <Button kind="quiet" small icon={<PlusIcon />} onPress={() => setEditing("new")}>
          Add an annotation
        </Button>
      )}
      {editing !== null && (
        <Suspense>
          <AnnotationDialog
            annotation={editing === "new" ? null : editing}
            timezone={timezone}
            suggested={suggested}
            onClose={() => setEditing(null)}
          />
        </Suspense>
      )}
    </section>
  );
}
