import { useImperativeHandle, useMemo, useRef, type Ref } from "react";
import type { components } from "../../../api/schema.gen";
import { classNames } from "../../../components/class-names";
import { formatNumber, formatShare, userLocale } from "../../../format/numbers";
import { isEmpty } from "../answer";
import type { StickinessView as ShownAs } from "../question";
import type { StickinessQuery } from "../query";
import { toStickinessResult } from "../stickiness-answer";
import type { AnswerHandle } from "./answer-view";
import type { ChartHandle } from "./chart";
import { LazyChart } from "./lazy-chart";
import { Legend } from "./legend";
import { NothingHere } from "./nothing-here";
import { compose, legendOf } from "./picture";
import styles from "./results.module.css";
import { TableView } from "./table-view";
import { useCohortName } from "./use-cohort-name";
import { useShown } from "./use-shown";
import type { Size } from "./size";

type StickinessViewProps = {
  query: StickinessQuery;
  answer: components["schemas"]["StickinessAnswer"];
  at: Date;
  size: Size;
  view: ShownAs;
  onPeriod?: ((from: string, to: string) => void) | undefined;
  handle?: Ref<AnswerHandle> | undefined;
};

/** A stickiness: how many users did it in one interval of the period, in two, in all of them. */
export function StickinessView({ query, answer, at, size, view, onPeriod, handle }: StickinessViewProps) {
  const cohortName = useCohortName(query);
  const { result, users, filling } = useMemo(
    () => toStickinessResult(query, answer, at, cohortName),
    [query, answer, at, cohortName],
  );
  const chart = useRef<ChartHandle>(null);
  const shown = useShown(result);
  const locale = userLocale();
  const empty = isEmpty(result);

  useImperativeHandle(handle, () => ({
    picture: (text) => {
      const drawn = chart.current?.canvas();
      return drawn ? compose(text, drawn, legendOf(result, shown.hidden)) : null;
    },
  }));

  const body = () => {
    if (empty) {
      const events = query.series.map(({ event }) => event);
      return <NothingHere events={events} timezone={result.timezone} onPeriod={onPeriod} />;
    }
    if (view === "table") return <TableView result={result} size={size} />;
    return (
      <LazyChart
        ref={chart}
        result={result}
        view={view}
        hidden={shown.hidden}
        label={`Chart, users by ${query.interval}s with the event`}
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
              {result.series.map(({ key, name, values }, index) => {
                const all = users[index] ?? 0;
                const regular = values.at(-1) ?? 0;
                return (
                  <li key={key}>
                    <span dir="auto">{name}</span>: {formatNumber(all, locale)} users,{" "}
                    {formatShare(all === 0 ? 0 : regular / all, locale)} of them in every {query.interval}
                  </li>
                );
              })}
              {filling && <li>The period has not ended: users may still come to more {query.interval}s.</li>}
            </ul>
          )}
        </div>
      )}
    </div>
  );
}
