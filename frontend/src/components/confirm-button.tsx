import type { ReactNode } from "react";
import { Dialog, DialogTrigger, Heading, Popover } from "react-aria-components";
import { Button } from "./button";
import styles from "./confirm-button.module.css";
import field from "./field.module.css";

type ConfirmButtonProps = {
  /** The verb, on the button and again where it is confirmed. */
  verb: string;
  /** What it is done to, for screen readers: several such buttons stand on a page. */
  label: string;
  question: string;
  /** What follows from it. */
  children: ReactNode;
  onConfirm: () => void;
};

/** A button whose deed cannot be taken back: it asks first. */
export function ConfirmButton({ verb, label, question, children, onConfirm }: ConfirmButtonProps) {
  return (
    <DialogTrigger>
      <Button kind="quiet" small aria-label={label}>
        {verb}
      </Button>
      <Popover className={field.popover} placement="bottom end" offset={6}>
        <Dialog className={styles.dialog}>
          {({ close }) => (
            <>
              <Heading slot="title" className={styles.question}>
                {question}
              </Heading>
              <p className={styles.words}>{children}</p>
              <div className={styles.actions}>
                <Button
                  kind="primary"
                  onPress={() => {
                    onConfirm();
                    close();
                  }}
                >
                  {verb}
                </Button>
                <Button onPress={close}>Keep</Button>
              </div>
            </>
          )}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
