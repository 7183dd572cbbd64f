import { useEffect, useState } from "react";
import { Link, useLocation, useNavigate, useParams } from "react-router";
import { isConflict } from "../../api/client";
import { useInsight, useReplaceInsight, type Insight } from "../../api/saved";
import { useMay } from "../../api/session";
import { Button, ButtonLink } from "../../components/button";
import page from "../../components/page.module.css";
import { SaveProblem } from "../../components/save-problem";
import { useNow } from "../../components/use-now";
import { UnopenedPage } from "../../components/unopened-page";
import { usePageTitle } from "../../components/use-page-title";
import { userTimezone } from "../../format/timezones";
import { CardAnswer } from "../dashboards/card-answer";
import { ExplorePage } from "../explore/explore-page";
import type { Question } from "../explore/question";
import { readQuestion, writeQuestion } from "../explore/question-url";
import { DeleteInsight } from "./delete-insight";
import styles from "./insights.module.css";
import { ItemMenu } from "./item-menu";
import { NameDialog } from "./name-dialog";
import { SaveAs } from "./save-insight";
import { fromKept, kindOf, toKept } from "./saved-question";
import { ChangedBy } from "./changed-by";

/** A saved insight, at its own address, in the builder. */
export default function InsightPage() {
  const { id = "" } = useParams();
  const insight = useInsight(id);
  if (insight.data) return <Opened key={id} latest={insight.data} />;
  return (
    <UnopenedPage
      title="Insight"
      error={insight.error}
      onRetry={() => void insight.refetch()}
      back={<ButtonLink to="/insights">All insights</ButtonLink>}
    />
  );
}

/**
 * The insight that the question on the page is a change of stays the one that
 * was opened, until it is saved or read again: whoever saves on top of another
 * one's change shall hear of it.
 */
function Opened({ latest }: { latest: Insight }) {
  const { search } = useLocation();
  const navigate = useNavigate();
  const [base, setBase] = useState(latest);
  const [now] = useState(() => new Date());
  const own = fromKept(base, userTimezone(), now);
  const address = own && writeQuestion(own);
  const question = own && search !== "" ? readQuestion(search, own.timezone).question : own;
  const changed = question !== null && writeQuestion(question) !== address;
  usePageTitle(base.name);

  const path = `/insights/${base.id}`;
  useEffect(() => {
    if (search === "" && address) void navigate(path + address, { replace: true });
  }, [search, path, address, navigate]);

  const open = (insight: Insight) => {
    setBase(insight);
    const saved = fromKept(insight, userTimezone(), now);
    void navigate(`/insights/${insight.id}${saved ? writeQuestion(saved) : ""}`, { replace: true });
  };

  return (
    <>
      <InsightBar
        insight={base}
        latest={latest}
        question={question}
        changed={changed}
        onOpen={open}
        onRenamed={setBase}
      />
      {own === null ? <Foreign insight={base} /> : search !== "" && <ExplorePage />}
    </>
  );
}

type InsightBarProps = {
  insight: Insight;
  /** What the server has, as far as is known: somebody else may have changed it. */
  latest: Insight;
  /** What is on the page; null where the builder cannot show the insight. */
  question: Question | null;
  changed: boolean;
  /** Has the page show this version of the insight, and nothing else. */
  onOpen: (insight: Insight) => void;
  /** Has another name, and the same question: what is being worked on stays. */
  onRenamed: (insight: Insight) => void;
};

type Doing = "rename" | "save-as" | "delete" | null;

