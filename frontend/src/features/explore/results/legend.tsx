import { ToggleButton } from "react-aria-components";
import type { Result } from "../answer";
import styles from "./results.module.css";
import type { Shown } from "./use-shown";

// More names than this leave no room for the chart.
const MOST_NAMED = 60;

/** The legend where there is little room: names alone. A series is pressed to hide it and to show it again. */
export function Legend({ result, shown }: { result: Result; shown: Shown }) {
  if (result.series.length === 1 && !result.grouped) return null;
  return (
    <ul className={styles.names} aria-label="Series">
      {result.series.slice(0, MOST_NAMED).map(({ key, name }, index) => (
        <li key={key} data-series={(index % 10) + 1}>
          <ToggleButton
            className={styles.legend}
            isSelected={!shown.hidden.has(index)}
            isDisabled={shown.full && shown.hidden.has(index)}
            onChange={() => shown.toggle(index)}
            aria-label={`Show ${name}`}
          >
            <span className={styles.swatch} aria-hidden="true" />
            <span dir="auto">{name}</span>
          </ToggleButton>
        </li>
      ))}
      {result.series.length > MOST_NAMED && <li>and {result.series.length - MOST_NAMED} more</li>}
    </ul>
  );
}
