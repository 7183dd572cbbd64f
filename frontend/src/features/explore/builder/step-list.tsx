import { useId, useRef, useState, type ReactNode } from "react";
import { Button, IconButton } from "../../../components/button";
import { DuplicateIcon, PlusIcon, TrashIcon } from "../../../components/icons";
import type { Step } from "../question";
import type { Dispatch } from "../use-question";
import styles from "./builder.module.css";
import { EventPicker } from "./event-picker";
import { FilterEditor } from "./filter-editor";
import { MoveButtons } from "./move-buttons";
import { useMover } from "./use-mover";

type StepListProps = {
  steps: readonly Step[];
  least: number;
  most: number;
  /** What one of them is called: "step". */
  noun: string;
  /** What stands at each, and names it: its number or its letter. */
  mark: (index: number) => string;
  /** Whether each has the colour of a series. */
  coloured?: boolean;
  title: string;
  addText: string;
  fullText: string;
  filterText: string;
  /** Whether conditions on saved cohorts are offered. */
  cohorts?: boolean;
  dispatch: Dispatch;
  /** What follows the list. */
  children?: ReactNode;
};

/** Events in their order, each with its own filters: the steps of a funnel, or the series of a stickiness. */
export function StepList(props: StepListProps) {
  const { steps, least, most, noun, mark, coloured = false, cohorts = true, dispatch } = props;
  const panel = useRef<HTMLElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const [said, setSaid] = useState("");
  const full = steps.length >= most;
  const titleId = useId();
  const mover = useMover(list, steps.length, (index, to) => {
    dispatch({ type: "step/move", index, to });
    setSaid(`The ${noun} is now number ${to + 1} of ${steps.length}.`);
  });

  return (
    <section ref={panel} tabIndex={-1} className={styles.part} aria-labelledby={titleId}>
      <h2 id={titleId}>{props.title}</h2>
      <ol ref={list} className={styles.list}>
        {steps.map((step, index) => {
          const name = `${noun} ${mark(index)}`;
          return (
            // Alt with an arrow key moves the card; each way has a button of its own as well.
            <li
              key={index}
              className={styles.series}
              aria-label={name.charAt(0).toUpperCase() + name.slice(1)}
              data-series={coloured ? index + 1 : undefined}
              onKeyDownCapture={mover.onKeyDown(index)}
            >
              <div className={styles.seriesHead}>
                <span className={coloured ? styles.letter : styles.stepNumber} aria-hidden="true">
                  {mark(index)}
                </span>
                <div className={styles.name}>
                  <EventPicker
                    label={`Event of ${name}`}
                    event={step.event}
                    onChange={(event) => dispatch({ type: "step/event", index, event })}
                  />
                </div>
                <span className={styles.seriesTools}>
                  {steps.length > 1 && (
                    <MoveButtons name={name} index={index} count={steps.length} mover={mover} />
                  )}
                  <IconButton
                    label={`Duplicate ${name}`}
                    isDisabled={full}
                    onPress={() => dispatch({ type: "step/duplicate", index })}
                  >
                    <DuplicateIcon />
                  </IconButton>
                  <IconButton
                    label={`Remove ${name}`}
                    isDisabled={steps.length <= least}
                    onPress={() => {
                      dispatch({ type: "step/remove", index });
                      // The button goes with its step: the list keeps the keyboard's place.
                      panel.current?.focus();
                    }}
                  >
                    <TrashIcon />
                  </IconButton>
                </span>
              </div>
              <FilterEditor
                target={index}
                filter={step.filter}
                event={step.event}
                owner={`filters of ${name}`}
                dispatch={dispatch}
                addText={props.filterText}
                cohorts={cohorts}
              />
            </li>
          );
        })}
      </ol>
      <p className="visually-hidden" role="status">
        {said}
      </p>
      <Button
        kind="quiet"
        small
        icon={<PlusIcon />}
        isDisabled={full}
        onPress={() => dispatch({ type: "step/add" })}
      >
        {full ? props.fullText : props.addText}
      </Button>
      {props.children}
    </section>
  );
}
