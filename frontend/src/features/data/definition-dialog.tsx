import { useState } from "react";
import { ApiError, isConflict } from "../../api/client";
import { useDeleteDefinition, useSaveDefinition, type Of } from "../../api/definitions";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { Modal, ModalActions, ModalForm } from "../../components/modal";
import { Notice } from "../../components/notice";
import { Switch } from "../../components/switch";
import { TextArea } from "../../components/text-area";
import { TextField } from "../../components/text-field";
import type { Entry } from "./entries";

const TITLES: Record<Of, string> = {
  events: "Define an event",
  event: "Define a property of events",
  user: "Define an attribute of users",
};

type DefinitionDialogProps = {
  of: Of;
  /** What is defined; null names something that has not come yet. */
  entry: Entry | null;
  isOpen: boolean;
  onClose: () => void;
};

/** Says what a name means, whether it is verified, and whether pickers offer it. */
export function DefinitionDialog({ of, entry, isOpen, onClose }: DefinitionDialogProps) {
  return (
    <Modal title={entry === null ? TITLES[of] : `“${entry.name}”`} isOpen={isOpen} onClose={onClose}>
      {/* Made anew each time that it opens, with what is said then. */}
      <DefinitionForm of={of} entry={entry} onClose={onClose} />
    </Modal>
  );
}

function DefinitionForm({ of, entry, onClose }: Omit<DefinitionDialogProps, "isOpen">) {
  const save = useSaveDefinition();
  const remove = useDeleteDefinition();
  const [name, setName] = useState(entry?.name ?? "");
  const [description, setDescription] = useState(entry?.description ?? "");
  const [hidden, setHidden] = useState(entry?.hidden ?? false);
  const [verified, setVerified] = useState(entry?.verified ?? false);
  const said = entry?.said ?? null;
  const busy = save.isPending || remove.isPending;
  const unnamed = name === "";
  const failed = save.error ?? remove.error;

  return (
    <ModalForm
      onSubmit={() => {
        if (busy || unnamed) return;
        const words = { of, name, description: description.trim(), hidden, verified };
        save.mutate(said ? { ...words, ...said } : words, { onSuccess: onClose });
      }}
    >
      {failed && <Problem error={failed} />}
      {entry === null && (
        <TextField
          label="Name"
          labelShown
          hint="As it will be sent, with its case. It can be described before it comes for the first time."
          value={name}
          onChange={setName}
          maxLength={200}
          autoFocus
        />
      )}
      <TextArea
        label="Description"
        value={description}
        onChange={setDescription}
        maxLength={2000}
        rows={4}
        autoFocus={entry !== null}
      />
      <Switch isSelected={verified} onChange={setVerified}>
        Verified: it means what the description says
      </Switch>
      <Switch isSelected={hidden} onChange={setHidden}>
        Hidden: pickers leave it out, answers count it as before
      </Switch>
      <ModalActions>
        {said && (
          <Button
            kind="quiet"
            isDisabled={busy}
            onPress={() => remove.mutate({ of, id: said.id }, { onSuccess: onClose })}
          >
            Forget what is said here
          </Button>
        )}
        <Button onPress={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" isDisabled={busy || unnamed}>
          {save.isPending ? "Saving…" : "Save"}
        </Button>
      </ModalActions>
    </ModalForm>
  );
}

function Problem({ error }: { error: Error }) {
  if (isConflict(error) || (error instanceof ApiError && error.code === "definition_exists")) {
    return (
      <Notice kind="bad" title="Somebody else defined it in the meantime">
        Nothing was saved, so that their words are not lost. Close this and open it again to see them.
      </Notice>
    );
  }
  return (
    <Notice kind="bad" title="It could not be saved">
      {errorText(error).advice}
    </Notice>
  );
}
