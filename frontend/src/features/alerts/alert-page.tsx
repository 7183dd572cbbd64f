import { useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import {
  useAlert,
  useAlertHistory,
  useAlerts,
  useDeleteAlert,
  useTestAlert,
  type Alert,
  type AlertDelivery,
  type AlertEntry,
} from "../../api/alerts";
import { useInsight } from "../../api/saved";
import { useMay } from "../../api/session";
import { Button, ButtonLink } from "../../components/button";
import { ConfirmButton } from "../../components/confirm-button";
import { errorText } from "../../components/error-text";
import { FormError } from "../../components/form-error";
import { Notice } from "../../components/notice";
import { PageHead } from "../../components/page-head";
import page from "../../components/page.module.css";
import { SecretOnce } from "../../components/secret-once";
import { UnopenedPage } from "../../components/unopened-page";
import { usePageTitle } from "../../components/use-page-title";
import { formatInstant } from "../../format/dates";
import { formatNumber, userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";
import { AlertForm } from "./alert-form";
import styles from "./alerts.module.css";
import { draftOf, linesOf, newDraft, type Draft } from "./draft";
import { Status } from "./status";
import { conditionText, entryText } from "./texts";

/** One alert: how it stands, what it did, and what it is made of. */
export default function AlertPage() {
  const { id = "" } = useParams();
  const alert = useAlert(id);
  if (alert.data) return <Opened key={id} alert={alert.data} />;
  return (
    <UnopenedPage
      title="Alert"
      error={alert.error}
      onRetry={() => void alert.refetch()}
      back={<ButtonLink to="/alerts">All alerts</ButtonLink>}
    />
  );
}

/** A new alert on the insight that the address names. */
export function NewAlertPage() {
  const [search] = useSearchParams();
  const insightId = search.get("insight") ?? "";
  const navigate = useNavigate();
  const [made, setMade] = useState<Alert | null>(null);
  usePageTitle("New alert");
  const done = (alert: Alert) => void navigate(`/alerts/${alert.id}`, { replace: true });
  return (
    <main className={page.page}>
      <PageHead title="New alert" note={<Link to="/alerts">Alerts</Link>} />
      {made ? (
        <Secrets alert={made} onDone={() => done(made)} />
      ) : insightId === "" ? (
        <Notice
          large
          title="Which trend shall be watched?"
          actions={<ButtonLink to="/insights">Go to Insights</ButtonLink>}
        >
          Open a saved trend and press “Alert me…”.
        </Notice>
      ) : (
        <Editor
          alert={null}
          insightId={insightId}
          initial={newDraft(insightId, "")}
          onSaved={(alert) =>
            alert.destinations.some(({ secret }) => secret) ? setMade(alert) : done(alert)
          }
        />
      )}
    </main>
  );
}

function Opened({ alert }: { alert: Alert }) {
  const navigate = useNavigate();
  const mayChange = useMay("editor");
  const remove = useDeleteAlert();
  const [fresh, setFresh] = useState<Alert | null>(null);
  const locale = userLocale();
  const { state } = alert;
  usePageTitle(alert.name);
  return (
    <main className={page.page}>
      <PageHead
        title={alert.name}
        note={
          <>
            <Link to="/alerts">Alerts</Link> ·{" "}
            <Link to={`/insights/${alert.insight_id}`} dir="auto">
              {state.insight ?? "The insight"}
            </Link>
          </>
        }
      >
        <Status alert={alert} />
      </PageHead>
      <section className={page.panel} aria-label="How it stands">
        <p>
          Fires when {state.line ?? "it"} {conditionText(alert.condition, locale)}.
          {state.value !== null && ` It was ${formatNumber(state.value, locale)} at the last check.`}
        </p>
        {state.reason && <p>{state.reason}</p>}
        {state.failed_check && (
          <Notice kind="bad" title="The last check came to nothing">
            {state.failed_check} It is tried again.
          </Notice>
        )}
        <p className={page.note}>
          {state.checked_at ? `Checked ${instant(state.checked_at)}` : "Not checked yet"}
          {state.since && ` · in this state since ${instant(state.since)}`}
        </p>
        {mayChange && (
          <Tools
            alert={alert}
            onDelete={() => remove.mutate(alert.id, { onSuccess: () => void navigate("/alerts") })}
          />
        )}
        {remove.isError && <FormError error={remove.error} />}
      </section>
      <History id={alert.id} />
      {fresh && <Secrets alert={fresh} onDone={() => setFresh(null)} />}
      {mayChange && (
        <Editor
          key={alert.version}
          alert={alert}
          insightId={alert.insight_id}
          initial={draftOf(alert)}
          onSaved={(saved) => setFresh(saved.destinations.some(({ secret }) => secret) ? saved : null)}
        />
      )}
    </main>
  );
}

function instant(at: string): string {
  return formatInstant(new Date(at), userTimezone(), userLocale());
}

function Tools({ alert, onDelete }: { alert: Alert; onDelete: () => void }) {
  const test = useTestAlert();
  return (
    <>
      <div className={page.line}>
        <Button
          isDisabled={alert.destinations.length === 0 || test.isPending}
          onPress={() => test.mutate(alert.id)}
        >
          {test.isPending ? "Sending…" : "Send a test"}
        </Button>
        <ConfirmButton
          verb="Delete"
          label={`Delete ${alert.name}`}
          question={`Delete “${alert.name}”?`}
          onConfirm={onDelete}
        >
          Nobody is told any more, and its history goes with it.
        </ConfirmButton>
      </div>
      {test.data && (
        <ul role="status" aria-label="What became of the test">
          {test.data.map((delivery) => (
            <li key={delivery.destination_id}>{deliveryText(delivery)}</li>
          ))}
        </ul>
      )}
      {test.isError && <FormError error={test.error} />}
    </>
  );
}

function deliveryText({ to, ok, attempts, error }: AlertDelivery): string {
  const tried = attempts > 1 ? ` after ${attempts} attempts` : "";
  return ok ? `${to}: delivered${tried}` : `${to}: not delivered${tried}. ${error ?? ""}`;
}

function History({ id }: { id: string }) {
  const history = useAlertHistory(id);
  return (
    <section className={page.panel} aria-labelledby="history">
      <h2 id="history">History</h2>
      {history.data ? (
        history.data.length === 0 ? (
          <p className={page.note}>Nothing has happened yet.</p>
        ) : (
          <ol aria-label="History">
            {history.data.map((entry) => (
              <HistoryRow key={`${entry.at} ${entry.status}`} entry={entry} />
            ))}
          </ol>
        )
      ) : history.isError ? (
        <Failed error={history.error} onRetry={() => void history.refetch()} />
      ) : (
        <div className={page.waiting} aria-busy="true" />
      )}
    </section>
  );
}

function HistoryRow({ entry }: { entry: AlertEntry }) {
  return (
    <li className={styles.entry}>
      <div className={page.words}>
        <strong>{entryText(entry)}</strong>
        <span>
          {entry.value !== null && `Value ${formatNumber(entry.value, userLocale())}. `}
          {entry.reason}
        </span>
        {entry.deliveries?.map((delivery) => (
          <span key={delivery.destination_id} className={page.note}>
            {deliveryText(delivery)}
          </span>
        ))}
      </div>
      <time dateTime={entry.at} className={page.note}>
        {instant(entry.at)}
      </time>
    </li>
  );
}

function Failed({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { title, advice } = errorText(error);
  return (
    <Notice kind="bad" title={title} actions={<Button onPress={onRetry}>Try again</Button>}>
      {advice}
    </Notice>
  );
}

/** The signing secrets that were made just now. */
function Secrets({ alert, onDone }: { alert: Alert; onDone: () => void }) {
  const made = alert.destinations.filter(({ secret }) => secret);
  const [put, setPut] = useState(0);
  const current = made[put];
  if (!current?.secret) return null;
  const host = new URL(current.url ?? "https://webhook").host;
  return (
    <SecretOnce
      key={current.id}
      title={`The signing secret of ${host}`}
      label={`Signing secret of ${host}`}
      secret={current.secret}
      onDone={() => (put + 1 < made.length ? setPut(put + 1) : onDone())}
    >
      It is shown this once. With it the receiver checks that a notification comes from here.
    </SecretOnce>
  );
}

type EditorProps = {
  alert: Alert | null;
  insightId: string;
  initial: Draft;
  onSaved: (alert: Alert) => void;
};

function Editor({ alert, insightId, initial, onSaved }: EditorProps) {
  const insight = useInsight(insightId);
  const alerts = useAlerts();
  // The alerts' list tells which topics there are.
  for (const part of [insight, alerts]) {
    if (part.isError && !part.data) return <Failed error={part.error} onRetry={() => void part.refetch()} />;
  }
  if (!insight.data || !alerts.data) return <div className={page.waiting} aria-busy="true" />;
  const watched = linesOf(insight.data.query);
  if (watched === null) {
    return (
      <Notice kind="bad" title="This insight cannot be watched">
        An alert watches a trend. Save the question as a trend.
      </Notice>
    );
  }
  return (
    <AlertForm
      alert={alert}
      initial={initial}
      watched={watched}
      topics={alerts.data.topics}
      onSaved={onSaved}
    />
  );
}