/** Above a saved insight: its name, and what can be done with it. */
function InsightBar({ insight, latest, question, changed, onOpen, onRenamed }: InsightBarProps) {
  const navigate = useNavigate();
  const now = useNow(60_000);
  const mayChange = useMay("editor");
  const fresh = useInsight(insight.id);
  const save = useReplaceInsight();
  const rename = useReplaceInsight();
  const [doing, setDoing] = useState<Doing>(null);
  const kept = question && toKept(question, now);
  const ours = [insight.version, save.data?.version, rename.data?.version];
  const newer = latest.version > insight.version && !ours.includes(latest.version);
  // What else went wrong with a new name is said where it is typed.
  const refused = isConflict(rename.error);

  const reload = () => {
    void fresh.refetch().then(({ data }) => {
      if (!data) return;
      save.reset();
      rename.reset();
      setDoing(null);
      onOpen(data);
    });
  };
  const { id, version, name, description } = insight;

  return (
    <section className={styles.bar} aria-label="Saved insight">
      <div className={page.head}>
        <div className={page.titles}>
          <p className={page.heading} dir="auto">
            {name}
          </p>
          {description !== "" && (
            <p className={page.description} dir="auto">
              {description}
            </p>
          )}
          <p className={page.note}>
            <Link to="/insights">Insights</Link> · <ChangedBy item={insight} />
            {changed && <span className={page.unsaved}> · Not saved</span>}
          </p>
        </div>
        <div className={page.tools}>
          {changed && (
            <>
              <Button onPress={() => onOpen(insight)}>Discard</Button>
              <Button
                kind="primary"
                isDisabled={kept === null || save.isPending}
                onPress={() => {
                  if (kept) save.mutate({ id, version, name, description, ...kept }, { onSuccess: onOpen });
                }}
              >
                {save.isPending ? "Saving…" : "Save changes"}
              </Button>
            </>
          )}
          {kindOf(insight.query) === "trend" && mayChange && (
            <Button onPress={() => void navigate(`/alerts/new?insight=${insight.id}`)}>Alert me…</Button>
          )}
          {question && (
            <Button isDisabled={kept === null} onPress={() => setDoing("save-as")}>
              Save as new
            </Button>
          )}
          <ItemMenu
            label="More about this insight"
            actions={[
              { id: "rename", text: "Rename", onAction: () => setDoing("rename") },
              { id: "delete", text: "Delete", onAction: () => setDoing("delete") },
            ]}
          />
        </div>
      </div>
      <SaveProblem
        thing="insight"
        errors={[save.error, refused ? rename.error : null]}
        newer={newer}
        onShowTheirs={reload}
        onSaveAsNew={() => setDoing("save-as")}
        canSaveAsNew={kept !== null}
      />
      {kept && (
        <SaveAs
          title="Save as a new insight"
          kept={kept}
          address={writeQuestion(question)}
          suggested={{ name, description }}
          isOpen={doing === "save-as"}
          onClose={() => setDoing(null)}
        />
      )}
      <NameDialog
        title="Rename this insight"
        action="Rename"
        suggested={{ name, description }}
        isOpen={doing === "rename"}
        onClose={() => {
          if (!refused) rename.reset();
          setDoing(null);
        }}
        onSave={(named) => {
          const { query, display } = insight;
          const body = { id, version, ...named, query };
          rename.mutate(display ? { ...body, display } : body, {
            onSuccess: (renamed) => {
              setDoing(null);
              onRenamed(renamed);
            },
          });
        }}
        isPending={rename.isPending}
        error={rename.error}
      />
      <DeleteInsight
        insight={insight}
        isOpen={doing === "delete"}
        onClose={() => setDoing(null)}
        onDeleted={() => void navigate("/insights", { replace: true })}
      />
    </section>
  );
}

/** An insight that the builder has no controls for, such as one that a program saved. */
function Foreign({ insight }: { insight: Insight }) {
  return (
    <main className={page.page}>
      <section className={page.panel} aria-label="Answer">
        <h1 className="visually-hidden">{insight.name}</h1>
        <p className={page.note}>
          The builder has no controls for this question. It can be changed through the API.
        </p>
        <div className={styles.answer}>
          <CardAnswer insight={insight} asked={{}} />
        </div>
      </section>
    </main>
  );
}
