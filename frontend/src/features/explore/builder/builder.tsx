import { useRef } from "react";
import { Button } from "../../../components/button";
import { PlusIcon } from "../../../components/icons";
import { ALL_EVENTS, MAX_SERIES, type Question } from "../question";
import type { QuestionAction } from "../question-reducer";
import type { Dispatch } from "../use-question";
import styles from "./builder.module.css";
import { FilterEditor } from "./filter-editor";
import { PeriodEditor } from "./period-editor";
import { SeriesCard } from "./series-card";

/** Makes the question: events and how they are measured, when, and with which filters. */
export function Builder({ question, dispatch }: { question: Question; dispatch: Dispatch }) {
  const { series, filter } = question;
  const panel = useRef<HTMLElement>(null);
  const full = series.length >= MAX_SERIES;
  // With several events, the filters over all of them offer every property.
  const events = new Set(series.map(({ event }) => event));
  const shared = events.size === 1 ? (series[0]?.event ?? ALL_EVENTS) : ALL_EVENTS;

  // The button that removed a series goes with it: its list keeps the keyboard's place.
  const edit = (action: QuestionAction) => {
    dispatch(action);
    if (action.type === "series/remove") panel.current?.focus();
  };

  return (
    <aside className={styles.builder} aria-label="Question">
      <section ref={panel} tabIndex={-1} className={styles.part} aria-labelledby="part-series">
        <h2 id="part-series">Events</h2>
        <ul className={styles.list}>
          {series.map((one, index) => (
            <SeriesCard
              key={index}
              index={index}
              series={one}
              several={series.length > 1 || one.filter.conditions.length > 0}
              canDuplicate={!full}
              dispatch={edit}
            />
          ))}
        </ul>
        <Button
          kind="quiet"
          small
          icon={<PlusIcon />}
          isDisabled={full}
          onPress={() => dispatch({ type: "series/add" })}
        >
          {full ? "10 series are the most" : "Add a series"}
        </Button>
      </section>
      <section className={styles.part} aria-labelledby="part-period">
        <h2 id="part-period">Period</h2>
        <PeriodEditor question={question} dispatch={dispatch} />
      </section>
      <section className={styles.part} aria-labelledby="part-filters">
        <h2 id="part-filters">{series.length > 1 ? "Filters on all series" : "Filters"}</h2>
        <FilterEditor
          target="all"
          filter={filter}
          event={shared}
          owner="filters"
          dispatch={dispatch}
          addText="Add a filter"
        />
      </section>
    </aside>
  );
}
