import { Select } from "../../components/select";
import { FilterEditor } from "../explore/builder/filter-editor";
import { StepList } from "../explore/builder/step-list";
import { WindowEditor } from "../explore/builder/window-editor";
import { ALL_EVENTS, MAX_STEPS, MIN_STEPS, type Period } from "../explore/question";
import type { QuestionAction } from "../explore/question-reducer";
import type { FunnelCondition, Outcome } from "./cohort-draft";
import styles from "./cohorts.module.css";
import { RangeControls } from "./range-controls";

const OUTCOME_OPTIONS: readonly { id: Outcome; text: string }[] = [
  { id: "completed", text: "completed" },
  { id: "not_completed", text: "began and did not complete" },
  { id: "stopped_at", text: "stopped in" },
];

type FunnelControlsProps = {
  condition: FunnelCondition;
  timezone: string;
  /** What the controls are called after. */
  name: string;
  onOutcome: (outcome: Outcome) => void;
  onStep: (step: number) => void;
  onPeriod: (period: Period) => void;
  onFunnel: (action: QuestionAction) => void;
};

/** How far the user came in a funnel, and in which. */
export function FunnelControls(props: FunnelControlsProps) {
  const { condition, timezone, name, onOutcome, onStep, onPeriod, onFunnel } = props;
  const { steps, window, outcome, step, period, filter } = condition;
  // Who comes to the last step has completed it.
  const stops = steps.slice(0, -1).map((_, index) => {
    return { id: String(index + 1), text: `after step ${index + 1}, before step ${index + 2}` };
  });
  return (
    <>
      <div className={styles.line}>
        <div className={styles.wide}>
          <Select
            label={`Outcome of ${name}`}
            options={OUTCOME_OPTIONS}
            value={outcome}
            onChange={onOutcome}
          />
        </div>
        <span>this funnel</span>
        {outcome === "stopped_at" && (
          <div className={styles.wide}>
            <Select
              label={`Where they stopped, ${name}`}
              options={stops}
              value={String(step)}
              onChange={(next) => onStep(Number(next))}
            />
          </div>
        )}
      </div>
      <RangeControls period={period} timezone={timezone} name={name} onChange={onPeriod} />
      <StepList
        steps={steps}
        least={MIN_STEPS}
        most={MAX_STEPS}
        noun={`${name}, step`}
        mark={(index) => String(index + 1)}
        title="Steps"
        addText="Add a step"
        fullText={`${MAX_STEPS} steps are the most`}
        filterText="Filter this step"
        cohorts={false}
        dispatch={onFunnel}
      >
        <WindowEditor window={window} onChange={(next) => onFunnel({ type: "window", window: next })} />
      </StepList>
      <FilterEditor
        target="all"
        filter={filter}
        event={ALL_EVENTS}
        owner={`filters of all steps of ${name}`}
        dispatch={onFunnel}
        addText="Filter all steps"
        cohorts={false}
      />
    </>
  );
}
