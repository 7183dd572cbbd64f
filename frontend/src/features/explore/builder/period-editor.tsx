import { lazy, Suspense, useState } from "react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { classNames } from "../../../components/class-names";
import field from "../../../components/field.module.css";
import { CalendarIcon, ChevronDownIcon } from "../../../components/icons";
import { Select } from "../../../components/select";
import { ToggleGroup } from "../../../components/toggle-group";
import { useNow } from "../../../components/use-now";
import { formatDays } from "../../../format/dates";
import { userLocale } from "../../../format/numbers";
import {
  PRESETS,
  automaticInterval,
  automaticRetentionInterval,
  automaticUserInterval,
  daysOf,
  intervalsFor,
  retentionIntervalsFor,
} from "../period";
import { hasInterval, type Interval, type Question } from "../question";
import type { Dispatch } from "../use-question";
import styles from "./builder.module.css";
import { TimezonePicker } from "./timezone-picker";

const RangePicker = lazy(() => import("./range-picker"));

const PRESET_OPTIONS = PRESETS.map(({ last, label, name }) => ({ id: last, text: label, name }));

const INTERVAL_NAMES: Record<Interval, string> = {
  hour: "By hour",
  day: "By day",
  week: "By week",
  month: "By month",
  quarter: "By quarter",
  year: "By year",
};

type PeriodEditorProps = { question: Question; dispatch: Dispatch };

/** When: the range, the interval that follows it (a funnel and paths have none), and the time zone that decides what a day is. */
export function PeriodEditor({ question, dispatch }: PeriodEditorProps) {
  const { period, timezone } = question;
  const now = useNow(60_000);
  const [choosing, setChoosing] = useState(false);
  const { from, to } = daysOf(period, timezone, now);
  const days = formatDays(from.toDate("UTC"), to.toDate("UTC"), userLocale());
  const preset = period.kind === "last" ? PRESETS.find(({ last }) => last === period.last)?.last : undefined;

  return (
    <div className={styles.period}>
      <ToggleGroup
        label="Period"
        options={PRESET_OPTIONS}
        value={preset ?? null}
        onChange={(last) => dispatch({ type: "period", period: { kind: "last", last } })}
      />
      <DialogTrigger isOpen={choosing} onOpenChange={setChoosing}>
        <Button className={field.control} aria-label={`Custom range: ${days}`}>
          <CalendarIcon />
          <span className={field.value}>{days}</span>
          <ChevronDownIcon />
        </Button>
        <Popover
          className={classNames(field.popover, styles.rangePopover)}
          placement="bottom start"
          offset={4}
        >
          <Dialog className={styles.rangeDialog} aria-label="Custom range">
            <Suspense fallback={<div className={styles.rangeWaiting} aria-busy="true" />}>
              <RangePicker
                from={from}
                to={to}
                onChoose={(nextFrom, nextTo) => {
                  setChoosing(false);
                  dispatch({
                    type: "period",
                    period: { kind: "days", from: nextFrom.toString(), to: nextTo.toString() },
                  });
                }}
              />
            </Suspense>
          </Dialog>
        </Popover>
      </DialogTrigger>
      <div className={styles.pair}>
        <IntervalPicker question={question} dispatch={dispatch} />
        <TimezonePicker
          timezone={timezone}
          onChange={(next) => dispatch({ type: "timezone", timezone: next })}
        />
      </div>
    </div>
  );
}

/** Chooses the interval, or leaves it to the period. */
function IntervalPicker({ question, dispatch }: PeriodEditorProps) {
  if (!hasInterval(question)) return null;
  const { period, interval } = question;
  const trend = question.kind === "trend";
  const offered: Interval[] = trend ? intervalsFor(period) : retentionIntervalsFor(period);
  const automatic = automaticFor(question);
  const options = [
    { id: "auto", text: `Auto: ${INTERVAL_NAMES[automatic].toLowerCase()}` },
    ...(interval === null || offered.includes(interval) ? offered : [...offered, interval]).map((id) => ({
      id,
      text: INTERVAL_NAMES[id],
    })),
  ];
  return (
    <Select
      label="Interval"
      options={options}
      value={interval ?? "auto"}
      onChange={(id) => dispatch({ type: "interval", interval: id === "auto" ? null : (id as Interval) })}
    />
  );
}

function automaticFor({ kind, period }: Question): Interval {
  switch (kind) {
    case "retention":
      return automaticRetentionInterval(period);
    case "stickiness":
    case "lifecycle":
      return automaticUserInterval(period);
    case "trend":
    case "funnel":
    case "paths":
      return automaticInterval(period);
  }
}
