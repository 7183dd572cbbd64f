import { formatBucket } from "../../../format/dates";
import { formatNumber, userLocale } from "../../../format/numbers";
import { headline, type Result } from "../answer";
import styles from "./results.module.css";

/** Each series as one number, with what the number is of. */
export function NumberView({ result, period }: { result: Result; period: string }) {
  const locale = userLocale();
  return (
    <ul className={styles.numbers} aria-label="Numbers">
      {result.series.map((series, index) => {
        const { value, of } = headline(result, series);
        return (
          <li key={series.letter} className={styles.number} data-series={(index % 10) + 1}>
            <p className={styles.big}>{value === null ? "–" : formatNumber(value, locale)}</p>
            <p className={styles.what}>
              <span className={styles.swatch} aria-hidden="true" />
              <span dir="auto">{series.name}</span>
            </p>
            <p className={styles.of}>
              {value === null
                ? "Nothing to measure in this period"
                : of.kind === "period"
                  ? period
                  : `${formatBucket(of.start, result.interval, result.timezone, locale)}${of.state === "current" ? ", still filling" : ""}`}
            </p>
          </li>
        );
      })}
    </ul>
  );
}
