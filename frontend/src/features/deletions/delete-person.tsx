import { useState } from "react";
import { Link } from "react-router";
import { useAskDeletion } from "../../api/deletions";
import { Button } from "../../components/button";
import { FormError } from "../../components/form-error";
import { Modal, ModalActions, ModalForm } from "../../components/modal";
import { Notice } from "../../components/notice";
import page from "../../components/page.module.css";
import { TextField } from "../../components/text-field";
import styles from "./deletions.module.css";
import { confirms } from "./receipt";

/** Asks for a person's data to be deleted for good, once the id was typed. */
export function DeletePerson({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState(false);
  return (
    <section className={page.panel} aria-labelledby="deletion">
      <h2 id="deletion">Delete this person’s data</h2>
      {asked ? (
        <Notice title="The deletion was asked for">
          The next load begins with it. <Link to="/settings#deletions">Settings</Link> show how far it is, and
          keep the receipt.
        </Notice>
      ) : (
        <>
          <p className={page.note}>
            All events and attributes of this person are deleted for good, from the warehouse and from the raw
            data. What the person does from then on is a new person’s.
          </p>
          <div>
            <Button onPress={() => setOpen(true)}>Delete this person’s data…</Button>
          </div>
        </>
      )}
      <Modal title="Delete for good?" isOpen={open} onClose={() => setOpen(false)} alert>
        <Confirmation
          id={id}
          onClose={() => setOpen(false)}
          onAsked={() => {
            setOpen(false);
            setAsked(true);
          }}
        />
      </Modal>
    </section>
  );
}

type ConfirmationProps = { id: string; onClose: () => void; onAsked: () => void };

function Confirmation({ id, onClose, onAsked }: ConfirmationProps) {
  const ask = useAskDeletion();
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const sure = confirms(typed, id);
  return (
    <ModalForm
      onSubmit={() => {
        if (!sure || ask.isPending) return;
        ask.mutate(
          { user_id: id, ...(reason.trim() === "" ? {} : { reason: reason.trim() }) },
          { onSuccess: onAsked },
        );
      }}
    >
      <p>
        Nobody can bring it back. To go on, type the id{" "}
        <code className={styles.id} dir="auto">
          {id}
        </code>
        .
      </p>
      <TextField
        label="The person’s id"
        labelShown
        autoComplete="off"
        spellCheck="false"
        value={typed}
        onChange={setTyped}
        autoFocus
      />
      <TextField
        label="Reason (optional)"
        labelShown
        hint="It is kept with the receipt: name a ticket, not the person."
        autoComplete="off"
        maxLength={400}
        value={reason}
        onChange={setReason}
      />
      {ask.isError && <FormError error={ask.error} />}
      <ModalActions>
        <Button onPress={onClose}>Keep</Button>
        <Button type="submit" kind="primary" isDisabled={!sure || ask.isPending}>
          Delete for good
        </Button>
      </ModalActions>
    </ModalForm>
  );
}
