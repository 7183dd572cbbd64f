import { formatBucket } from "../../../format/dates";
import { formatNumber, userLocale } from "../../../format/numbers";
import { headline, type Result } from "../answer";
import { Change } from "./change";
import styles from "./results.module.css";

// Beyond this a table tells more.
const MOST_NUMBERS = 100;

/** Each series as one number, with what the number is of. */
export function NumberView({ result, period }: { result: Result; period: string }) {
  const locale = userLocale();
  const left = result.series.length - MOST_NUMBERS;
  return (
    <div className={styles.numbersPart}>
      <ul className={styles.numbers} aria-label="Numbers">
        {result.series.slice(0, MOST_NUMBERS).map((series, index) => {
          const { value, previous, of } = headline(result, series);
          return (
            <li key={series.key} className={styles.number} data-series={(index % 10) + 1}>
              <p className={styles.big}>{value === null ? "–" : formatNumber(value, locale)}</p>
              {previous !== null && (
                <p className={styles.before}>
                  <Change value={value} previous={previous} />, from {formatNumber(previous, locale)} in the
                  period before
                </p>
              )}
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
      {left > 0 && (
        <p className={styles.of}>{left} smaller series are left out here; the CSV has them all.</p>
      )}
    </div>
  );
}
