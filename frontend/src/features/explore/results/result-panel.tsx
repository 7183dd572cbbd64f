import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState, type ReactNode } from "react";
import { ApiError } from "../../../api/client";
import { useEvents } from "../../../api/events";
import { answerKey, useAnswer, useCsv } from "../../../api/query";
import { Button, IconButton } from "../../../components/button";
import { classNames } from "../../../components/class-names";
import { ErrorBoundary } from "../../../components/error-boundary";
import { errorText } from "../../../components/error-text";
import {
  AreaIcon,
  BarIcon,
  DownloadIcon,
  LineIcon,
  NumberIcon,
  RefreshIcon,
  StopIcon,
  TableIcon,
} from "../../../components/icons";
import { Notice } from "../../../components/notice";
import { ToggleGroup } from "../../../components/toggle-group";
import { useNow } from "../../../components/use-now";
import { formatDays } from "../../../format/dates";
import { userLocale } from "../../../format/numbers";
import { fileName, isEmpty, toResult, type Result } from "../answer";
import { eventName, measureText } from "../aggregations";
import { PRESETS, daysOf, intervalOf } from "../period";
import { ALL_EVENTS, type Question, type View } from "../question";
import { toQuery } from "../query";
import type { Dispatch } from "../use-question";
import { Freshness } from "./freshness";
import { download } from "./download";
import { NumberView } from "./number-view";
import styles from "./results.module.css";
import { Summary } from "./summary";
import { TableView } from "./table-view";

const Chart = lazy(() => import("./chart"));

const VIEW_OPTIONS: readonly { id: View; text: string; icon: ReactNode }[] = [
  { id: "line", text: "Line", icon: <LineIcon /> },
  { id: "area", text: "Area", icon: <AreaIcon /> },
  { id: "bar", text: "Bar", icon: <BarIcon /> },
  { id: "table", text: "Table", icon: <TableIcon /> },
  { id: "number", text: "Number", icon: <NumberIcon /> },
];

const NOTHING_HIDDEN: ReadonlySet<number> = new Set();

type ResultPanelProps = {
  question: Question;
  dispatch: Dispatch;
  /** What else can be done with the question. */
  actions?: ReactNode;
};

/** The answer to the question: as a chart, a table or numbers, or why there is none. */
export function ResultPanel({ question, dispatch, actions }: ResultPanelProps) {
  const { view, timezone } = question;
  const queryClient = useQueryClient();
  const now = useNow(60_000);
  const csv = useCsv();
  const asked = useMemo(() => toQuery(question, now), [question, now]);
  const query = asked.kind === "query" ? asked.query : null;
  const answer = useAnswer(query);
  const { data, isFetching, isError, isPlaceholderData } = answer;
  const result = useMemo(() => data && toResult(data.query, data.answer, data.at), [data]);

  const [hidden, setHidden] = useState(NOTHING_HIDDEN);
  const shape = question.series.length;
  const [shapeOfHidden, setShapeOfHidden] = useState(shape);
  if (shape !== shapeOfHidden) {
    // Series moved: what was hidden may be another one now.
    setShapeOfHidden(shape);
    setHidden(NOTHING_HIDDEN);
  }

  // A refresh that fails takes nothing away; without a session, the form to
  // sign in is over the page and says enough.
  const old = isError && data !== undefined;
  const signedOut = answer.error instanceof ApiError && answer.error.status === 401;
  const stopped = query !== null && !isFetching && !isError && (data === undefined || isPlaceholderData);
  const days = daysOf(question.period, timezone, now);
  const period = formatDays(days.from.toDate("UTC"), days.to.toDate("UTC"), userLocale());

  const toggle = (index: number) => {
    const next = new Set(hidden);
    if (!next.delete(index)) next.add(index);
    setHidden(next);
  };

  return (
    <section className={styles.panel} aria-labelledby="result-title" aria-busy={isFetching}>
      <header className={styles.head}>
        <div className={styles.titles}>
          <h1 id="result-title" className={styles.title} dir="auto">
            {titleOf(question)}
          </h1>
          <p className={styles.subtitle}>
            {periodName(question)}
            {view !== "number" && `, by ${intervalOf(question)}`} · {period} · {timezone.replaceAll("_", " ")}
          </p>
        </div>
        <div className={styles.tools}>
          <ToggleGroup
            label="Show as"
            options={VIEW_OPTIONS}
            value={view}
            onChange={(next) => dispatch({ type: "view", view: next })}
          />
          <div className={styles.actions}>
            {isFetching ? (
              <IconButton
                label="Cancel the query"
                onPress={() => void queryClient.cancelQueries({ queryKey: answerKey(query) })}
              >
                <StopIcon />
              </IconButton>
            ) : (
              <IconButton label="Ask again" isDisabled={query === null} onPress={() => void answer.refetch()}>
                <RefreshIcon />
              </IconButton>
            )}
            <IconButton
              label="Download CSV"
              isDisabled={query === null || csv.isPending}
              onPress={() => {
                if (query) csv.mutate(query, { onSuccess: (blob) => download(blob, fileName(question)) });
              }}
            >
              <DownloadIcon />
            </IconButton>
          </div>
          {actions}
        </div>
      </header>
      <div className={classNames(styles.progress, isFetching && styles.running)} />
      {csv.isError && (
        <Notice kind="bad" title="The CSV could not be made">
          {errorText(csv.error).advice}
        </Notice>
      )}
      {old && !signedOut && (
        <Notice
          kind="bad"
          title={errorText(answer.error).title}
          actions={<Button onPress={() => void answer.refetch()}>Try again</Button>}
        >
          What is shown may be out of date. {errorText(answer.error).advice}
        </Notice>
      )}
      {stopped && data !== undefined && (
        <Notice title="Stopped" actions={<Button onPress={() => void answer.refetch()}>Ask again</Button>}>
          What is shown answers the question before.
        </Notice>
      )}
      <div
        className={classNames(
          styles.body,
          view === "number" && styles.grows,
          isPlaceholderData && styles.stale,
        )}
      >
        {asked.kind === "unfinished" ? (
          <Notice large title={asked.advice}>
            The answer follows at once.
          </Notice>
        ) : isError && !old && !signedOut ? (
          <Failure error={answer.error} onRetry={() => void answer.refetch()} />
        ) : result ? (
          <Answer result={result} view={view} hidden={hidden} period={period} dispatch={dispatch} />
        ) : stopped ? (
          <Notice
            large
            title="Stopped"
            actions={
              <Button kind="primary" onPress={() => void answer.refetch()}>
                Ask again
              </Button>
            }
          >
            The query was cancelled before it had an answer.
          </Notice>
        ) : (
          <Waiting />
        )}
      </div>
      <div className={styles.below}>
        {result && asked.kind === "query" && isChart(view) && !isEmpty(result) && (
          <Summary result={result} hidden={hidden} onToggle={toggle} />
        )}
      </div>
      <footer>
        <Freshness timezone={timezone} elapsed={data ? data.answer.elapsed_ms : null} />
      </footer>
    </section>
  );
}

