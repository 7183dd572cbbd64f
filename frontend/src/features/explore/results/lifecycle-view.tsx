import { useImperativeHandle, useMemo, useRef, type Ref } from "react";
import type { components } from "../../../api/schema.gen";
import { classNames } from "../../../components/class-names";
import { AnnotationList } from "../../annotations/annotation-list";
import { useMarks } from "../../annotations/use-marks";
import { isEmpty, lastInstant } from "../answer";
import { LIFECYCLE_STATES, lifecycleMeaning, toLifecycleResult } from "../lifecycle-answer";
import type { LifecycleView as ShownAs } from "../question";
import type { LifecycleQuery } from "../query";
import type { AnswerHandle } from "./answer-view";
import type { ChartHandle } from "./chart";
import { LazyChart } from "./lazy-chart";
import { Legend } from "./legend";
import { NothingHere } from "./nothing-here";
import { compose, legendOf } from "./picture";
import styles from "./results.module.css";
import { TableView } from "./table-view";
import { useShown } from "./use-shown";
import type { Size } from "./size";

type LifecycleViewProps = {
  query: LifecycleQuery;
  answer: components["schemas"]["LifecycleAnswer"];
  at: Date;
  size: Size;
  view: ShownAs;
  onPeriod?: ((from: string, to: string) => void) | undefined;
  handle?: Ref<AnswerHandle> | undefined;
};

/** A lifecycle: the users of each interval on each other, by where they come from, and below zero who did not come. */
export function LifecycleView({ query, answer, at, size, view, onPeriod, handle }: LifecycleViewProps) {
  const result = useMemo(() => toLifecycleResult(query, answer, at), [query, answer, at]);
  const { annotations, marks } = useMarks(result);
  const chart = useRef<ChartHandle>(null);
  const shown = useShown(result);
  const empty = isEmpty(result);

  useImperativeHandle(handle, () => ({
    picture: (text) => {
      const drawn = chart.current?.canvas();
      return drawn ? compose(text, drawn, legendOf(result, shown.hidden)) : null;
    },
  }));

  const body = () => {
    if (empty) {
      return <NothingHere events={[query.event]} timezone={result.timezone} onPeriod={onPeriod} />;
    }
    if (view === "table") return <TableView result={result} size={size} />;
    return (
      <LazyChart
        ref={chart}
        result={result}
        view="stacked"
        hidden={shown.hidden}
        marks={marks}
        label={`Chart, by ${result.interval}`}
        zoomable={size === "page"}
      />
    );
  };

  return (
    <div className={classNames(styles.answer, size === "card" && styles.card)}>
      <div className={styles.body}>{body()}</div>
      {!empty && (
        <div className={styles.below}>
          {view !== "table" && <Legend result={result} shown={shown} />}
          {size === "page" && (
            <ul className={styles.notes}>
              {LIFECYCLE_STATES.map((state, index) => (
                <li key={state}>
                  {result.series[index]?.name}: {lifecycleMeaning(state)}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      {!empty && view !== "table" && size === "page" && (
        <AnnotationList
          annotations={annotations}
          timezone={result.timezone}
          suggested={lastInstant(result, at)}
        />
      )}
    </div>
  );
}
