import { Input, NumberField } from "react-aria-components";
import field from "../../components/field.module.css";
import { Select } from "../../components/select";
import { EventPicker } from "../explore/builder/event-picker";
import { FilterEditor } from "../explore/builder/filter-editor";
import type { Period } from "../explore/question";
import type { QuestionAction } from "../explore/question-reducer";
import { MAX_AT_LEAST, type EventCondition } from "./cohort-draft";
import styles from "./cohorts.module.css";
import { RangeControls } from "./range-controls";

const DEEDS = [
  { id: "did", text: "did" },
  { id: "did-not", text: "did not do" },
] as const;

type EventControlsProps = {
  condition: EventCondition;
  timezone: string;
  /** What the controls are called after. */
  name: string;
  onEvent: (event: string) => void;
  onDone: (done: boolean) => void;
  onAtLeast: (atLeast: number) => void;
  onPeriod: (period: Period) => void;
  onFilter: (action: QuestionAction) => void;
};

/** What the user did or did not do, how often, when, and with which properties. */
export function EventControls(props: EventControlsProps) {
  const { condition, timezone, name, onEvent, onDone, onAtLeast, onPeriod, onFilter } = props;
  const { event, done, atLeast, period, filter } = condition;
  return (
    <>
      <div className={styles.line}>
        <div className={styles.medium}>
          <Select
            label={`Whether it was done, ${name}`}
            options={DEEDS}
            value={done ? "did" : "did-not"}
            onChange={(deed) => onDone(deed === "did")}
          />
        </div>
        <div className={styles.wide}>
          <EventPicker label={`Event of ${name}`} event={event} onChange={onEvent} />
        </div>
        <span className={styles.line}>
          {done ? "at least" : "as many as"}
          <NumberField
            aria-label={`Number of times of ${name}`}
            className={styles.small}
            value={atLeast}
            minValue={1}
            maxValue={MAX_AT_LEAST}
            onChange={(next) => {
              // An emptied field keeps the number that holds.
              if (!Number.isNaN(next)) onAtLeast(next);
            }}
            formatOptions={{ maximumFractionDigits: 0, useGrouping: false }}
            isWheelDisabled
          >
            <Input className={field.input} />
          </NumberField>
          {atLeast === 1 ? "time" : "times"}
        </span>
      </div>
      <RangeControls period={period} timezone={timezone} name={name} onChange={onPeriod} />
      <FilterEditor
        target="all"
        filter={filter}
        event={event}
        owner={`filters of ${name}`}
        dispatch={onFilter}
        addText="Filter this event"
        cohorts={false}
      />
    </>
  );
}
