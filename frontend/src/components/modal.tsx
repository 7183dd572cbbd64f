import type { ReactNode } from "react";
import { Dialog, Heading, Modal as AriaModal, ModalOverlay } from "react-aria-components";
import styles from "./modal.module.css";

type ModalProps = {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** An alert asks before something that cannot be undone, and is not left by a press beside it. */
  alert?: boolean;
  children: ReactNode;
};

/** A dialog over the page. */
export function Modal({ title, isOpen, onClose, alert = false, children }: ModalProps) {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      isDismissable={!alert}
      className={styles.overlay}
    >
      <AriaModal>
        <Dialog className={styles.dialog} role={alert ? "alertdialog" : "dialog"}>
          <Heading slot="title" className={styles.title}>
            {title}
          </Heading>
          {children}
        </Dialog>
      </AriaModal>
    </ModalOverlay>
  );
}

export function ModalActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}

export function ModalForm({ onSubmit, children }: { onSubmit: () => void; children: ReactNode }) {
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        // A form within a dialog of another form's page is nobody else's business.
        event.stopPropagation();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
