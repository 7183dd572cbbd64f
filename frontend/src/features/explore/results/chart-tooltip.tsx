import { useLayoutEffect, useRef } from "react";
import { formatNumber, userLocale } from "../../../format/numbers";
import type { Mark } from "../../annotations/marks";
import type { Result } from "../answer";
import { bucketName } from "./bucket-names";
import { Change } from "./change";
import styles from "./chart.module.css";

type ChartTooltipProps = {
  result: Result;
  hidden: ReadonlySet<number>;
  marks: readonly Mark[];
  bucket: number;
  x: number;
};

const GAP = 14;
// As many lines as fit over a chart; of more series the largest are named.
const MOST = 10;

/** The values of the bucket that is pointed at, beside it and within the chart. */
export function ChartTooltip({ result, hidden, marks, bucket, x }: ChartTooltipProps) {
  const box = useRef<HTMLDivElement>(null);
  const locale = userLocale();
  const start = result.buckets[bucket];

  useLayoutEffect(() => {
    const element = box.current;
    const room = element?.parentElement?.clientWidth;
    if (!element || room === undefined) return;
    const width = element.offsetWidth;
    const right = x + GAP;
    const left = right + width <= room ? right : Math.max(0, x - GAP - width);
    element.style.transform = `translateX(${left}px)`;
  });

  if (!start) return null;
  const drawn = [...result.series.entries()].filter(([index]) => !hidden.has(index));
  const named =
    drawn.length <= MOST
      ? drawn
      : drawn
          .toSorted(([, one], [, other]) => (other.values[bucket] ?? -1) - (one.values[bucket] ?? -1))
          .slice(0, MOST);
  const write = (value: number | null) => (value === null ? "–" : formatNumber(value, locale));
  return (
    <div ref={box} className={styles.tooltip} aria-hidden="true">
      <p className={styles.bucket}>
        {bucketName(result, bucket, locale)}
        {result.states[bucket] === "current" && <span className={styles.filling}>still filling</span>}
      </p>
      <ul className={styles.values}>
        {named.map(([index, { key, name, values, previous }]) => {
          const value = values[bucket] ?? null;
          const before = previous?.values[bucket] ?? null;
          return (
            <li key={key} data-series={(index % 10) + 1}>
              <span className={styles.mark} />
              <span className={styles.name} dir="auto">
                {name}
              </span>
              <span className={styles.value}>{write(value)}</span>
              {previous && (
                <span className={styles.before}>
                  before {write(before)} (<Change value={value} previous={before} />)
                </span>
              )}
            </li>
          );
        })}
      </ul>
      {drawn.length > named.length && (
        <p className={styles.more}>and {drawn.length - named.length} smaller ones</p>
      )}
      {marks
        .filter((mark) => mark.bucket === bucket)
        .flatMap(({ texts }) => texts)
        .map((text, index) => (
          <p key={index} className={styles.happened} dir="auto">
            {text}
          </p>
        ))}
    </div>
  );
}
