import { Input, Label, NumberField } from "react-aria-components";
import field from "../../../components/field.module.css";
import { MAX_PERIODS, type RetentionQuestion } from "../question";
import type { Dispatch } from "../use-question";
import styles from "./builder.module.css";
import { EventPicker } from "./event-picker";

/** The event that makes a user part of a cohort, the one that counts as coming back, and how long one looks. */
export function RetentionEvents({ question, dispatch }: { question: RetentionQuestion; dispatch: Dispatch }) {
  const { cohortEvent, returnEvent, periods } = question;
  return (
    <section className={styles.part} aria-labelledby="part-retention">
      <h2 id="part-retention">Events</h2>
      <div className={styles.labelled}>
        <span className={field.label}>Users who first did</span>
        <EventPicker
          label="Cohort event"
          event={cohortEvent}
          onChange={(event) => dispatch({ type: "cohort", event })}
        />
      </div>
      <div className={styles.labelled}>
        <span className={field.label}>and came back to do</span>
        <EventPicker
          label="Return event"
          event={returnEvent}
          onChange={(event) => dispatch({ type: "return", event })}
        />
      </div>
      <NumberField
        className={styles.labelled}
        value={periods}
        minValue={1}
        maxValue={MAX_PERIODS}
        onChange={(next) => {
          // An emptied field keeps the number that holds.
          if (!Number.isNaN(next)) dispatch({ type: "periods", periods: next });
        }}
        formatOptions={{ maximumFractionDigits: 0 }}
        isWheelDisabled
      >
        <Label className={field.label}>Periods, the first being the cohort’s own</Label>
        <Input className={field.input} />
      </NumberField>
    </section>
  );
}
