import { Link } from "react-router";
import { ApiError } from "../../api/client";
import { useDeleteCohort, type Cohort } from "../../api/cohorts";
import { useInsights } from "../../api/saved";
import { Button } from "../../components/button";
import { Modal, ModalActions } from "../../components/modal";
import { ConfirmDialog } from "../insights/confirm-dialog";
import styles from "./cohorts.module.css";
import { namesCohort } from "./in-use";

type DeleteCohortProps = {
  cohort: Pick<Cohort, "id" | "name">;
  isOpen: boolean;
  onClose: () => void;
  onDeleted: () => void;
};

/** Deletes a cohort after a question; one that insights name stays, and they are listed. */
export function DeleteCohort({ cohort, isOpen, onClose, onDeleted }: DeleteCohortProps) {
  const remove = useDeleteCohort();
  const inUse = remove.error instanceof ApiError && remove.error.code === "in_use";
  const close = () => {
    remove.reset();
    onClose();
  };
  if (inUse) {
    return (
      <Modal title={`“${cohort.name}” is in use`} isOpen={isOpen} onClose={close}>
        <UsedBy id={cohort.id} />
        <ModalActions>
          <Button kind="primary" onPress={close} autoFocus>
            Keep it
          </Button>
        </ModalActions>
      </Modal>
    );
  }
  return (
    <ConfirmDialog
      title={`Delete “${cohort.name}”?`}
      action="Delete"
      isOpen={isOpen}
      onClose={close}
      onConfirm={() =>
        remove.mutate(cohort.id, {
          onSuccess: () => {
            close();
            onDeleted();
          },
        })
      }
      isPending={remove.isPending}
      error={remove.error}
    >
      It is deleted for everybody, and cannot be brought back. Its users stay.
    </ConfirmDialog>
  );
}

/** Names the insights whose question is about the cohort. */
function UsedBy({ id }: { id: string }) {
  const insights = useInsights("");
  const found = (insights.data ?? []).filter(({ query }) => namesCohort(query, id));
  if (insights.isPending) return <p aria-busy="true">Looking for what uses it…</p>;
  if (found.length === 0) return <p>A saved insight names it. Take it out of there first.</p>;
  return (
    <>
      <p>{found.length === 1 ? "This insight asks" : "These insights ask"} about it:</p>
      <ul className={styles.sentences}>
        {found.map((insight) => (
          <li key={insight.id}>
            <Link to={`/insights/${insight.id}`} dir="auto">
              {insight.name}
            </Link>
          </li>
        ))}
      </ul>
      <p>
        Take it out of {found.length === 1 ? "its" : "their"} filters first, or delete what is not needed.
      </p>
    </>
  );
}
