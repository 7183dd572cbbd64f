import type { components } from "../../api/schema.gen";
import { completeFormulas } from "./formula";
import { isComplete } from "./operators";
import { daysBefore, daysOf, retentionInterval, trendInterval, userInterval } from "./period";
import {
  isPropertyAggregation,
  seriesLetter,
  type Condition,
  type Filter,
  type FunnelQuestion,
  type Interval,
  type LifecycleQuestion,
  type PathsQuestion,
  type Question,
  type RetentionQuestion,
  type Scalar,
  type Series,
  type Step,
  type StickinessQuestion,
  type TrendQuestion,
} from "./question";

type Schemas = components["schemas"];
export type Query = Schemas["Query"];
export type TrendQuery = Schemas["TrendQuery"];
export type FunnelQuery = Schemas["FunnelQuery"];
export type RetentionQuery = Schemas["RetentionQuery"];
export type StickinessQuery = Schemas["StickinessQuery"];
export type LifecycleQuery = Schemas["LifecycleQuery"];
export type PathsQuery = Schemas["PathsQuery"];

/** What the question comes to: a query for the server, or what it still lacks. */
export type Asked = { kind: "query"; query: Query } | { kind: "unfinished"; advice: string };

/** The question as the server takes it. Conditions and formulas that are half made take no part. */
export function toQuery(question: Question, now: Date): Asked {
  switch (question.kind) {
    case "trend":
      return toTrend(question, now);
    case "funnel":
      return { kind: "query", query: toFunnel(question) };
    case "retention":
      return { kind: "query", query: toRetention(question) };
    case "stickiness":
      return { kind: "query", query: toStickiness(question) };
    case "lifecycle":
      return { kind: "query", query: toLifecycle(question) };
    case "paths":
      return { kind: "query", query: toPaths(question) };
  }
}

function toTrend(question: TrendQuestion, now: Date): Asked {
  const lacking = question.series.findIndex(
    (series) => isPropertyAggregation(series.aggregation) && series.property === undefined,
  );
  if (lacking >= 0) {
    const which = question.series.length > 1 ? ` of series ${seriesLetter(lacking)}` : "";
    return { kind: "unfinished", advice: `Choose the property${which} to calculate with.` };
  }
  const query: TrendQuery = {
    kind: "trend",
    ...common(question),
    interval: askedInterval(question, now),
    series: question.series.map(toSeries),
  };
  if (question.breakdown) query.breakdown = question.breakdown;
  if (question.compare) query.compare = "previous_period";
  const formulas = completeFormulas(question.formulas, question.series.length);
  if (formulas.length > 0) {
    query.formulas = formulas.map(({ expression, label }) =>
      label === undefined ? { expression } : { name: label, expression },
    );
  }
  return { kind: "query", query };
}

function toFunnel(question: FunnelQuestion): FunnelQuery {
  const query: FunnelQuery = {
    kind: "funnel",
    ...common(question),
    steps: question.steps.map(toStep),
    window: question.window,
  };
  if (question.breakdown) query.breakdown = question.breakdown;
  return query;
}

function toRetention(question: RetentionQuestion): RetentionQuery {
  return {
    kind: "retention",
    ...common(question),
    cohort_event: question.cohortEvent,
    return_event: question.returnEvent,
    interval: retentionInterval(question),
    periods: question.periods,
  };
}

function toStickiness(question: StickinessQuestion): StickinessQuery {
  return {
    kind: "stickiness",
    ...common(question),
    interval: userInterval(question),
    series: question.series.map(toStep),
  };
}

function toLifecycle(question: LifecycleQuestion): LifecycleQuery {
  return {
    kind: "lifecycle",
    ...common(question),
    interval: userInterval(question),
    event: question.event,
  };
}

function toPaths(question: PathsQuestion): PathsQuery {
  const { event, direction, steps, window, limit } = question;
  return { kind: "paths", ...common(question), event, direction, steps, window, limit };
}

function toStep({ event, filter }: Step): Schemas["Step"] {
  const filters = toFilter(filter);
  return filters ? { event, filters } : { event };
}

function common({ period, timezone, filter }: Question) {
  const filters = toFilter(filter);
  return {
    range: period.kind === "last" ? { last: period.last } : { from: period.from, to: period.to },
    timezone,
    ...(filters ? { filters } : {}),
  };
}

/**
 * One number needs one bucket: unique users of a period are not the sum of its
 * days'. A year's bucket counts only the days in range, so a period within one
 * calendar year is asked for as one; a longer one is asked for by its interval,
 * and so is one that is compared with a period that is not in one year.
 */
export function askedInterval(question: TrendQuestion, now: Date): Interval {
  if (question.view === "number") {
    const days = daysOf(question.period, question.timezone, now);
    const before = question.compare ? daysBefore(days) : days;
    if (days.from.year === days.to.year && before.from.year === before.to.year) return "year";
  }
  return trendInterval(question);
}

function toSeries(series: Series): Schemas["Series"] {
  const { aggregation, property } = series;
  const asked: Schemas["Series"] = {
    event: series.event,
    aggregation: isPropertyAggregation(aggregation)
      ? { type: aggregation, property: property ?? "" }
      : { type: aggregation },
  };
  const filters = toFilter(series.filter);
  if (filters) asked.filters = filters;
  return asked;
}

/** The filter as the server takes it; undefined where no condition says enough. */
export function toFilter(filter: Filter): Schemas["Filter"] | undefined {
  const conditions = filter.conditions.filter(isComplete).map(toCondition);
  return conditions.length === 0 ? undefined : { match: filter.match, conditions };
}

// isComplete has seen to it that the value has its operator's shape.
function toCondition(condition: Condition): Schemas["Condition"] {
  if (condition.scope === "cohort") return { ...condition, value: condition.value ?? "" };
  const { scope, property, operator, value } = condition;
  switch (operator) {
    case "is_set":
    case "is_not_set":
      return { scope, property, operator };
    case "in":
    case "not_in":
      return { scope, property, operator, value: value as Scalar[] };
    case "contains":
    case "not_contains":
      return { scope, property, operator, value: value as string };
    case "greater_than":
    case "greater_or_equal":
    case "less_than":
    case "less_or_equal":
      return { scope, property, operator, value: value as number };
    case "equals":
    case "not_equals":
      return { scope, property, operator, value: value as Scalar };
  }
}
