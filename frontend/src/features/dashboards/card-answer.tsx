import { Suspense, useMemo } from "react";
import { useRun, type Answer, type Asked, type Insight } from "../../api/saved";
import { Button } from "../../components/button";
import { ErrorBoundary } from "../../components/error-boundary";
import { errorText } from "../../components/error-text";
import { Notice } from "../../components/notice";
import { AnswerView } from "../explore/results";
import { kindOf, labelsOf, viewOf } from "../insights/saved-question";
import styles from "./card-answer.module.css";

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
            May be out of date: {errorText(error).title.toLowerCase()}.{" "}
            <Button small kind="quiet" onPress={() => void run.refetch()}>
              Try again
            </Button>
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
  const query = useMemo(() => ({ ...insight.query, ...asked }), [insight.query, asked]);
  const labels = useMemo(() => labelsOf(insight, at), [insight, at]);
  // The insight may have changed its kind since.
  if (kindOf(query) !== answer.kind) return null;
  return (
    <Suspense fallback={<Waiting />}>
      <AnswerView query={query} answer={answer} at={at} size="card" view={viewOf(insight)} labels={labels} />
    </Suspense>
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
