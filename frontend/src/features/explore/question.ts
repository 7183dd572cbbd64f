import type { components } from "../../api/schema.gen";

type Schemas = components["schemas"];

export type Interval = Schemas["Interval"];
export type Scope = Schemas["Scope"];
export type CountAggregation = Schemas["CountAggregationType"];
export type PropertyAggregation = Schemas["PropertyAggregationType"];
export type AggregationType = CountAggregation | PropertyAggregation;
export type Scalar = Schemas["Scalar"];

/** How the answer is shown. */
export type View = "line" | "area" | "bar" | "table" | "number";

export type Operator =
  | "equals"
  | "not_equals"
  | "in"
  | "not_in"
  | "contains"
  | "not_contains"
  | "greater_than"
  | "greater_or_equal"
  | "less_than"
  | "less_or_equal"
  | "is_set"
  | "is_not_set";

/** The last so many units, today included, or calendar days, both included. */
export type Period = { kind: "last"; last: string } | { kind: "days"; from: string; to: string };

/**
 * A condition may be half made: without a property, or without the value that
 * its operator needs. Then it takes no part in the query, but it stays in the
 * question, and so in the URL, for as long as the user is at it.
 */
export type Condition = {
  scope: Scope;
  property: string;
  operator: Operator;
  value?: Scalar | Scalar[];
};

export type Filter = { match: "all" | "any"; conditions: Condition[] };

export type Series = {
  /** The event's name, or "*" for all events. */
  event: string;
  aggregation: AggregationType;
  /** The numeric property, where the aggregation is over one. */
  property?: string;
  filter: Filter;
};

/** All that the page needs to ask and to show one question: what the URL holds. */
export type Question = {
  series: Series[];
  filter: Filter;
  period: Period;
  /** Null follows the period. */
  interval: Interval | null;
  timezone: string;
  view: View;
};

export const ALL_EVENTS = "*";
export const MAX_SERIES = 10;
export const MAX_CONDITIONS = 50;

export const VIEWS = ["line", "area", "bar", "table", "number"] as const satisfies readonly View[];

export const INTERVALS = [
  "hour",
  "day",
  "week",
  "month",
  "quarter",
  "year",
] as const satisfies readonly Interval[];

export const COUNT_AGGREGATIONS = [
  "total",
  "unique_users",
  "average_per_user",
  "median_per_user",
  "min_per_user",
  "max_per_user",
] as const satisfies readonly CountAggregation[];

export const PROPERTY_AGGREGATIONS = [
  "sum",
  "average",
  "median",
  "min",
  "max",
  "p90",
  "p95",
  "p99",
] as const satisfies readonly PropertyAggregation[];

export const OPERATORS = [
  "equals",
  "not_equals",
  "in",
  "not_in",
  "contains",
  "not_contains",
  "greater_than",
  "greater_or_equal",
  "less_than",
  "less_or_equal",
  "is_set",
  "is_not_set",
] as const satisfies readonly Operator[];

export const EMPTY_FILTER: Filter = { match: "all", conditions: [] };

export const NEW_SERIES: Series = { event: ALL_EVENTS, aggregation: "total", filter: EMPTY_FILTER };

export const NEW_CONDITION: Condition = { scope: "event", property: "", operator: "equals" };

/** The question that the page opens with. */
export function defaultQuestion(timezone: string): Question {
  return {
    series: [NEW_SERIES],
    filter: EMPTY_FILTER,
    period: { kind: "last", last: "4w" },
    interval: null,
    timezone,
    view: "line",
  };
}

/** Whether the aggregation is over a numeric property rather than a count. */
export function isPropertyAggregation(type: AggregationType): type is PropertyAggregation {
  return (PROPERTY_AGGREGATIONS as readonly string[]).includes(type);
}

/** The letter that names a series on the page: A for the first. */
export function seriesLetter(index: number): string {
  return String.fromCharCode(65 + index);
}
