import { useProperties } from "../../../api/properties";
import { errorText } from "../../../components/error-text";
import { Picker } from "../../../components/picker";
import { Select } from "../../../components/select";
import { formatCompact, userLocale } from "../../../format/numbers";
import { aggregationName, eventName } from "../aggregations";
import {
  ALL_EVENTS,
  COUNT_AGGREGATIONS,
  PROPERTY_AGGREGATIONS,
  isPropertyAggregation,
  type AggregationType,
  type Series,
} from "../question";
import styles from "./builder.module.css";

const option = (id: AggregationType) => ({ id, text: aggregationName(id) });

const GROUPS = [
  { name: "Count", options: COUNT_AGGREGATIONS.slice(0, 2).map(option) },
  { name: "Events per user", options: COUNT_AGGREGATIONS.slice(2).map(option) },
  { name: "Of a numeric property", options: PROPERTY_AGGREGATIONS.map(option) },
];

type AggregationPickerProps = {
  letter: string;
  series: Series;
  onAggregation: (aggregation: AggregationType) => void;
  onProperty: (property: string) => void;
};

/** Chooses how a series is measured, and of which property where it needs one. */
export function AggregationPicker({ letter, series, onAggregation, onProperty }: AggregationPickerProps) {
  const { aggregation, property } = series;
  return (
    <div className={styles.aggregation}>
      <Select
        label={`Aggregation of ${letter}`}
        groups={GROUPS}
        value={aggregation}
        onChange={onAggregation}
      />
      {isPropertyAggregation(aggregation) && (
        <NumericPropertyPicker
          label={`Property of ${letter}`}
          event={series.event}
          property={property}
          onChange={onProperty}
        />
      )}
    </div>
  );
}

type NumericPropertyPickerProps = {
  label: string;
  event: string;
  property: string | undefined;
  onChange: (property: string) => void;
};

function NumericPropertyPicker({ label, event, property, onChange }: NumericPropertyPickerProps) {
  const properties = useProperties("event", event === ALL_EVENTS ? undefined : event);
  const locale = userLocale();
  const numeric = (properties.data ?? []).filter(({ types }) => types.includes("number"));
  return (
    <Picker
      label={label}
      items={numeric.map(({ name, count }) => ({
        id: name,
        text: name,
        detail: formatCompact(count, locale),
      }))}
      selected={property === undefined ? [] : [property]}
      onSelect={([chosen]) => {
        if (chosen !== undefined) onChange(chosen);
      }}
      value={property ?? ""}
      placeholder="of property…"
      status={
        properties.isError
          ? errorText(properties.error).title
          : properties.isPending
            ? "Fetching properties…"
            : numeric.length === 0
              ? `${eventName(event)} has no property with numbers.`
              : undefined
      }
    />
  );
}
