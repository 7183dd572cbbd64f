import type { components } from "../../api/schema.gen";
import { toPeriod, type CohortName, type Result } from "./answer";
import { stepName } from "./funnel-answer";
import { daysOf } from "./period";
import type { RetentionInterval } from "./question";
import type { StickinessQuery } from "./query";

export type StickinessResult = {
  /** How many users did each event, a bucket a number of intervals. */
  result: Result;
  /** How many users did each event at all, in the order of the series. */
  users: number[];
  /** Whether the period has not ended: its users may still come to more intervals. */
  filling: boolean;
};

/** The answer to a stickiness's query, as it stands at this instant. */
export function toStickinessResult(
  query: StickinessQuery,
  answer: components["schemas"]["StickinessAnswer"],
  now: Date,
  cohortName?: CohortName,
): StickinessResult {
  const timezone = query.timezone ?? "UTC";
  const intervals = answer.series[0]?.intervals ?? [];
  const users = answer.series.map((series) => series.users.reduce((sum, count) => sum + count, 0));
  const { to } = daysOf(toPeriod(query.range), timezone, now);
  return {
    users,
    filling: to.add({ days: 1 }).toDate(timezone).getTime() > now.getTime(),
    result: {
      buckets: intervals.map((count) => new Date(count)),
      names: intervals.map((count) => ({ short: String(count), long: countText(count, query.interval) })),
      states: intervals.map(() => "complete"),
      interval: query.interval,
      timezone,
      grouped: false,
      previousWhole: false,
      series: answer.series.map((series, index) => {
        const asked = query.series[index];
        return {
          key: String(index),
          letter: null,
          event: series.event,
          name: stepName(asked ?? series, cohortName),
          aggregation: "unique_users",
          count: users[index] ?? 0,
          values: series.users,
          previous: null,
          rank: 0,
        };
      }),
    },
  };
}

/** A number of intervals in words: "3 days". */
export function countText(count: number, interval: RetentionInterval): string {
  return `${count} ${interval}${count === 1 ? "" : "s"}`;
}
