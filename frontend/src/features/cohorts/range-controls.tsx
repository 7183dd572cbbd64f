import { Input, NumberField } from "react-aria-components";
import field from "../../components/field.module.css";
import { Select } from "../../components/select";
import { useNow } from "../../components/use-now";
import { formatDays } from "../../format/dates";
import { userLocale } from "../../format/numbers";
import { CustomRange } from "../explore/builder/custom-range";
import { daysOf } from "../explore/period";
import type { Period } from "../explore/question";
import styles from "./cohorts.module.css";
import { lastParts, type LastUnit } from "./describe";

const KINDS = [
  { id: "last", text: "in the last" },
  { id: "days", text: "in the days" },
] as const;

const UNITS: readonly { id: LastUnit; text: string }[] = [
  { id: "h", text: "hours" },
  { id: "d", text: "days" },
  { id: "w", text: "weeks" },
  { id: "mo", text: "months" },
];

/** The longest that an address of Explore can say, too. */
const MAX_LAST = 9999;

type RangeControlsProps = {
  period: Period;
  timezone: string;
  /** What the controls are called after. */
  name: string;
  onChange: (period: Period) => void;
};

/** The days in which an event counts: the last so many, or certain ones. */
export function RangeControls({ period, timezone, name, onChange }: RangeControlsProps) {
  const now = useNow(60_000);
  const { from, to } = daysOf(period, timezone, now);
  const { count, unit } = lastParts(period.kind === "last" ? period.last : "30d");
  return (
    <div className={styles.when}>
      <div className={styles.medium}>
        <Select
          label={`Kind of range of ${name}`}
          options={KINDS}
          value={period.kind}
          onChange={(kind) =>
            onChange(
              kind === "last" ? { kind, last: "30d" } : { kind, from: from.toString(), to: to.toString() },
            )
          }
        />
      </div>
      {period.kind === "last" ? (
        <>
          <NumberField
            aria-label={`Length of the range of ${name}`}
            className={styles.small}
            value={count}
            minValue={1}
            maxValue={MAX_LAST}
            onChange={(next) => {
              // An emptied field keeps the range that holds.
              if (!Number.isNaN(next)) onChange({ kind: "last", last: `${next}${unit}` });
            }}
            formatOptions={{ maximumFractionDigits: 0, useGrouping: false }}
            isWheelDisabled
          >
            <Input className={field.input} />
          </NumberField>
          <div className={styles.medium}>
            <Select
              label={`Unit of the range of ${name}`}
              options={UNITS}
              value={unit}
              onChange={(next) => onChange({ kind: "last", last: `${count}${next}` })}
            />
          </div>
        </>
      ) : (
        <div className={styles.wide}>
          <CustomRange
            label={`Days of ${name}`}
            from={from}
            to={to}
            days={formatDays(from.toDate("UTC"), to.toDate("UTC"), userLocale())}
            onChoose={(first, last) =>
              onChange({ kind: "days", from: first.toString(), to: last.toString() })
            }
          />
        </div>
      )}
    </div>
  );
}
