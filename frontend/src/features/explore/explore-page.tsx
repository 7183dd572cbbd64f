import { useEvents } from "../../api/events";
import { Notice } from "../../components/notice";
import { useMediaQuery } from "../../components/use-media-query";
import { usePageTitle } from "../../components/use-page-title";
import { FirstRun } from "../firstrun/first-run";
import { useFirstRun } from "../firstrun/use-first-run";
import { SaveInsight } from "../insights/save-insight";
import { Builder } from "./builder/builder";
import { eventName } from "./aggregations";
import styles from "./explore.module.css";
import { eventsOf } from "./question";
import { ResultPanel } from "./results/result-panel";
import { useQuestion } from "./use-question";

/** Where questions are asked: the builder beside the answer, or how to begin while there is no data. */
export function ExplorePage() {
  const { question, problems, dispatch } = useQuestion();
  const events = useEvents();
  const firstRun = useFirstRun(events.data);
  const narrow = useMediaQuery("(width < 64rem)");
  usePageTitle(eventsOf(question).map(eventName).join(", "));

  // Where one stands above the other, the answer is what one looks at first;
  // the keyboard's order is the eye's.
  const builder = <Builder key="builder" question={question} dispatch={dispatch} />;
  const result = (
    <ResultPanel
      key="result"
      question={question}
      dispatch={dispatch}
      actions={<SaveInsight question={question} />}
    />
  );

  if (firstRun.shown) {
    return (
      <main className={styles.first}>
        <FirstRun
          arrived={firstRun.arrived}
          onStart={(event) => {
            dispatch({ type: "kind", kind: "trend" });
            dispatch({ type: "series/event", index: 0, event });
            dispatch({ type: "period", period: { kind: "last", last: "7d" } });
            firstRun.leave();
          }}
        />
      </main>
    );
  }
  return (
    <main className={styles.explore}>
      {problems.length > 0 && (
        <div className={styles.problems}>
          <Notice title="Part of this address could not be read and was left out">
            <ul>
              {problems.map((problem) => (
                <li key={problem}>{problem}</li>
              ))}
            </ul>
          </Notice>
        </div>
      )}
      {narrow ? [result, builder] : [builder, result]}
    </main>
  );
}
