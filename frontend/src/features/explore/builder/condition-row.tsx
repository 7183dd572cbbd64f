import { useProperties } from "../../../api/properties";
import { IconButton } from "../../../components/button";
import { CloseIcon } from "../../../components/icons";
import { Select } from "../../../components/select";
import { operatorName, operatorsFor, valueShape, type PropertyType } from "../operators";
import {
  ALL_EVENTS,
  type CohortOperator,
  type Condition,
  type Operator,
  type PropertyCondition,
  type Scope,
} from "../question";
import styles from "./builder.module.css";
import { CohortCondition } from "./cohort-condition";
import { PropertyPicker } from "./property-picker";
import { ValueEditor } from "./value-editor";

type ConditionRowProps = {
  condition: Condition;
  event: string;
  /** What the row's controls are called after. */
  name: string;
  onProperty: (scope: Scope, property: string, types: readonly PropertyType[]) => void;
  onOperator: (operator: Operator) => void;
  onValue: (value: PropertyCondition["value"]) => void;
  /** Makes it a condition on a cohort; undefined leaves open on which. */
  onCohort: (id: string | undefined) => void;
  onInCohort: (operator: CohortOperator) => void;
  /** Whether it may be on a cohort at all: within one's definition it may not. */
  cohorts: boolean;
  onRemove: () => void;
};

/** One condition: a property or a cohort, an operator, a value of the property's type. */
export function ConditionRow(props: ConditionRowProps) {
  const { condition, event, name, cohorts, onProperty, onCohort, onInCohort, onRemove } = props;
  const ofCohort = condition.scope === "cohort";
  return (
    <li className={styles.condition}>
      <div className={styles.property}>
        <PropertyPicker
          label={`Property of ${name}`}
          event={event}
          scope={ofCohort ? "user" : condition.scope}
          property={ofCohort ? "" : condition.property}
          placeholder="Choose a property"
          onChange={onProperty}
          {...(cohorts ? { cohort: { chosen: ofCohort, onChoose: () => onCohort(undefined) } } : {})}
        />
        <IconButton label={`Remove ${name}`} onPress={onRemove}>
          <CloseIcon />
        </IconButton>
      </div>
      {ofCohort ? (
        <CohortCondition condition={condition} name={name} onOperator={onInCohort} onCohort={onCohort} />
      ) : (
        condition.property !== "" && <Comparison {...props} condition={condition} />
      )}
    </li>
  );
}

/** How the property compares, and with what. */
function Comparison(props: ConditionRowProps & { condition: PropertyCondition }) {
  const { condition, event, name, onOperator, onValue } = props;
  const { scope, property, operator } = condition;
  const ofEvent = useProperties("event", event === ALL_EVENTS ? undefined : event);
  const ofUser = useProperties("user");

  const known = (scope === "event" ? ofEvent : ofUser).data ?? [];
  const types = known.find((one) => one.name === property)?.types ?? [];
  const operators = operatorsFor(types);
  // An operator from an address or from another type stays readable, if odd.
  const offered = operators.includes(operator) ? operators : [operator, ...operators];

  return (
    <div className={valueShape(operator) === "none" ? styles.property : styles.comparison}>
      <Select
        label={`Operator of ${name}`}
        options={offered.map((id) => ({ id, text: operatorName(id) }))}
        value={operator}
        onChange={onOperator}
      />
      <ValueEditor
        condition={condition}
        types={types}
        event={event}
        name={`Value of ${name}`}
        onChange={onValue}
      />
    </div>
  );
}
