import { useLayoutEffect, useRef } from "react";
import { formatBucket } from "../../../format/dates";
import { formatNumber, userLocale } from "../../../format/numbers";
import type { Result } from "../answer";
import styles from "./chart.module.css";

type ChartTooltipProps = { result: Result; hidden: ReadonlySet<number>; bucket: number; x: number };

const GAP = 14;

/** The values of the bucket that is pointed at, beside it and within the chart. */
export function ChartTooltip({ result, hidden, bucket, x }: ChartTooltipProps) {
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
  return (
    <div ref={box} className={styles.tooltip} aria-hidden="true">
      <p className={styles.bucket}>
        {formatBucket(start, result.interval, result.timezone, locale)}
        {result.states[bucket] === "current" && <span className={styles.filling}>still filling</span>}
      </p>
      <ul className={styles.values}>
        {result.series.map(({ letter, name, values }, index) => {
          if (hidden.has(index)) return null;
          const value = values[bucket] ?? null;
          return (
            <li key={letter} data-series={(index % 10) + 1}>
              <span className={styles.mark} />
              <span className={styles.name} dir="auto">
                {name}
              </span>
              <span className={styles.value}>{value === null ? "–" : formatNumber(value, locale)}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
