import type { CalendarDate } from "@internationalized/date";
import { lazy, Suspense, useState } from "react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { classNames } from "../../../components/class-names";
import field from "../../../components/field.module.css";
import { CalendarIcon, ChevronDownIcon } from "../../../components/icons";
import styles from "./builder.module.css";

const RangePicker = lazy(() => import("./range-picker"));

type CustomRangeProps = {
  label: string;
  from: CalendarDate;
  to: CalendarDate;
  /** The days in words; empty shows the label alone. */
  days?: string;
  onChoose: (from: CalendarDate, to: CalendarDate) => void;
};

/** A button that says which days are meant, and has them chosen on a calendar. */
export function CustomRange({ label, from, to, days = "", onChoose }: CustomRangeProps) {
  const [choosing, setChoosing] = useState(false);
  return (
    <DialogTrigger isOpen={choosing} onOpenChange={setChoosing}>
      <Button className={field.control} aria-label={days === "" ? label : `${label}: ${days}`}>
        <CalendarIcon />
        <span className={field.value}>{days === "" ? label : days}</span>
        <ChevronDownIcon />
      </Button>
      <Popover className={classNames(field.popover, styles.rangePopover)} placement="bottom end" offset={4}>
        <Dialog className={styles.rangeDialog} aria-label={label}>
          <Suspense fallback={<div className={styles.rangeWaiting} aria-busy="true" />}>
            <RangePicker
              from={from}
              to={to}
              onChoose={(first, end) => {
                setChoosing(false);
                onChoose(first, end);
              }}
            />
          </Suspense>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
