import { useCohorts } from "../../../api/cohorts";
import { errorText } from "../../../components/error-text";
import { Picker } from "../../../components/picker";
import { Select } from "../../../components/select";
import { cohortOperatorName } from "../operators";
import { COHORT_OPERATORS, type CohortCondition as Condition, type CohortOperator } from "../question";
import styles from "./builder.module.css";

type CohortConditionProps = {
  condition: Condition;
  /** What the row's controls are called after. */
  name: string;
  onOperator: (operator: CohortOperator) => void;
  onCohort: (id: string) => void;
};

/** Whether the user is in a saved cohort, and in which. */
export function CohortCondition({ condition, name, onOperator, onCohort }: CohortConditionProps) {
  const { operator, value } = condition;
  const cohorts = useCohorts();
  const chosen = cohorts.data?.find(({ id }) => id === value);
  // One that was deleted still has its id, and the server says that there is none such.
  const shown = value === undefined ? "" : (chosen?.name ?? (cohorts.data ? `No cohort ${value}` : "…"));
  return (
    <div className={styles.comparison}>
      <Select
        label={`Operator of ${name}`}
        options={COHORT_OPERATORS.map((id) => ({ id, text: cohortOperatorName(id) }))}
        value={operator}
        onChange={onOperator}
      />
      <Picker
        label={`Cohort of ${name}`}
        items={(cohorts.data ?? []).map((cohort) => ({ id: cohort.id, text: cohort.name }))}
        selected={value === undefined ? [] : [value]}
        onSelect={([id]) => {
          if (id !== undefined) onCohort(id);
        }}
        value={shown}
        placeholder="Choose a cohort"
        status={
          cohorts.isError
            ? errorText(cohorts.error).title
            : cohorts.isPending
              ? "Fetching cohorts…"
              : "There are no cohorts yet."
        }
      />
    </div>
  );
}
