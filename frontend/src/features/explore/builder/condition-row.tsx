import { useProperties, type PropertyInfo } from "../../../api/properties";
import { IconButton } from "../../../components/button";
import { errorText } from "../../../components/error-text";
import { CloseIcon } from "../../../components/icons";
import { Picker, type PickerItem } from "../../../components/picker";
import { Select } from "../../../components/select";
import { formatCompact, userLocale } from "../../../format/numbers";
import { operatorName, operatorsFor, valueShape, type PropertyType } from "../operators";
import { ALL_EVENTS, type Condition, type Operator, type Scope } from "../question";
import styles from "./builder.module.css";
import { ValueEditor } from "./value-editor";

type ConditionRowProps = {
  condition: Condition;
  event: string;
  /** What the row's controls are called after. */
  name: string;
  onProperty: (scope: Scope, property: string, types: readonly PropertyType[]) => void;
  onOperator: (operator: Operator) => void;
  onValue: (value: Condition["value"]) => void;
  onRemove: () => void;
};

/** One condition: a property of the event or the user, an operator of its type, a value of its type. */
export function ConditionRow(props: ConditionRowProps) {
  const { condition, event, name, onProperty, onOperator, onValue, onRemove } = props;
  const { scope, property, operator } = condition;
  const ofEvent = useProperties("event", event === ALL_EVENTS ? undefined : event);
  const ofUser = useProperties("user");
  const locale = userLocale();

  const known = (scope === "event" ? ofEvent : ofUser).data ?? [];
  const types = known.find((one) => one.name === property)?.types ?? [];
  const operators = operatorsFor(types);
  // An operator from an address or from another type stays readable, if odd.
  const offered = operators.includes(operator) ? operators : [operator, ...operators];

  const items: PickerItem[] = [
    ...toItems("event", ofEvent.data ?? [], "Of the event", locale),
    ...toItems("user", ofUser.data ?? [], "Of the user", locale),
  ];
  const failed = ofEvent.error ?? ofUser.error;

  return (
    <li className={styles.condition}>
      <div className={styles.property}>
        <Picker
          label={`Property of ${name}`}
          items={items}
          selected={property === "" ? [] : [`${scope}:${property}`]}
          onSelect={([id]) => {
            if (id === undefined) return;
            const [nextScope, nextProperty] = fromId(id);
            const from = nextScope === "event" ? ofEvent.data : ofUser.data;
            const info = from?.find((one) => one.name === nextProperty);
            onProperty(nextScope, nextProperty, info?.types ?? []);
          }}
          value={property === "" ? "" : scope === "user" ? `User’s ${property}` : property}
          placeholder="Choose a property"
          readTyped={(text) => typedProperty(text.trim(), items)}
          status={failed ? errorText(failed).title : ofEvent.isPending ? "Fetching properties…" : undefined}
        />
        <IconButton label={`Remove ${name}`} onPress={onRemove}>
          <CloseIcon />
        </IconButton>
      </div>
      {property !== "" && (
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
      )}
    </li>
  );
}

function toItems(
  scope: Scope,
  properties: readonly PropertyInfo[],
  group: string,
  locale: string,
): PickerItem[] {
  return properties.map(({ name, count }) => ({
    id: `${scope}:${name}`,
    text: name,
    detail: formatCompact(count, locale),
    group,
  }));
}

function fromId(id: string): [Scope, string] {
  const colon = id.indexOf(":");
  return [id.slice(0, colon) === "user" ? "user" : "event", id.slice(colon + 1)];
}

/** A name that the catalogue does not have can be asked for all the same. */
function typedProperty(name: string, items: readonly PickerItem[]): PickerItem[] {
  if (name === "" || name.length > 200 || items.some(({ text }) => text === name)) return [];
  return [
    { id: `event:${name}`, text: `Use “${name}” of the event`, detail: "not seen yet" },
    { id: `user:${name}`, text: `Use “${name}” of the user`, detail: "not seen yet" },
  ];
}
