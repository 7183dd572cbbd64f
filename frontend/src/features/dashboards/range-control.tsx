import { lazy, Suspense, useState } from "react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import type { Range } from "../../api/saved";
import { classNames } from "../../components/class-names";
import field from "../../components/field.module.css";
import { CalendarIcon, ChevronDownIcon } from "../../components/icons";
import { ToggleGroup } from "../../components/toggle-group";
import { useNow } from "../../components/use-now";
import { formatDays } from "../../format/dates";
import { userLocale } from "../../format/numbers";
import { PRESETS, daysOf } from "../explore/period";
import styles from "./dashboard.module.css";
import { toPeriod } from "./range";

const RangePicker = lazy(() => import("../explore/builder/range-picker"));

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
  const [choosing, setChoosing] = useState(false);
  const { from, to } = daysOf(toPeriod(range ?? { last: "4w" }), timezone, now);
  const days = range ? formatDays(from.toDate("UTC"), to.toDate("UTC"), userLocale()) : "Custom";
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
      <DialogTrigger isOpen={choosing} onOpenChange={setChoosing}>
        <Button
          className={classNames(field.control, styles.days)}
          aria-label={range ? `Custom range: ${days}` : "Custom range"}
        >
          <CalendarIcon />
          <span className={field.value}>{days}</span>
          <ChevronDownIcon />
        </Button>
        <Popover className={classNames(field.popover, styles.rangePopover)} placement="bottom end" offset={4}>
          <Dialog className={styles.rangeDialog} aria-label="Custom range">
            <Suspense fallback={<div className={styles.rangeWaiting} aria-busy="true" />}>
              <RangePicker
                from={from}
                to={to}
                onChoose={(first, end) => {
                  setChoosing(false);
                  onChange({ from: first.toString(), to: end.toString() });
                }}
              />
            </Suspense>
          </Dialog>
        </Popover>
      </DialogTrigger>
    </div>
  );
}
