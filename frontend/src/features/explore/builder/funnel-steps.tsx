import { useRef, useState } from "react";
import { Button, IconButton } from "../../../components/button";
import { PlusIcon, TrashIcon } from "../../../components/icons";
import { MAX_STEPS, MIN_STEPS, type FunnelQuestion } from "../question";
import type { Dispatch } from "../use-question";
import styles from "./builder.module.css";
import { EventPicker } from "./event-picker";
import { FilterEditor } from "./filter-editor";
import { MoveButtons } from "./move-buttons";
import { useMover } from "./use-mover";
import { WindowEditor } from "./window-editor";

/** The steps of a funnel in their order, and the time that users have for them. */
export function FunnelSteps({ question, dispatch }: { question: FunnelQuestion; dispatch: Dispatch }) {
  const { steps, window } = question;
  const panel = useRef<HTMLElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const [said, setSaid] = useState("");
  const full = steps.length >= MAX_STEPS;
  const mover = useMover(list, steps.length, (index, to) => {
    dispatch({ type: "step/move", index, to });
    setSaid(`The step is now number ${to + 1} of ${steps.length}.`);
  });

  return (
    <section ref={panel} tabIndex={-1} className={styles.part} aria-labelledby="part-steps">
      <h2 id="part-steps">Steps</h2>
      <ol ref={list} className={styles.list}>
        {steps.map((step, index) => {
          const name = `step ${index + 1}`;
          return (
            // Alt with an arrow key moves the card; each way has a button of its own as well.
            <li
              key={index}
              className={styles.series}
              aria-label={`Step ${index + 1}`}
              onKeyDownCapture={mover.onKeyDown(index)}
            >
              <div className={styles.seriesHead}>
                <span className={styles.stepNumber} aria-hidden="true">
                  {index + 1}
                </span>
                <div className={styles.name}>
                  <EventPicker
                    label={`Event of ${name}`}
                    event={step.event}
                    onChange={(event) => dispatch({ type: "step/event", index, event })}
                  />
                </div>
                <span className={styles.seriesTools}>
                  <MoveButtons name={name} index={index} count={steps.length} mover={mover} />
                  <IconButton
                    label={`Remove ${name}`}
                    isDisabled={steps.length <= MIN_STEPS}
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
                addText="Filter this step"
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
        {full ? "10 steps are the most" : "Add a step"}
      </Button>
      <WindowEditor window={window} onChange={(next) => dispatch({ type: "window", window: next })} />
    </section>
  );
}
