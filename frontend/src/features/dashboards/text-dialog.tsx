import { useState } from "react";
import { Button } from "../../components/button";
import { Modal, ModalActions, ModalForm } from "../../components/modal";
import styles from "../../components/field.module.css";
import { TextArea } from "../../components/text-area";

type TextDialogProps = {
  title: string;
  text: string;
  isOpen: boolean;
  onClose: () => void;
  onSave: (text: string) => void;
};

/** Writes the text of a card. */
export function TextDialog({ title, isOpen, ...form }: TextDialogProps) {
  return (
    <Modal title={title} isOpen={isOpen} onClose={form.onClose}>
      <TextForm {...form} />
    </Modal>
  );
}

function TextForm({ text: before, onClose, onSave }: Omit<TextDialogProps, "title" | "isOpen">) {
  const [text, setText] = useState(before);
  const empty = text.trim() === "";
  return (
    <ModalForm
      onSubmit={() => {
        if (!empty) onSave(text);
      }}
    >
      <TextArea label="Text" rows={8} value={text} onChange={setText} maxLength={10_000} autoFocus />
      <p className={styles.hint}>
        Markdown: <code># Heading</code>, <code>**bold**</code>, <code>- item</code>,{" "}
        <code>[link](https://…)</code>. HTML and pictures are not shown.
      </p>
      <ModalActions>
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" isDisabled={empty}>
          Keep
        </Button>
      </ModalActions>
    </ModalForm>
  );
}
