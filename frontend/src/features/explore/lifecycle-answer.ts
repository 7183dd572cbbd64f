import type { components } from "../../api/schema.gen";
import type { Result, ResultSeries } from "./answer";
import { bucketEnd, bucketStates } from "./period";
import type { LifecycleQuery } from "./query";

type LifecycleAnswer = components["schemas"]["LifecycleAnswer"];

/** The states of a lifecycle, in the order in which they are stacked. */
export const LIFECYCLE_STATES = ["new", "returning", "resurrecting", "dormant"] as const;

export type LifecycleState = (typeof LIFECYCLE_STATES)[number];

const NAMES: Record<LifecycleState, string> = {
  new: "New",
  returning: "Returning",
  resurrecting: "Resurrecting",
  dormant: "Dormant",
};

const MEANINGS: Record<LifecycleState, string> = {
  new: "did it for the first time ever",
  returning: "did it in the interval before, too",
  resurrecting: "came back to it after a pause",
  dormant: "did it in the interval before, and not in this one",
};

/** What a state means, in words. */
export function lifecycleMeaning(state: LifecycleState): string {
  return MEANINGS[state];
}

/** The answer to a lifecycle's query, as it stands at this instant: a series a state. */
export function toLifecycleResult(query: LifecycleQuery, answer: LifecycleAnswer, now: Date): Result {
  const timezone = query.timezone ?? "UTC";
  const buckets = answer.buckets.map((start) => new Date(start));
  const first = buckets[0];
  const last = buckets.at(-1);
  const day = (date: Date) => new Intl.DateTimeFormat("en-CA", { timeZone: timezone }).format(date);
  // Buckets are whole, also where the range cuts them.
  const end = last && new Date(bucketEnd(last, query.interval, timezone).getTime() - 1);
  const states =
    first && end
      ? bucketStates(buckets, query.interval, { kind: "days", from: day(first), to: day(end) }, timezone, now)
      : [];
  return {
    buckets,
    states,
    interval: query.interval,
    timezone,
    grouped: true,
    previousWhole: false,
    series: LIFECYCLE_STATES.map((state): ResultSeries => ({
      key: state,
      letter: null,
      event: query.event,
      name: NAMES[state],
      aggregation: "unique_users",
      count: answer[state].reduce((sum, users) => sum + users, 0),
      values: answer[state].map((users, bucket) => (states[bucket] === "future" ? null : users)),
      previous: null,
      ...(state === "dormant" ? { below: true } : {}),
      rank: 0,
    })),
  };
}
