import { useState } from "react";
import { useNavigate } from "react-router";
import { useDuplicateInsight, useInsights, type Insight } from "../../api/saved";
import { ButtonLink } from "../../components/button";
import { errorText } from "../../components/error-text";
import { PlusIcon } from "../../components/icons";
import { Notice } from "../../components/notice";
import { useDebounced } from "../../components/use-debounced";
import { DeleteInsight } from "./delete-insight";
import { kindOf } from "./saved-question";
import { SavedList } from "./saved-list";

const KINDS: Record<ReturnType<typeof kindOf>, string> = {
  trend: "Trend",
  funnel: "Funnel",
  retention: "Retention",
  stickiness: "Stickiness",
  lifecycle: "Lifecycle",
  paths: "Paths",
};

/** All saved insights. */
export default function InsightsPage() {
  const navigate = useNavigate();
  const duplicate = useDuplicateInsight();
  const [search, setSearch] = useState("");
  const insights = useInsights(useDebounced(search.trim(), 250));
  const [deleting, setDeleting] = useState<Insight | null>(null);
  return (
    <SavedList
      title="Insights"
      path="/insights"
      search={search}
      onSearch={setSearch}
      items={insights}
      detail={({ query }) => KINDS[kindOf(query)]}
      actions={(insight) => [
        {
          id: "duplicate",
          text: "Duplicate",
          onAction: () =>
            duplicate.mutate(insight.id, { onSuccess: ({ id }) => void navigate(`/insights/${id}`) }),
        },
        { id: "delete", text: "Delete", onAction: () => setDeleting(insight) },
      ]}
      begin={
        <ButtonLink kind="primary" icon={<PlusIcon />} to="/explore">
          New insight
        </ButtonLink>
      }
      empty={
        <Notice
          large
          title="Nothing is saved yet"
          actions={<ButtonLink to="/explore">Go to Explore</ButtonLink>}
        >
          Ask a question in Explore and press Save: it is kept here, for everybody, and can be put on a
          dashboard.
        </Notice>
      }
    >
      {duplicate.isError && (
        <Notice kind="bad" title="The insight could not be duplicated">
          {errorText(duplicate.error).advice}
        </Notice>
      )}
      {deleting && (
        <DeleteInsight
          insight={deleting}
          isOpen
          onClose={() => setDeleting(null)}
          onDeleted={() => setDeleting(null)}
        />
      )}
    </SavedList>
  );
}
