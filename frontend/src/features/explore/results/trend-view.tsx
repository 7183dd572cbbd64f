import { useImperativeHandle, useMemo, useRef, type Ref } from "react";
import type { components } from "../../../api/schema.gen";
import { classNames } from "../../../components/class-names";
import { formatDays } from "../../../format/dates";
import { userLocale } from "../../../format/numbers";
import { AnnotationList } from "../../annotations/annotation-list";
import { useMarks } from "../../annotations/use-marks";
import { isEmpty, lastInstant, toPeriod, toResult } from "../answer";
import { daysOf } from "../period";
import type { View } from "../question";
import type { TrendQuery } from "../query";
import type { AnswerHandle } from "./answer-view";
import type { ChartHandle } from "./chart";
import { LazyChart } from "./lazy-chart";
import { Legend } from "./legend";
import { NothingHere } from "./nothing-here";
import { NumberView } from "./number-view";
import { compose, legendOf } from "./picture";
import styles from "./results.module.css";
import { Summary } from "./summary";
import { TableView } from "./table-view";
import { useCohortName } from "./use-cohort-name";
import { useShown } from "./use-shown";
import type { Size } from "./size";

type TrendViewProps = {
  query: TrendQuery;
  answer: components["schemas"]["TrendAnswer"];
  at: Date;
  size: Size;
  view: View;
  labels?: readonly (string | undefined)[] | undefined;
  onPeriod?: ((from: string, to: string) => void) | undefined;
  handle?: Ref<AnswerHandle> | undefined;
};

/** A trend as a chart with its legend, as a table, or as numbers. */
export function TrendView({ query, answer, at, size, view, labels, onPeriod, handle }: TrendViewProps) {
  const cohortName = useCohortName(query);
  const result = useMemo(
    () => toResult(query, answer, at, labels, cohortName),
    [query, answer, at, labels, cohortName],
  );
  const { annotations, marks } = useMarks(result);
  const chart = useRef<ChartHandle>(null);
  const shown = useShown(result);
  const charted = view !== "table" && view !== "number";
  const empty = isEmpty(result);

  useImperativeHandle(handle, () => ({
    picture: (text) => {
      const drawn = chart.current?.canvas();
      if (!drawn) return null;
      return compose(text, drawn, legendOf(result, shown.hidden));
    },
  }));

  const body = () => {
    if (empty && view !== "table") {
      const events = query.series.map(({ event }) => event);
      return <NothingHere events={events} timezone={result.timezone} onPeriod={onPeriod} />;
    }
    switch (view) {
      case "table":
        return <TableView result={result} size={size} />;
      case "number": {
        const { from, to } = daysOf(toPeriod(query.range), result.timezone, at);
        const period = formatDays(from.toDate("UTC"), to.toDate("UTC"), userLocale());
        return <NumberView result={result} period={period} />;
      }
      case "line":
      case "area":
      case "bar":
      case "stacked":
        return (
          <LazyChart
            ref={chart}
            result={result}
            view={view}
            hidden={shown.hidden}
            marks={marks}
            label={`Chart, by ${result.interval}`}
            zoomable={size === "page"}
          />
        );
    }
  };

  return (
    <div className={classNames(styles.answer, size === "card" && styles.card)}>
      <div className={classNames(styles.body, view === "number" && styles.grows)}>{body()}</div>
      <div className={styles.below}>
        {charted &&
          !empty &&
          (size === "page" ? (
            <Summary result={result} shown={shown} />
          ) : (
            <Legend result={result} shown={shown} />
          ))}
      </div>
      {charted && !empty && size === "page" && (
        <AnnotationList
          annotations={annotations}
          timezone={result.timezone}
          suggested={lastInstant(result, at)}
        />
      )}
    </div>
  );
}
