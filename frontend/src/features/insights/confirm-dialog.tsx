import type { ReactNode } from "react";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { Modal, ModalActions } from "../../components/modal";
import { Notice } from "../../components/notice";

type ConfirmDialogProps = {
  title: string;
  action: string;
  isOpen: boolean;
  onClose: () => void;
  onConfirm: () => void;
  isPending: boolean;
  error: Error | null;
  children: ReactNode;
};

/** Asks before something that cannot be undone. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, action, isOpen, onClose, onConfirm, isPending, error, children } = props;
  return (
    <Modal title={title} isOpen={isOpen} onClose={onClose} alert>
      {error && (
        <Notice kind="bad" title={errorText(error).title}>
          {errorText(error).advice}
        </Notice>
      )}
      <p>{children}</p>
      <ModalActions>
        <Button onPress={onClose} autoFocus>
          Cancel
        </Button>
        <Button kind="primary" onPress={onConfirm} isDisabled={isPending}>
          {action}
        </Button>
      </ModalActions>
    </Modal>
  );
}
