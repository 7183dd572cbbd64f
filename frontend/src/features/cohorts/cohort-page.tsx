import { useState } from "react";
import { Link, useLocation, useNavigate, useParams } from "react-router";
import { useCohort, useCohortCount, useCohortUsers, type Cohort } from "../../api/cohorts";
import { useMay } from "../../api/session";
import { Button, ButtonLink } from "../../components/button";
import { errorText } from "../../components/error-text";
import { EditIcon } from "../../components/icons";
import { LoadMore } from "../../components/load-more";
import { Notice } from "../../components/notice";
import { PageHead } from "../../components/page-head";
import page from "../../components/page.module.css";
import { personPath } from "../../components/person-path";
import { UnopenedPage } from "../../components/unopened-page";
import { usePageTitle } from "../../components/use-page-title";
import { userLocale } from "../../format/numbers";
import { ChangedBy } from "../insights/changed-by";
import { ItemMenu } from "../insights/item-menu";
import { toDraft } from "./cohort-draft";
import { CohortEditor } from "./cohort-editor";
import styles from "./cohorts.module.css";
import { DeleteCohort } from "./delete-cohort";
import { describeCondition, usersText } from "./describe";
import { exploreCohort } from "./explore-cohort";

/** One cohort, at its own address: who belongs to it, and its users. */
export default function CohortPage() {
  const { id = "" } = useParams();
  const cohort = useCohort(id);
  if (cohort.data) return <Opened key={id} latest={cohort.data} />;
  return (
    <UnopenedPage
      title="Cohort"
      error={cohort.error}
      onRetry={() => void cohort.refetch()}
      back={<ButtonLink to="/cohorts">All cohorts</ButtonLink>}
    />
  );
}

/** What is seen follows the server; what is edited is the version at which editing began. */
function Opened({ latest }: { latest: Cohort }) {
  const navigate = useNavigate();
  const location = useLocation();
  const mayEdit = useMay("editor");
  const fresh = useCohort(latest.id);
  const [base, setBase] = useState<Cohort | null>(() =>
    mayEdit && asksToEdit(location.state) ? latest : null,
  );
  const [deleting, setDeleting] = useState(false);
  usePageTitle(latest.name);

  const leave = () => {
    setBase(null);
    // A reload keeps the entry's state, and shall not begin to edit anew.
    if (asksToEdit(location.state)) void navigate(location, { replace: true, state: null });
  };

  return (
    <main className={page.page}>
      <PageHead
        title={latest.name}
        description={base === null ? latest.description : ""}
        note={
          <>
            <Link to="/cohorts">Cohorts</Link> · <ChangedBy item={latest} />
          </>
        }
      >
        {base === null && (
          <>
            <ButtonLink to={exploreCohort(latest.id)}>Explore this cohort</ButtonLink>
            {mayEdit && (
              <>
                <Button icon={<EditIcon />} onPress={() => setBase(latest)}>
                  Edit
                </Button>
                <ItemMenu
                  label="More about this cohort"
                  actions={[
                    {
                      id: "duplicate",
                      text: "Duplicate",
                      onAction: () => void navigate(`/cohorts/new?from=${latest.id}`),
                    },
                    { id: "delete", text: "Delete", onAction: () => setDeleting(true) },
                  ]}
                />
              </>
            )}
          </>
        )}
      </PageHead>
      {base === null ? (
        <>
          <Definition cohort={latest} />
          <Users key={latest.version} cohort={latest} />
        </>
      ) : (
        <CohortEditor
          initial={toDraft(base)}
          base={base}
          onSaved={leave}
          onCancel={leave}
          onShowTheirs={() => void fresh.refetch().then(leave)}
        />
      )}
      <DeleteCohort
        cohort={latest}
        isOpen={deleting}
        onClose={() => setDeleting(false)}
        onDeleted={() => void navigate("/cohorts", { replace: true })}
      />
    </main>
  );
}

function Definition({ cohort }: { cohort: Cohort }) {
  const { match, timezone, conditions } = toDraft(cohort);
  const locale = userLocale();
  const head =
    conditions.length === 1
      ? "Users of whom this is true:"
      : match === "all"
        ? "Users of whom all of these are true:"
        : "Users of whom any of these is true:";
  return (
    <section className={page.panel} aria-labelledby="definition">
      <h2 id="definition">Who belongs to it</h2>
      <p>{head}</p>
      <ul className={styles.sentences}>
        {conditions.map((condition, index) => (
          <li key={index} dir="auto">
            {describeCondition(condition, locale)}
          </li>
        ))}
      </ul>
      <p className={page.note}>
        Days are those of {timezone.replaceAll("_", " ")}. Who belongs to it is looked up anew each time that
        it is asked about.
      </p>
    </section>
  );
}

function Users({ cohort }: { cohort: Cohort }) {
  const count = useCohortCount(cohort);
  const users = useCohortUsers(cohort);
  const found = users.data?.pages.flatMap(({ users: some }) => some) ?? [];
  const failed = count.error ?? users.error;
  return (
    <section className={page.panel} aria-labelledby="users" aria-busy={count.isPending || users.isPending}>
      <h2 id="users">Users</h2>
      {count.data !== undefined && (
        <p className={styles.count} role="status">
          {usersText(count.data, userLocale())}
        </p>
      )}
      {failed ? (
        <Notice
          kind="bad"
          title={errorText(failed).title}
          actions={
            <Button
              onPress={() => {
                if (count.isError) void count.refetch();
                if (users.isError) void users.refetch();
              }}
            >
              Try again
            </Button>
          }
        >
          {errorText(failed).advice}
        </Notice>
      ) : (
        users.isPending && (
          <div className={page.waiting}>
            <span className="visually-hidden">The users are on their way</span>
          </div>
        )
      )}
      {users.data && found.length === 0 && (
        <p className={page.note}>Nobody belongs to it now. Whoever meets the conditions later will.</p>
      )}
      <ul className={styles.users} aria-label="Users of the cohort">
        {found.map(({ user_id: id }) => (
          <li key={id}>
            <Link to={personPath(id)} dir="auto">
              {id}
            </Link>
          </li>
        ))}
      </ul>
      {users.hasNextPage && (
        <LoadMore loading={users.isFetchingNextPage} onMore={() => void users.fetchNextPage()} />
      )}
    </section>
  );
}

/** Whether whoever led here wants to begin at once. */
function asksToEdit(state: unknown): boolean {
  return typeof state === "object" && state !== null && "editing" in state && state.editing === true;
}
