import { useState, type ReactNode } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useSession } from "../../api/session";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { LoafMark } from "../../components/icons";
import { Notice } from "../../components/notice";
import styles from "./session.module.css";
import { SignInForm } from "./sign-in";

/**
 * Shows the page to who is signed in. A session that ends in the middle of work
 * brings the form over the page, which stays as it is; one that was never there
 * brings the form alone. Either way the question stays in the address.
 */
export function SessionGate({ children }: { children: ReactNode }) {
  const session = useSession();
  const [entered, setEntered] = useState(false);

  if (session.data && !entered) setEntered(true);

  if (session.isPending)
    return (
      <main className={styles.screen} aria-busy="true">
        <h1 className="visually-hidden">DataLoaf</h1>
      </main>
    );
  if (session.isError) {
    const { title, advice } = errorText(session.error);
    return (
      <main className={styles.screen}>
        <Notice
          page
          kind="bad"
          title={title}
          actions={<Button onPress={() => void session.refetch()}>Try again</Button>}
        >
          {advice}
        </Notice>
      </main>
    );
  }
  if (session.data === null && !entered) {
    return (
      <main className={styles.screen}>
        <div className={styles.card}>
          <LoafMark className={styles.mark} />
          <h1 className={styles.title}>Sign in to DataLoaf</h1>
          <SignInForm />
        </div>
      </main>
    );
  }
  return (
    <>
      {children}
      <ModalOverlay isOpen={session.data === null} className={styles.overlay} isKeyboardDismissDisabled>
        <Modal>
          <Dialog className={styles.card}>
            <LoafMark className={styles.mark} />
            <Heading slot="title" className={styles.title}>
              Your session has ended
            </Heading>
            <p className={styles.words}>Sign in to go on where you were. Your question is kept.</p>
            <SignInForm />
          </Dialog>
        </Modal>
      </ModalOverlay>
    </>
  );
}
