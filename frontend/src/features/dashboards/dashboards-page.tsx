import { useState } from "react";
import { useNavigate } from "react-router";
import {
  useCreateDashboard,
  useDashboards,
  useDeleteDashboard,
  useDuplicateDashboard,
  type Dashboard,
} from "../../api/saved";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { PlusIcon } from "../../components/icons";
import { Notice } from "../../components/notice";
import { useDebounced } from "../../components/use-debounced";
import { ConfirmDialog } from "../insights/confirm-dialog";
import { NameDialog } from "../insights/name-dialog";
import { SavedList } from "../insights/saved-list";

/** All dashboards. */
export default function DashboardsPage() {
  const navigate = useNavigate();
  const [search, setSearch] = useState("");
  const dashboards = useDashboards(useDebounced(search.trim(), 250));
  const create = useCreateDashboard();
  const duplicate = useDuplicateDashboard();
  const remove = useDeleteDashboard();
  const [naming, setNaming] = useState(false);
  const [deleting, setDeleting] = useState<Dashboard | null>(null);

  const closeNaming = () => {
    create.reset();
    setNaming(false);
  };
  const closeDeleting = () => {
    remove.reset();
    setDeleting(null);
  };
  const begin = (
    <Button kind="primary" icon={<PlusIcon />} onPress={() => setNaming(true)}>
      New dashboard
    </Button>
  );

  return (
    <SavedList
      title="Dashboards"
      path="/dashboards"
      search={search}
      onSearch={setSearch}
      items={dashboards}
      detail={({ cards }) => (cards.length === 1 ? "1 card" : `${cards.length} cards`)}
      actions={(dashboard) => [
        {
          id: "duplicate",
          text: "Duplicate",
          onAction: () =>
            duplicate.mutate(dashboard.id, { onSuccess: ({ id }) => void navigate(`/dashboards/${id}`) }),
        },
        { id: "delete", text: "Delete", onAction: () => setDeleting(dashboard) },
      ]}
      begin={begin}
      empty={
        <Notice large title="No dashboard yet">
          A dashboard shows saved insights side by side, over one period, for everybody.
        </Notice>
      }
    >
      {duplicate.isError && (
        <Notice kind="bad" title="The dashboard could not be duplicated">
          {errorText(duplicate.error).advice}
        </Notice>
      )}
      <NameDialog
        title="New dashboard"
        action="Create"
        suggested={{ name: "", description: "" }}
        isOpen={naming}
        onClose={closeNaming}
        onSave={(named) =>
          create.mutate(
            { ...named, cards: [] },
            {
              onSuccess: ({ id }) => {
                closeNaming();
                void navigate(`/dashboards/${id}`, { state: { editing: true } });
              },
            },
          )
        }
        isPending={create.isPending}
        error={create.error}
      />
      <ConfirmDialog
        title={`Delete “${deleting?.name ?? ""}”?`}
        action="Delete"
        isOpen={deleting !== null}
        onClose={closeDeleting}
        onConfirm={() => {
          if (deleting) remove.mutate(deleting.id, { onSuccess: closeDeleting });
        }}
        isPending={remove.isPending}
        error={remove.error}
      >
        It is deleted for everybody, and cannot be brought back. The insights on it stay.
      </ConfirmDialog>
    </SavedList>
  );
}
