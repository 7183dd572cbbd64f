import { useRef, useState } from "react";
import { Button } from "../../../components/button";
import { PlusIcon } from "../../../components/icons";
import { ToggleGroup } from "../../../components/toggle-group";
import {
  ALL_EVENTS,
  MAX_SERIES,
  eventsOf,
  hasBreakdown,
  type Kind,
  type Question,
  type TrendQuestion,
} from "../question";
import type { QuestionAction } from "../question-reducer";
import type { Dispatch } from "../use-question";
import { BreakdownEditor } from "./breakdown-editor";
import styles from "./builder.module.css";
import { FilterEditor } from "./filter-editor";
import { FormulaEditor } from "./formula-editor";
import { FunnelSteps } from "./funnel-steps";
import { LifecycleEvent } from "./lifecycle-event";
import { PathsEditor } from "./paths-editor";
import { PeriodEditor } from "./period-editor";
import { RetentionEvents } from "./retention-events";
import { SeriesCard } from "./series-card";
import { StickinessSeries } from "./stickiness-series";
import { Switch } from "../../../components/switch";
import { useMover } from "./use-mover";

const KIND_OPTIONS: readonly { id: Kind; text: string }[] = [
  { id: "trend", text: "Trends" },
  { id: "funnel", text: "Funnel" },
  { id: "retention", text: "Retention" },
  { id: "stickiness", text: "Stickiness" },
  { id: "lifecycle", text: "Lifecycle" },
  { id: "paths", text: "Paths" },
];

/** Makes the question: of which kind, events and how they are measured, when, and with which filters. */
export function Builder({ question, dispatch }: { question: Question; dispatch: Dispatch }) {
  const { kind, filter } = question;
  // With several events, the filters over all of them offer every property.
  const events = eventsOf(question);
  const shared = events.length === 1 ? (events[0] ?? ALL_EVENTS) : ALL_EVENTS;

  return (
    <aside className={styles.builder} aria-label="Question">
      <ToggleGroup
        label="Kind of question"
        options={KIND_OPTIONS}
        columns={3}
        value={kind}
        onChange={(next) => dispatch({ type: "kind", kind: next })}
      />
      {question.kind === "trend" && <TrendEvents question={question} dispatch={dispatch} />}
      {question.kind === "trend" && <FormulaEditor question={question} dispatch={dispatch} />}
      {question.kind === "funnel" && <FunnelSteps question={question} dispatch={dispatch} />}
      {question.kind === "retention" && <RetentionEvents question={question} dispatch={dispatch} />}
      {question.kind === "stickiness" && <StickinessSeries question={question} dispatch={dispatch} />}
      {question.kind === "lifecycle" && <LifecycleEvent question={question} dispatch={dispatch} />}
      {question.kind === "paths" && <PathsEditor question={question} dispatch={dispatch} />}
      <section className={styles.part} aria-labelledby="part-period">
        <h2 id="part-period">Period</h2>
        <PeriodEditor question={question} dispatch={dispatch} />
        {question.kind === "trend" && (
          <Switch
            isSelected={question.compare}
            onChange={(compare) => dispatch({ type: "compare", compare })}
          >
            Compare with the period before
          </Switch>
        )}
      </section>
      <section className={styles.part} aria-labelledby="part-filters">
        <h2 id="part-filters">{filterTitle(question)}</h2>
        <FilterEditor
          target="all"
          filter={filter}
          event={shared}
          owner="filters"
          dispatch={dispatch}
          addText="Add a filter"
        />
      </section>
      {hasBreakdown(question) && (
        <section className={styles.part} aria-labelledby="part-breakdown">
          <h2 id="part-breakdown">Breakdown</h2>
          <BreakdownEditor breakdown={question.breakdown} event={shared} dispatch={dispatch} />
        </section>
      )}
    </aside>
  );
}

function filterTitle(question: Question): string {
  switch (question.kind) {
    case "trend":
      return question.series.length > 1 ? "Filters on all series" : "Filters";
    case "funnel":
      return "Filters on all steps";
    case "retention":
      return "Filters on both events";
    case "stickiness":
      return question.series.length > 1 ? "Filters on all series" : "Filters";
    case "lifecycle":
      return "Filters";
    case "paths":
      return "Filters on all events";
  }
}

function TrendEvents({ question, dispatch }: { question: TrendQuestion; dispatch: Dispatch }) {
  const { series } = question;
  const panel = useRef<HTMLElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [said, setSaid] = useState("");
  const full = series.length >= MAX_SERIES;
  const move = useMover(list, series.length, (index, to) => {
    dispatch({ type: "series/move", index, to });
    setSaid(`The series is now number ${to + 1} of ${series.length}.`);
  });

  // The button that removed a series goes with it: its list keeps the keyboard's place.
  const edit = (action: QuestionAction) => {
    dispatch(action);
    if (action.type === "series/remove") panel.current?.focus();
  };

  return (
    <section ref={panel} tabIndex={-1} className={styles.part} aria-labelledby="part-series">
      <h2 id="part-series">Events</h2>
      <ul ref={list} className={styles.list}>
        {series.map((one, index) => (
          <SeriesCard
            key={index}
            index={index}
            series={one}
            count={series.length}
            canDuplicate={!full}
            dispatch={edit}
            onMove={move}
          />
        ))}
      </ul>
      <p className="visually-hidden" role="status">
        {said}
      </p>
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
  );
}
