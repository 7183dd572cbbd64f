import { useProperties } from "../../api/properties";
import { errorText } from "../../components/error-text";
import { Picker } from "../../components/picker";
import { Select } from "../../components/select";
import { formatCompact, userLocale } from "../../format/numbers";
import { ValueEditor } from "../explore/builder/value-editor";
import { operatorName, operatorsFor, type PropertyType } from "../explore/operators";
import { ALL_EVENTS, type Operator, type PropertyCondition } from "../explore/question";
import styles from "./cohorts.module.css";

type AttributeControlsProps = {
  condition: PropertyCondition;
  /** What the controls are called after. */
  name: string;
  onAttribute: (property: string, types: readonly PropertyType[]) => void;
  onOperator: (operator: Operator) => void;
  onValue: (value: PropertyCondition["value"]) => void;
};

/** A comparison with an attribute of the user. */
export function AttributeControls(props: AttributeControlsProps) {
  const { condition, name, onAttribute, onOperator, onValue } = props;
  const { property, operator } = condition;
  const attributes = useProperties("user");
  const locale = userLocale();
  const known = attributes.data ?? [];
  const types = known.find((one) => one.name === property)?.types ?? [];
  const operators = operatorsFor(types);
  // An operator from another type stays readable, if odd.
  const offered = operators.includes(operator) ? operators : [operator, ...operators];

  return (
    <div className={styles.three}>
      <Picker
        label={`Attribute of ${name}`}
        items={known.map(({ name: id, count }) => ({ id, text: id, detail: formatCompact(count, locale) }))}
        selected={property === "" ? [] : [property]}
        onSelect={([chosen]) => {
          if (chosen === undefined) return;
          onAttribute(chosen, known.find((one) => one.name === chosen)?.types ?? []);
        }}
        value={property}
        placeholder="Choose an attribute"
        readTyped={(text) => {
          const typed = text.trim();
          const unusable = typed === "" || typed.length > 200 || known.some((one) => one.name === typed);
          return unusable ? [] : [{ id: typed, text: `Use “${typed}”`, detail: "not seen yet" }];
        }}
        status={
          attributes.isError
            ? errorText(attributes.error).title
            : attributes.isPending
              ? "Fetching attributes…"
              : undefined
        }
      />
      {property !== "" && (
        <>
          <Select
            label={`Operator of ${name}`}
            options={offered.map((id) => ({ id, text: operatorName(id) }))}
            value={operator}
            onChange={onOperator}
          />
          <ValueEditor
            condition={condition}
            types={types}
            event={ALL_EVENTS}
            name={`Value of ${name}`}
            onChange={onValue}
          />
        </>
      )}
    </div>
  );
}
