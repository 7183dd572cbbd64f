import type { CalendarDate } from "@internationalized/date";
import { useState } from "react";
import {
  Button as AriaButton,
  CalendarCell,
  CalendarGrid,
  CalendarGridBody,
  CalendarGridHeader,
  CalendarHeaderCell,
  DateField,
  DateInput,
  DateSegment,
  Heading,
  Label,
  RangeCalendar,
  type DateValue,
} from "react-aria-components";
import { Button } from "../../../components/button";
import button from "../../../components/button.module.css";
import { classNames } from "../../../components/class-names";
import field from "../../../components/field.module.css";
import { LeftIcon, RightIcon } from "../../../components/icons";
import styles from "./range-picker.module.css";

type RangePickerProps = {
  from: CalendarDate;
  to: CalendarDate;
  onChoose: (from: CalendarDate, to: CalendarDate) => void;
};

/** Chooses two calendar days, both included, by typing or on a calendar. Loaded when it is opened. */
export default function RangePicker({ from, to, onChoose }: RangePickerProps) {
  const [start, setStart] = useState<CalendarDate | null>(from);
  const [end, setEnd] = useState<CalendarDate | null>(to);
  const [focused, setFocused] = useState<DateValue>(to);
  const reversed = start !== null && end !== null && start.compare(end) > 0;

  return (
    <form
      className={styles.range}
      onSubmit={(event) => {
        event.preventDefault();
        if (start && end && !reversed) onChoose(start, end);
      }}
    >
      <div className={styles.fields}>
        <Day label="From" value={start} onChange={setStart} onShow={setFocused} />
        <Day label="To" value={end} onChange={setEnd} onShow={setFocused} />
      </div>
      <RangeCalendar
        aria-label="Custom range"
        className={styles.calendar}
        firstDayOfWeek="mon"
        value={start && end && !reversed ? { start, end } : null}
        onChange={(range) => {
          setStart(range.start);
          setEnd(range.end);
        }}
        focusedValue={focused}
        onFocusChange={setFocused}
      >
        <header className={styles.month}>
          <AriaButton slot="previous" className={classNames(button.button, button.icon)}>
            <LeftIcon />
          </AriaButton>
          <Heading />
          <AriaButton slot="next" className={classNames(button.button, button.icon)}>
            <RightIcon />
          </AriaButton>
        </header>
        <CalendarGrid className={styles.grid}>
          <CalendarGridHeader>
            {(day) => <CalendarHeaderCell className={styles.weekday}>{day}</CalendarHeaderCell>}
          </CalendarGridHeader>
          <CalendarGridBody>{(date) => <CalendarCell date={date} className={styles.day} />}</CalendarGridBody>
        </CalendarGrid>
      </RangeCalendar>
      {reversed && (
        <p role="alert" className={styles.wrong}>
          The first day is after the last one.
        </p>
      )}
      <Button type="submit" kind="primary" isDisabled={start === null || end === null || reversed}>
        Show this period
      </Button>
    </form>
  );
}

type DayProps = {
  label: string;
  value: CalendarDate | null;
  onChange: (value: CalendarDate | null) => void;
  onShow: (value: DateValue) => void;
};

function Day({ label, value, onChange, onShow }: DayProps) {
  return (
    <DateField
      value={value}
      onChange={(next) => {
        onChange(next);
        if (next) onShow(next);
      }}
    >
      <Label className={field.label}>{label}</Label>
      <DateInput className={classNames(field.input, styles.date)}>
        {(segment) => <DateSegment segment={segment} className={styles.segment} />}
      </DateInput>
    </DateField>
  );
}
