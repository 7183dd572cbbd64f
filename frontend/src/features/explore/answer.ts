import type { components } from "../../api/schema.gen";
import { combine, measureText } from "./aggregations";
import { bucketStates, type BucketState } from "./period";
import { isComplete, operatorName, valueText } from "./operators";
import {
  seriesLetter,
  type AggregationType,
  type Condition,
  type Filter,
  type Interval,
  type Period,
  type Question,
} from "./question";
import type { TrendQuery } from "./query";

type TrendAnswer = components["schemas"]["TrendAnswer"];
type CohortFilter = components["schemas"]["CohortFilter"];

export type ResultSeries = {
  letter: string;
  event: string;
  /** The series in words, its filters included. */
  name: string;
  aggregation: AggregationType;
  /** How many events of the series lie in the period. */
  count: number;
  /** One a bucket; null where there is nothing to measure, or nothing yet. */
  values: (number | null)[];
};

/** An answer made ready to be drawn: the buckets as instants, what each is, and the series with their names. */
export type Result = {
  buckets: Date[];
  states: BucketState[];
  interval: Interval;
  timezone: string;
  series: ResultSeries[];
};

/** The answer to a query, as it stands at this instant. */
export function toResult(query: TrendQuery, answer: TrendAnswer, now: Date): Result {
  const timezone = query.timezone ?? "UTC";
  const buckets = answer.buckets.map((start) => new Date(start));
  const states = bucketStates(buckets, query.interval, toPeriod(query.range), timezone, now);
  return {
    buckets,
    states,
    interval: query.interval,
    timezone,
    series: answer.series.map((series, index) => {
      const { aggregation } = series;
      const property = "property" in aggregation ? aggregation.property : undefined;
      const measure = measureText(series.event, aggregation.type, property);
      const filter = query.series[index]?.filters;
      return {
        letter: seriesLetter(index),
        event: series.event,
        name: filter?.conditions?.length
          ? `${measure} (${filterText(filter.conditions, filter.match)})`
          : measure,
        aggregation: aggregation.type,
        count: series.count,
        // The days to come are not days without events.
        values: series.values.map((value, bucket) => (states[bucket] === "future" ? null : value)),
      };
    }),
  };
}

function toPeriod(range: TrendQuery["range"]): Period {
  return "last" in range ? { kind: "last", last: range.last } : { kind: "days", ...range };
}

/** A filter in words: "area is config or files is more than 3". */
export function filterText(
  conditions: readonly (Condition | CohortFilter)[],
  match: Filter["match"] = "all",
): string {
  return conditions
    .filter((condition) => condition.scope === "cohort" || isComplete(condition))
    .map(conditionText)
    .join(match === "any" ? " or " : " and ");
}

function conditionText(condition: Condition | CohortFilter): string {
  if (condition.scope === "cohort") {
    return `user is ${condition.operator === "in" ? "in" : "not in"} cohort ${condition.value}`;
  }
  const { property, operator, value } = condition;
  const words = `${property} ${operatorName(operator)}`;
  if (value === undefined) return words;
  return `${words} ${Array.isArray(value) ? value.map(valueText).join(", ") : valueText(value)}`;
}

export type Headline = {
  value: number | null;
  /** What the number is of: the whole period, or one bucket of it. */
  of: { kind: "period" } | { kind: "bucket"; start: Date; state: BucketState };
};

/**
 * A series as one number. Where the buckets cannot be put together exactly (the
 * unique users of two months are not those of one and of the other), it is the
 * last bucket's that has ended, and says so.
 */
export function headline(result: Result, series: ResultSeries): Headline {
  if (result.buckets.length === 1) return { value: series.values[0] ?? null, of: { kind: "period" } };
  const whole = combine(series.aggregation, series.values);
  if (whole !== null || series.count === 0) return { value: whole, of: { kind: "period" } };
  const complete = result.states.lastIndexOf("complete");
  const index = complete >= 0 ? complete : 0;
  return {
    value: series.values[index] ?? null,
    of: {
      kind: "bucket",
      start: result.buckets[index] ?? new Date(0),
      state: result.states[index] ?? "current",
    },
  };
}

/** Whether no series has an event in the period. */
export function isEmpty(result: Result): boolean {
  return result.series.every((series) => series.count === 0);
}

/** A file's name for the answer, made of what was asked. */
export function fileName(question: Question): string {
  const { series, period } = question;
  const first = series[0]?.event ?? "";
  const words = [
    "dataloaf",
    first === "*" ? "all-events" : first,
    ...(series.length > 1 ? [`and-${series.length - 1}-more`] : []),
    period.kind === "last" ? `last-${period.last}` : `${period.from}-to-${period.to}`,
  ];
  const name = words
    .join("-")
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/-+/g, "-")
    .slice(0, 120);
  return `${name}.csv`;
}
