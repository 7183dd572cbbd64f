import { useId } from "react";
import { Input, NumberField } from "react-aria-components";
import field from "../../../components/field.module.css";
import { Select } from "../../../components/select";
import { MAX_WINDOW, windowParts, type WindowUnit } from "../period";
import styles from "./builder.module.css";

const UNITS: readonly { id: WindowUnit; text: string }[] = [
  { id: "m", text: "minutes" },
  { id: "h", text: "hours" },
  { id: "d", text: "days" },
];

type WindowEditorProps = { window: string; onChange: (window: string) => void };

/** How long a user has from the first step to the last. */
export function WindowEditor({ window, onChange }: WindowEditorProps) {
  const label = useId();
  const { count, unit } = windowParts(window) ?? { count: 7, unit: "d" };
  return (
    <div className={styles.window} role="group" aria-labelledby={label}>
      <span id={label}>All steps within</span>
      <NumberField
        aria-label="Length of the window"
        value={count}
        minValue={1}
        maxValue={MAX_WINDOW[unit]}
        onChange={(next) => {
          // An emptied field keeps the window that holds.
          if (!Number.isNaN(next)) onChange(`${next}${unit}`);
        }}
        formatOptions={{ maximumFractionDigits: 0, useGrouping: false }}
        isWheelDisabled
      >
        <Input className={field.input} />
      </NumberField>
      <Select
        label="Unit of the window"
        options={UNITS}
        value={unit}
        onChange={(next) => onChange(`${Math.min(count, MAX_WINDOW[next])}${next}`)}
      />
    </div>
  );
}
