import { ToggleButton } from "react-aria-components";
import { formatBucket } from "../../../format/dates";
import { formatNumber, userLocale } from "../../../format/numbers";
import { headline, type Result } from "../answer";
import styles from "./results.module.css";

type SummaryProps = {
  result: Result;
  hidden: ReadonlySet<number>;
  onToggle: (index: number) => void;
};

/** The chart's legend, with each series' number; a series is pressed to hide it and to show it again. */
export function Summary({ result, hidden, onToggle }: SummaryProps) {
  const locale = userLocale();
  return (
    <table className={styles.summary}>
      <caption className="visually-hidden">Series</caption>
      <thead>
        <tr>
          <th scope="col">Series</th>
          <th scope="col" className={styles.figure}>
            Events
          </th>
          <th scope="col" className={styles.figure}>
            Value
          </th>
        </tr>
      </thead>
      <tbody>
        {result.series.map((series, index) => {
          const { value, of } = headline(result, series);
          return (
            <tr key={series.letter} data-series={(index % 10) + 1}>
              <th scope="row">
                <ToggleButton
                  className={styles.legend}
                  isSelected={!hidden.has(index)}
                  onChange={() => onToggle(index)}
                  aria-label={`Show ${series.name}`}
                >
                  <span className={styles.swatch} aria-hidden="true" />
                  <span dir="auto">{series.name}</span>
                </ToggleButton>
              </th>
              <td className={styles.figure}>{formatNumber(series.count, locale)}</td>
              <td className={styles.figure}>
                {value === null ? "–" : formatNumber(value, locale)}
                {of.kind === "bucket" && (
                  <span className={styles.of}>
                    {formatBucket(of.start, result.interval, result.timezone, locale)}
                  </span>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