type AnswerProps = {
  result: Result;
  view: View;
  hidden: ReadonlySet<number>;
  period: string;
  dispatch: Dispatch;
};

function Answer({ result, view, hidden, period, dispatch }: AnswerProps) {
  if (isEmpty(result) && view !== "table") return <NothingHere result={result} dispatch={dispatch} />;
  switch (view) {
    case "table":
      return <TableView result={result} />;
    case "number":
      return <NumberView result={result} period={period} />;
    case "line":
    case "area":
    case "bar":
      return (
        <ErrorBoundary>
          <Suspense fallback={<Waiting />}>
            <Chart result={result} view={view} hidden={hidden} label={`Chart, by ${result.interval}`} />
          </Suspense>
        </ErrorBoundary>
      );
  }
}

/** No event matches: says so, and leads to where there are some. */
function NothingHere({ result, dispatch }: { result: Result; dispatch: Dispatch }) {
  const events = useEvents().data ?? [];
  const names = new Set(result.series.map(({ event }) => event));
  const known = names.has(ALL_EVENTS) ? events : events.filter(({ name }) => names.has(name));
  const first = known.map((one) => one.first_seen).sort()[0];
  const last = known
    .map((one) => one.last_seen)
    .sort()
    .at(-1);
  if (first === undefined || last === undefined) {
    return (
      <Notice large title="Nothing here">
        No such event has arrived yet. Choose another one, or come back when it has.
      </Notice>
    );
  }
  const day = (instant: string) =>
    new Intl.DateTimeFormat("en-CA", { timeZone: result.timezone }).format(new Date(instant));
  const from = day(first);
  const to = day(last);
  return (
    <Notice
      large
      title="No events in this period"
      actions={
        <Button
          kind="primary"
          onPress={() => dispatch({ type: "period", period: { kind: "days", from, to } })}
        >
          Show all of it
        </Button>
      }
    >
      There are some in {formatDays(new Date(from), new Date(to), userLocale())}. Choose such a period, or
      take a filter away.
    </Notice>
  );
}

function Failure({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { title, advice } = errorText(error);
  return (
    <Notice
      large
      kind="bad"
      title={title}
      actions={
        <Button kind="primary" onPress={onRetry}>
          Try again
        </Button>
      }
    >
      {advice}
    </Notice>
  );
}

/** Holds the answer's place while it is on its way. */
function Waiting() {
  return (
    <div className={styles.waiting} role="status">
      <span className="visually-hidden">The answer is on its way</span>
    </div>
  );
}

function isChart(view: View): boolean {
  return view === "line" || view === "area" || view === "bar";
}

function titleOf({ series }: Question): string {
  const [first] = series;
  if (!first) return "";
  if (series.length === 1) return measureText(first.event, first.aggregation, first.property);
  // Several events go by their names, one event by its measures.
  const names = [...new Set(series.map(({ event }) => eventName(event)))];
  if (names.length === 1) return `${names[0] ?? ""}, ${series.length} series`;
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return new Intl.ListFormat("en").format(shown);
}

function periodName({ period }: Question): string {
  if (period.kind === "days") return "Custom range";
  return PRESETS.find(({ last }) => last === period.last)?.name ?? `Last ${period.last}`;
}
