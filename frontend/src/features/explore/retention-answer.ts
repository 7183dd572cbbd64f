import type { components } from "../../api/schema.gen";
import { bucketEnd, bucketStates, type BucketState } from "./period";
import type { RetentionInterval } from "./question";
import type { RetentionQuery } from "./query";

export type RetentionCell = {
  /** How many of the cohort came back. */
  users: number;
  /** Their share of the cohort, 0 to 1; null for a cohort without users. */
  share: number | null;
  /** What the bucket is at this instant; one that has not begun has nothing to show. */
  state: BucketState;
};

export type Cohort = {
  start: Date;
  size: number;
  /** Whether the cohort itself is still filling, or not begun. */
  state: BucketState;
  cells: RetentionCell[];
};

export type RetentionResult = {
  cohorts: Cohort[];
  /** All cohorts together, weighed by their sizes: of each period those that have lived through it. */
  overall: RetentionCell[];
  size: number;
  interval: RetentionInterval;
  timezone: string;
};

/** The answer to a retention's query, as it stands at this instant. */
export function toRetentionResult(
  query: RetentionQuery,
  answer: components["schemas"]["RetentionAnswer"],
  now: Date,
): RetentionResult {
  const { interval, periods } = query;
  const timezone = query.timezone ?? "UTC";
  const starts = answer.cohorts.map(({ cohort }) => new Date(cohort));
  // The buckets of all cohorts and of the periods after them, each once.
  const buckets = starts.length === 0 ? [] : after(starts, interval, timezone, periods - 1);
  const last = buckets.at(-1);
  const day = (date: Date) => new Intl.DateTimeFormat("en-CA", { timeZone: timezone }).format(date);
  const states =
    last === undefined
      ? []
      : bucketStates(
          buckets,
          interval,
          // Return events count in whole buckets, whatever the range.
          { kind: "days", from: day(buckets[0] ?? last), to: day(new Date(endOf(last, interval, timezone))) },
          timezone,
          now,
        );
  const cohorts = answer.cohorts.map(({ size, values }, at): Cohort => ({
    start: starts[at] ?? new Date(0),
    size,
    state: states[at] ?? "future",
    cells: values.map((users, period) => ({
      users,
      share: size === 0 ? null : users / size,
      state: states[at + period] ?? "future",
    })),
  }));
  return {
    cohorts,
    overall: Array.from({ length: periods }, (_, period) => overall(cohorts, period)),
    size: cohorts.reduce((sum, { size }) => sum + size, 0),
    interval,
    timezone,
  };
}

function endOf(start: Date, interval: RetentionInterval, timezone: string): number {
  return bucketEnd(start, interval, timezone).getTime() - 1;
}

/** The buckets and so many that follow. */
function after(starts: readonly Date[], interval: RetentionInterval, timezone: string, more: number): Date[] {
  const buckets = [...starts];
  for (let count = 0; count < more; count++) {
    buckets.push(bucketEnd(buckets.at(-1) ?? new Date(0), interval, timezone));
  }
  return buckets;
}

/**
 * A period over all cohorts that have lived through the whole of it; while none
 * has, over those that are in it, which is still filling then.
 */
function overall(cohorts: readonly Cohort[], period: number): RetentionCell {
  for (const state of ["complete", "current"] as const) {
    const lived = cohorts.filter(({ cells }) => cells[period]?.state === state);
    if (lived.length === 0) continue;
    const users = lived.reduce((sum, { cells }) => sum + (cells[period]?.users ?? 0), 0);
    const size = lived.reduce((sum, cohort) => sum + cohort.size, 0);
    return { users, share: size === 0 ? null : users / size, state };
  }
  return { users: 0, share: null, state: "future" };
}

/** A period's name: "Week 0". */
export function periodName(interval: RetentionInterval, period: number): string {
  const word = { day: "Day", week: "Week", month: "Month" }[interval];
  return `${word} ${period}`;
}
