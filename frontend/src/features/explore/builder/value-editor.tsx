import { useState } from "react";
import { NumberField, Input } from "react-aria-components";
import { usePropertyValues } from "../../../api/property-values";
import { errorText } from "../../../components/error-text";
import field from "../../../components/field.module.css";
import { Picker, type PickerItem } from "../../../components/picker";
import { Select } from "../../../components/select";
import { TextField } from "../../../components/text-field";
import { useDebounced } from "../../../components/use-debounced";
import { useDraft } from "../../../components/use-draft";
import { formatCompact, userLocale } from "../../../format/numbers";
import { readings, valueShape, valueText, type PropertyType } from "../operators";
import { ALL_EVENTS, type PropertyCondition, type Scalar } from "../question";

type ValueEditorProps = {
  condition: PropertyCondition;
  types: readonly PropertyType[];
  event: string;
  name: string;
  onChange: (value: PropertyCondition["value"]) => void;
};

const BOOLEANS = [
  { id: "true", text: "true" },
  { id: "false", text: "false" },
] as const;

/** The control for a condition's value, after its operator and the property's type. */
export function ValueEditor({ condition, types, event, name, onChange }: ValueEditorProps) {
  const { operator, value } = condition;
  const shape = valueShape(operator);
  switch (shape) {
    case "none":
      return null;
    case "text":
      return <TextValue name={name} value={typeof value === "string" ? value : ""} onChange={onChange} />;
    case "number":
      return (
        <NumberValue name={name} value={typeof value === "number" ? value : undefined} onChange={onChange} />
      );
    case "scalar":
      if (types.length === 1 && types[0] === "boolean") {
        return (
          <Select
            label={name}
            options={value === undefined ? [{ id: "", text: "Choose" }, ...BOOLEANS] : BOOLEANS}
            value={value === undefined ? "" : value === true ? "true" : "false"}
            onChange={(text) => onChange(text === "" ? undefined : text === "true")}
          />
        );
      }
      return <KnownValues {...{ condition, types, event, name, onChange }} multiple={false} />;
    case "list":
      return <KnownValues {...{ condition, types, event, name, onChange }} multiple />;
  }
}

function TextValue({
  name,
  value,
  onChange,
}: {
  name: string;
  value: string;
  onChange: ValueEditorProps["onChange"];
}) {
  const { draft, change, flush } = useDraft(value, (text) => onChange(text === "" ? undefined : text));
  return (
    <TextField
      label={name}
      placeholder="Text"
      value={draft}
      onChange={change}
      onBlur={flush}
      onKeyDown={(event) => {
        if (event.key === "Enter") flush();
      }}
    />
  );
}

function NumberValue({
  name,
  value,
  onChange,
}: {
  name: string;
  value: number | undefined;
  onChange: ValueEditorProps["onChange"];
}) {
  return (
    <NumberField
      aria-label={name}
      // The library takes NaN for an empty field.
      value={value ?? NaN}
      onChange={(number) => onChange(Number.isNaN(number) ? undefined : number)}
      formatOptions={{ maximumFractionDigits: 20, useGrouping: false }}
      isWheelDisabled
    >
      <Input className={field.input} placeholder="Number" />
    </NumberField>
  );
}

/** Values out of those the property has had, or typed ones. Their JSON is their key, since types count. */
function KnownValues({
  condition,
  types,
  event,
  name,
  onChange,
  multiple,
}: ValueEditorProps & { multiple: boolean }) {
  const { scope, property, value } = condition;
  const [open, setOpen] = useState(false);
  const [search, setSearch] = useState("");
  // Typing waits for nothing; the server is asked at a pause.
  const settled = useDebounced(search.trim(), 200);
  const values = usePropertyValues(
    {
      scope,
      property,
      search: settled,
      ...(scope === "event" && event !== ALL_EVENTS ? { event } : {}),
    },
    open,
  );
  const locale = userLocale();
  const chosen: Scalar[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  const found: PickerItem[] = (values.data ?? []).map((one) => ({
    id: JSON.stringify(one.value),
    text: valueText(one.value),
    detail: formatCompact(one.count, locale),
  }));
  // What is chosen stays on the list, to be taken back, whatever is searched.
  const kept = chosen
    .map((one): PickerItem => ({ id: JSON.stringify(one), text: valueText(one) }))
    .filter(({ id }) => search === "" && !found.some((one) => one.id === id));

  return (
    <Picker
      label={name}
      multiple={multiple}
      items={[...kept, ...found]}
      selected={chosen.map((one) => JSON.stringify(one))}
      onSelect={(ids) => {
        const next = ids.map((id) => JSON.parse(id) as Scalar);
        if (multiple) onChange(next.length === 0 ? undefined : next);
        else onChange(next[0]);
      }}
      value={chosen.map(valueText).join(", ")}
      placeholder={multiple ? "Choose values" : "Choose a value"}
      onSearch={setSearch}
      onOpenChange={setOpen}
      readTyped={(text) =>
        readings(text, types).map((one) => ({
          id: JSON.stringify(one),
          text: `Use ${valueText(one)}`,
          ...(types.length === 1 ? {} : { detail: typeof one === "string" ? "text" : typeof one }),
        }))
      }
      status={
        values.isError ? errorText(values.error).title : values.isFetching ? "Fetching values…" : undefined
      }
    />
  );
}
