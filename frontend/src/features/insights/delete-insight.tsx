import { ApiError } from "../../api/client";
import { useDashboards, useDeleteInsight, type Insight } from "../../api/saved";
import { ConfirmDialog } from "./confirm-dialog";

type DeleteInsightProps = {
  insight: Pick<Insight, "id" | "name">;
  isOpen: boolean;
  onClose: () => void;
  onDeleted: () => void;
};

/** Deletes an insight after a question; after a second one where dashboards show it. */
export function DeleteInsight({ insight, isOpen, onClose, onDeleted }: DeleteInsightProps) {
  const remove = useDeleteInsight();
  const inUse = remove.error instanceof ApiError && remove.error.code === "in_use";
  const close = () => {
    remove.reset();
    onClose();
  };
  return (
    <ConfirmDialog
      title={inUse ? `“${insight.name}” is on a dashboard` : `Delete “${insight.name}”?`}
      action={inUse ? "Delete it and its cards" : "Delete"}
      isOpen={isOpen}
      onClose={close}
      onConfirm={() =>
        remove.mutate(
          { id: insight.id, force: inUse },
          {
            onSuccess: () => {
              close();
              onDeleted();
            },
          },
        )
      }
      isPending={remove.isPending}
      error={inUse ? null : remove.error}
    >
      {inUse ? <ShownOn id={insight.id} /> : "It is deleted for everybody, and cannot be brought back."}
    </ConfirmDialog>
  );
}

/** Names the dashboards that show the insight. */
function ShownOn({ id }: { id: string }) {
  const dashboards = useDashboards("").data ?? [];
  const names = dashboards
    .filter(({ cards }) => cards.some((card) => card.kind === "insight" && card.insight_id === id))
    .map(({ name }) => `“${name}”`);
  const where = names.length > 0 ? new Intl.ListFormat("en").format(names) : "a dashboard";
  return `It is shown on ${where}. Deleting it takes its cards away there, for everybody.`;
}
