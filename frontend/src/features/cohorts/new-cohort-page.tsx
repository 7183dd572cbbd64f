import { Link, useNavigate, useSearchParams } from "react-router";
import { useCohort } from "../../api/cohorts";
import { useMay } from "../../api/session";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { Notice } from "../../components/notice";
import { PageHead } from "../../components/page-head";
import page from "../../components/page.module.css";
import { usePageTitle } from "../../components/use-page-title";
import { userTimezone } from "../../format/timezones";
import { newCohort, toDraft } from "./cohort-draft";
import { CohortEditor } from "./cohort-editor";

/** Makes a cohort: a new one, or a copy of the one that the address names. */
export default function NewCohortPage() {
  usePageTitle("New cohort");
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const from = params.get("from");
  const original = useCohort(from);
  const mayEdit = useMay("editor");
  const initial =
    from === null
      ? newCohort(userTimezone())
      : original.data && { ...toDraft(original.data), name: `Copy of ${original.data.name}`.slice(0, 200) };

  return (
    <main className={page.page}>
      <PageHead title="New cohort" note={<Link to="/cohorts">Cohorts</Link>} />
      {!mayEdit ? (
        <Notice title="Only editors make cohorts">An admin can make you one.</Notice>
      ) : initial ? (
        <CohortEditor
          initial={initial}
          base={null}
          onSaved={({ id }) => void navigate(`/cohorts/${id}`, { replace: true })}
          onCancel={() => void navigate("/cohorts")}
          onShowTheirs={() => void navigate("/cohorts")}
        />
      ) : original.isError ? (
        <Notice
          kind="bad"
          title={errorText(original.error).title}
          actions={<Button onPress={() => void original.refetch()}>Try again</Button>}
        >
          {errorText(original.error).advice}
        </Notice>
      ) : (
        <div className={page.waiting} aria-busy="true" />
      )}
    </main>
  );
}
