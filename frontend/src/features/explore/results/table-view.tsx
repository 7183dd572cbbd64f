import { Fragment, useState, type UIEvent } from "react";
import { formatNumber, userLocale } from "../../../format/numbers";
import { combine } from "../aggregations";
import { headline, type Result } from "../answer";
import { bucketName } from "./bucket-names";
import { Change } from "./change";
import { scrollRole, type Size } from "./size";
import styles from "./table-view.module.css";

const ROW = 36;
const SPARE = 12;
// Shorter tables are drawn whole, which find-in-page and printing like best.
const WHOLE = 400;
// Wider tables nobody reads; the CSV has all.
const MOST_COLUMNS = 100;

/**
 * The values as a table, a row a bucket. Of a long one only the rows in sight
 * are drawn. A period to compare with has two columns more beside each series.
 */
export function TableView({ result, size }: { result: Result; size: Size }) {
  const { buckets, states } = result;
  const series = result.series.slice(0, MOST_COLUMNS);
  const left = result.series.length - series.length;
  const locale = userLocale();
  const [sight, setSight] = useState({ top: 0, height: 800 });
  const windowed = buckets.length > WHOLE;
  const first = windowed ? Math.max(0, Math.floor(sight.top / ROW) - SPARE) : 0;
  const end = windowed
    ? Math.min(buckets.length, Math.ceil((sight.top + sight.height) / ROW) + SPARE)
    : buckets.length;

  const totals = series.map((one) =>
    buckets.length > 1 && combine(one.aggregation, one.values) !== null ? headline(result, one) : null,
  );
  const write = (value: number | null) => (value === null ? "–" : formatNumber(value, locale));
  const scroll = ({ currentTarget }: UIEvent<HTMLDivElement>) => {
    if (windowed) setSight({ top: currentTarget.scrollTop, height: currentTarget.clientHeight });
  };

  return (
    // A region that scrolls must be within reach of the keyboard.
    <div
      className={styles.scroll}
      onScroll={scroll}
      role={scrollRole(size)}
      aria-label="Values"
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
    >
      <table className={styles.table} aria-rowcount={buckets.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">{result.names ? "In" : "Period"}</th>
            {series.map(({ key, name, previous }, index) => (
              <Fragment key={key}>
                <th scope="col" data-series={(index % 10) + 1} dir="auto">
                  {name}
                </th>
                {previous && (
                  <>
                    <th scope="col">
                      <span className="visually-hidden">{name}, </span>before
                    </th>
                    <th scope="col">
                      <span className="visually-hidden">{name}, </span>change
                    </th>
                  </>
                )}
              </Fragment>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Gap height={first * ROW} />}
          {buckets.slice(first, end).map((_, offset) => {
            const bucket = first + offset;
            return (
              <tr key={bucket} aria-rowindex={bucket + 2}>
                <th scope="row">
                  {bucketName(result, bucket, locale)}
                  {states[bucket] === "current" && <span className={styles.filling}>still filling</span>}
                </th>
                {series.map(({ key, values, previous }) => {
                  const value = values[bucket] ?? null;
                  const before = previous?.values[bucket] ?? null;
                  return (
                    <Fragment key={key}>
                      <td>{write(value)}</td>
                      {previous && (
                        <>
                          <td>{write(before)}</td>
                          <td>
                            <Change value={value} previous={before} />
                          </td>
                        </>
                      )}
                    </Fragment>
                  );
                })}
              </tr>
            );
          })}
          {end < buckets.length && <Gap height={(buckets.length - end) * ROW} />}
        </tbody>
        {totals.some((total) => total !== null) && (
          <tfoot>
            <tr>
              <th scope="row">Whole period</th>
              {series.map(({ key, previous }, index) => {
                const total = totals[index] ?? null;
                return (
                  <Fragment key={key}>
                    <td>{write(total?.value ?? null)}</td>
                    {previous && (
                      <>
                        <td>{write(total?.previous ?? null)}</td>
                        <td>
                          <Change value={total?.value ?? null} previous={total?.previous ?? null} />
                        </td>
                      </>
                    )}
                  </Fragment>
                );
              })}
            </tr>
          </tfoot>
        )}
      </table>
      {left > 0 && <p className={styles.left}>{left} more series are left out here; the CSV has them all.</p>}
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
