import { fromAbsolute, type ZonedDateTime } from "@internationalized/date";
import { useState } from "react";
import { DateField, DateInput, DateSegment, Label } from "react-aria-components";
import { useCreateAnnotation, useReplaceAnnotation, type Annotation } from "../../api/annotations";
import { Button } from "../../components/button";
import { classNames } from "../../components/class-names";
import field from "../../components/field.module.css";
import { FormError } from "../../components/form-error";
import { Modal, ModalActions, ModalForm } from "../../components/modal";
import { TextField } from "../../components/text-field";
import styles from "./annotations.module.css";

type AnnotationDialogProps = {
  /** The one to change; null adds one. */
  annotation: Annotation | null;
  /** In which the time is written. */
  timezone: string;
  suggested: Date;
  onClose: () => void;
};

/** Asks what happened and when. Loaded when it is opened. */
export default function AnnotationDialog(props: AnnotationDialogProps) {
  const { annotation, timezone, suggested, onClose } = props;
  const [text, setText] = useState(annotation?.text ?? "");
  const [at, setAt] = useState<ZonedDateTime | null>(() =>
    fromAbsolute(annotation ? Date.parse(annotation.at) : suggested.getTime(), timezone),
  );
  const create = useCreateAnnotation();
  const replace = useReplaceAnnotation();
  const saving = create.isPending || replace.isPending;
  const error = create.error ?? replace.error;
  const empty = text.trim() === "" || at === null;

  const save = () => {
    if (empty || saving) return;
    const instant = at.toDate();
    if (annotation) {
      // An instant that was not touched keeps its microseconds.
      const same = instant.getTime() === new Date(annotation.at).getTime();
      const { id, version } = annotation;
      const body = { id, version, text: text.trim(), at: same ? annotation.at : instant.toISOString() };
      replace.mutate(body, { onSuccess: onClose });
    } else {
      create.mutate({ text: text.trim(), at: instant.toISOString() }, { onSuccess: onClose });
    }
  };

  return (
    <Modal title={annotation ? "Change the annotation" : "Add an annotation"} isOpen onClose={onClose}>
      <ModalForm onSubmit={save}>
        {error && <FormError error={error} />}
        <TextField
          label="What happened"
          labelShown
          value={text}
          onChange={setText}
          maxLength={400}
          // It is what the dialog was opened for.
          autoFocus
        />
        <DateField value={at} onChange={setAt} granularity="minute" hideTimeZone isRequired>
          <Label className={field.label}>When, in {timezone.replaceAll("_", " ")}</Label>
          <DateInput className={classNames(field.input, styles.date)}>
            {(segment) => <DateSegment segment={segment} className={styles.segment ?? ""} />}
          </DateInput>
        </DateField>
        <ModalActions>
          <Button onPress={onClose}>Cancel</Button>
          {/* Not disabled while it saves: Escape would find no focus within the dialog. */}
          <Button type="submit" kind="primary" isDisabled={empty}>
            {saving ? "Saving…" : "Save"}
          </Button>
        </ModalActions>
      </ModalForm>
    </Modal>
  );
}
