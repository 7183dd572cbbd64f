import { lazy, Suspense, useMemo } from "react";
import { useRun, type Answer, type Asked, type Insight, type Query, type Range } from "../../api/saved";
import { Button } from "../../components/button";
import { ErrorBoundary } from "../../components/error-boundary";
import { errorText } from "../../components/error-text";
import { Notice } from "../../components/notice";
import { formatDays } from "../../format/dates";
import { userLocale } from "../../format/numbers";
import { isEmpty, toResult } from "../explore/answer";
import { daysOf } from "../explore/period";
import type { TrendQuery } from "../explore/query";
import { NumberView } from "../explore/results/number-view";
import { TableView } from "../explore/results/table-view";
import { isTrend, viewOf } from "../insights/saved-question";
import styles from "./card-answer.module.css";
import { FunnelView, RetentionView } from "./kinds";
import { toPeriod } from "./range";

const Chart = lazy(() => import("../explore/results/chart"));

type CardAnswerProps = {
  insight: Insight;
  /** The range and the time zone in place of the insight's own. */
  asked: Asked;
  /** Whether to ask at all: a card out of sight waits. */
  seen?: boolean;
};

/** The answer to a saved insight, with a state of its own: one that fails leaves the others be. */
export function CardAnswer({ insight, asked, seen = true }: CardAnswerProps) {
  const run = useRun(seen ? insight : null, asked);
  const { data, error } = run;
  if (data) {
    return (
      <ErrorBoundary>
        {error && (
          <p className={styles.old} role="status">
            May be out of date: {errorText(error).title.toLowerCase()}.
          </p>
        )}
        <View insight={insight} asked={asked} answer={data.answer} at={data.at} />
      </ErrorBoundary>
    );
  }
  if (error) {
    return (
      <div className={styles.state}>
        <Notice
          kind="bad"
          title={errorText(error).title}
          actions={
            <Button small onPress={() => void run.refetch()}>
              Try again
            </Button>
          }
        >
          {errorText(error).advice}
        </Notice>
      </div>
    );
  }
  return <Waiting />;
}

type ViewProps = { insight: Insight; asked: Asked; answer: Answer; at: Date };

function View({ insight, asked, answer, at }: ViewProps) {
  const timezone = asked.timezone ?? insight.query.timezone ?? "UTC";
  switch (answer.kind) {
    case "trend":
      return <Trend insight={insight} asked={asked} answer={answer} at={at} />;
    case "funnel":
      return <FunnelView answer={answer} />;
    case "retention":
      return <RetentionView answer={answer} interval={intervalOf(insight.query)} timezone={timezone} />;
  }
}

function intervalOf(query: Query) {
  return "interval" in query ? query.interval : "day";
}

function Trend({ insight, asked, answer, at }: ViewProps & { answer: Extract<Answer, { kind: "trend" }> }) {
  const query = useMemo(() => askedTrend(insight.query, asked), [insight.query, asked]);
  const result = useMemo(() => query && toResult(query, answer, at), [query, answer, at]);
  if (!query || !result) return null;
  const view = viewOf(insight);
  if (view === "table") return <TableView result={result} />;
  if (view === "number")
    return <NumberView result={result} period={daysText(query.range, result.timezone, at)} />;
  if (isEmpty(result)) {
    return <p className={styles.nothing}>No events in {daysText(query.range, result.timezone, at)}.</p>;
  }
  return (
    <div className={styles.trend}>
      <div className={styles.chart}>
        <Suspense fallback={<Waiting />}>
          <Chart
            result={result}
            view={view}
            hidden={NOTHING_HIDDEN}
            label={`Chart of ${insight.name}, by ${result.interval}`}
          />
        </Suspense>
      </div>
      {result.series.length > 1 && (
        <ul className={styles.legend} aria-label="Series">
          {result.series.map(({ name }, index) => (
            <li key={index} data-series={(index % 10) + 1}>
              <span className={styles.swatch} aria-hidden="true" />
              <span dir="auto">{name}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const NOTHING_HIDDEN: ReadonlySet<number> = new Set();

/** The query that the answer is to; null where the insight has changed its kind since. */
function askedTrend(query: Query, asked: Asked): TrendQuery | null {
  return isTrend(query) ? { ...query, ...asked } : null;
}

function daysText(range: Range, timezone: string, now: Date): string {
  const { from, to } = daysOf(toPeriod(range), timezone, now);
  return formatDays(from.toDate("UTC"), to.toDate("UTC"), userLocale());
}

/** Holds the answer's place while it is on its way. */
function Waiting() {
  return (
    <div className={styles.waiting} role="status">
      <span className="visually-hidden">The answer is on its way</span>
    </div>
  );
}
