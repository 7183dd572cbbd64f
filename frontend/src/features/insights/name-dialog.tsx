import { useState } from "react";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { Modal, ModalActions, ModalForm } from "../../components/modal";
import { Notice } from "../../components/notice";
import { TextArea } from "../../components/text-area";
import { TextField } from "../../components/text-field";

export type Named = { name: string; description: string };

type NameDialogProps = {
  title: string;
  action: string;
  suggested: Named;
  isOpen: boolean;
  onClose: () => void;
  onSave: (named: Named) => void;
  isPending: boolean;
  /** Why it could not be saved; null while nothing was wrong. */
  error: Error | null;
};

/** Asks for the name and the description of something that is to be saved. */
export function NameDialog({ title, isOpen, onClose, ...form }: NameDialogProps) {
  return (
    <Modal title={title} isOpen={isOpen} onClose={onClose}>
      {/* Made anew each time that it opens, with what is suggested then. */}
      <NameForm {...form} onClose={onClose} />
    </Modal>
  );
}

function NameForm({
  action,
  suggested,
  onClose,
  onSave,
  isPending,
  error,
}: Omit<NameDialogProps, "title" | "isOpen">) {
  const [name, setName] = useState(suggested.name);
  const [description, setDescription] = useState(suggested.description);
  const empty = name.trim() === "";
  return (
    <ModalForm
      onSubmit={() => {
        if (!empty && !isPending) onSave({ name: name.trim(), description: description.trim() });
      }}
    >
      {error && (
        <Notice kind="bad" title="It could not be saved">
          {errorText(error).advice}
        </Notice>
      )}
      <TextField label="Name" labelShown value={name} onChange={setName} maxLength={200} autoFocus />
      <TextArea
        label="Description (optional)"
        value={description}
        onChange={setDescription}
        maxLength={2000}
        rows={3}
      />
      <ModalActions>
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" isDisabled={empty || isPending}>
          {isPending ? "Saving…" : action}
        </Button>
      </ModalActions>
    </ModalForm>
  );
}
