import type { Range } from "../../api/saved";
import { ToggleGroup } from "../../components/toggle-group";
import { useNow } from "../../components/use-now";
import { formatDays } from "../../format/dates";
import { userLocale } from "../../format/numbers";
import { CustomRange } from "../explore/builder/custom-range";
import { PRESETS, daysOf } from "../explore/period";
import styles from "./dashboard.module.css";
import { toPeriod } from "./range";

const OWN = "own";
const OPTIONS = [
  { id: OWN, text: "Own", name: "Each card’s own period" },
  ...PRESETS.map(({ last, label, name }) => ({ id: last, text: label, name: name })),
];

type RangeControlProps = {
  /** Null leaves the cards their own. */
  range: Range | null;
  timezone: string;
  onChange: (range: Range | null) => void;
};

/** The period of all cards. */
export function RangeControl({ range, timezone, onChange }: RangeControlProps) {
  const now = useNow(60_000);
  const { from, to } = daysOf(toPeriod(range ?? { last: "4w" }), timezone, now);
  const last = range && "last" in range ? range.last : null;
  const preset = range === null ? OWN : (PRESETS.find((one) => one.last === last)?.last ?? null);
  return (
    <div className={styles.range}>
      <ToggleGroup
        label="Period of all cards"
        options={OPTIONS}
        value={preset}
        onChange={(id) => onChange(id === OWN ? null : { last: id })}
      />
      <div className={styles.days}>
        <CustomRange
          label="Custom range"
          from={from}
          to={to}
          {...(range ? { days: formatDays(from.toDate("UTC"), to.toDate("UTC"), userLocale()) } : {})}
          onChoose={(first, end) => onChange({ from: first.toString(), to: end.toString() })}
        />
      </div>
    </div>
  );
}
