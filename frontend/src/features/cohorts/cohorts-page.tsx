import { useState } from "react";
import { useNavigate } from "react-router";
import { useCohorts, type Cohort } from "../../api/cohorts";
import { useMay } from "../../api/session";
import { Button } from "../../components/button";
import { PlusIcon } from "../../components/icons";
import { Notice } from "../../components/notice";
import { SavedList } from "../insights/saved-list";
import { CohortCount } from "./cohort-count";
import { DeleteCohort } from "./delete-cohort";

/** All saved cohorts. */
export default function CohortsPage() {
  const navigate = useNavigate();
  const mayEdit = useMay("editor");
  const [search, setSearch] = useState("");
  const cohorts = useCohorts();
  const [deleting, setDeleting] = useState<Cohort | null>(null);
  // The server lists all of them, so that they are searched here.
  const wanted = search.trim().toLowerCase();
  const found = cohorts.data?.filter(({ name }) => name.toLowerCase().includes(wanted));

  return (
    <SavedList
      title="Cohorts"
      path="/cohorts"
      search={search}
      onSearch={setSearch}
      items={{ ...cohorts, data: found }}
      detail={(cohort) => <CohortCount cohort={cohort} />}
      actions={(cohort) =>
        mayEdit
          ? [
              {
                id: "edit",
                text: "Edit",
                onAction: () => void navigate(`/cohorts/${cohort.id}`, { state: { editing: true } }),
              },
              {
                id: "duplicate",
                text: "Duplicate",
                onAction: () => void navigate(`/cohorts/new?from=${cohort.id}`),
              },
              { id: "delete", text: "Delete", onAction: () => setDeleting(cohort) },
            ]
          : []
      }
      begin={
        mayEdit && (
          <Button kind="primary" icon={<PlusIcon />} onPress={() => void navigate("/cohorts/new")}>
            New cohort
          </Button>
        )
      }
      empty={
        <Notice large title="No cohort yet">
          A cohort is a set of users who have something in common: what they did or did not do, and what they
          are. Questions can be asked about it alone, or about all others.
        </Notice>
      }
    >
      {deleting && (
        <DeleteCohort
          cohort={deleting}
          isOpen
          onClose={() => setDeleting(null)}
          onDeleted={() => setDeleting(null)}
        />
      )}
    </SavedList>
  );
}
