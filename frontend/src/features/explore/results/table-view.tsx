import { useState, type UIEvent } from "react";
import { formatBucket } from "../../../format/dates";
import { formatNumber, userLocale } from "../../../format/numbers";
import { combine } from "../aggregations";
import type { Result } from "../answer";
import styles from "./table-view.module.css";

const ROW = 36;
const SPARE = 12;
// Shorter tables are drawn whole, which find-in-page and printing like best.
const WHOLE = 400;

/** The values as a table, a row a bucket. Of a long one only the rows in sight are drawn. */
export function TableView({ result }: { result: Result }) {
  const { buckets, states, series, interval, timezone } = result;
  const locale = userLocale();
  const [sight, setSight] = useState({ top: 0, height: 800 });
  const windowed = buckets.length > WHOLE;
  const first = windowed ? Math.max(0, Math.floor(sight.top / ROW) - SPARE) : 0;
  const end = windowed
    ? Math.min(buckets.length, Math.ceil((sight.top + sight.height) / ROW) + SPARE)
    : buckets.length;

  const totals = series.map(({ aggregation, values }) => combine(aggregation, values));
  const scroll = ({ currentTarget }: UIEvent<HTMLDivElement>) => {
    if (windowed) setSight({ top: currentTarget.scrollTop, height: currentTarget.clientHeight });
  };

  return (
    // A region that scrolls must be within reach of the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.scroll} onScroll={scroll} role="region" aria-label="Values" tabIndex={0}>
      <table className={styles.table} aria-rowcount={buckets.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">Period</th>
            {series.map(({ letter, name }, index) => (
              <th key={letter} scope="col" data-series={(index % 10) + 1} dir="auto">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Gap height={first * ROW} />}
          {buckets.slice(first, end).map((start, offset) => {
            const bucket = first + offset;
            return (
              <tr key={bucket} aria-rowindex={bucket + 2}>
                <th scope="row">
                  {formatBucket(start, interval, timezone, locale)}
                  {states[bucket] === "current" && <span className={styles.filling}>still filling</span>}
                </th>
                {series.map(({ letter, values }) => {
                  const value = values[bucket] ?? null;
                  return <td key={letter}>{value === null ? "–" : formatNumber(value, locale)}</td>;
                })}
              </tr>
            );
          })}
          {end < buckets.length && <Gap height={(buckets.length - end) * ROW} />}
        </tbody>
        {totals.some((total) => total !== null) && buckets.length > 1 && (
          <tfoot>
            <tr>
              <th scope="row">Whole period</th>
              {totals.map((total, index) => (
                <td key={series[index]?.letter}>{total === null ? "–" : formatNumber(total, locale)}</td>
              ))}
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}

/** Stands for the rows that are out of sight. */
function Gap({ height }: { height: number }) {
  return (
    <tr aria-hidden="true">
      <td style={{ height, padding: 0 }} />
    </tr>
  );
}
