import type { components } from "../../api/schema.gen";
import { isComplete } from "./operators";
import { daysOf, intervalOf } from "./period";
import {
  isPropertyAggregation,
  seriesLetter,
  type Condition,
  type Filter,
  type Interval,
  type Question,
  type Scalar,
  type Series,
} from "./question";

type Schemas = components["schemas"];
export type TrendQuery = Schemas["TrendQuery"];

/** What the question comes to: a query for the server, or what it still lacks. */
export type Asked = { kind: "query"; query: TrendQuery } | { kind: "unfinished"; advice: string };

/** The question as the server takes it. Conditions that are half made take no part. */
export function toQuery(question: Question, now: Date): Asked {
  const lacking = question.series.findIndex(
    (series) => isPropertyAggregation(series.aggregation) && series.property === undefined,
  );
  if (lacking >= 0) {
    const which = question.series.length > 1 ? ` of series ${seriesLetter(lacking)}` : "";
    return { kind: "unfinished", advice: `Choose the property${which} to calculate with.` };
  }
  const { period, timezone } = question;
  const query: TrendQuery = {
    kind: "trend",
    range: period.kind === "last" ? { last: period.last } : { from: period.from, to: period.to },
    timezone,
    interval: askedInterval(question, now),
    series: question.series.map(toSeries),
  };
  const filters = toFilter(question.filter);
  if (filters) query.filters = filters;
  return { kind: "query", query };
}

/**
 * One number needs one bucket: unique users of a period are not the sum of its
 * days'. A year's bucket counts only the days in range, so a period within one
 * calendar year is asked for as one; a longer one is asked for by its interval.
 */
export function askedInterval(question: Question, now: Date): Interval {
  if (question.view === "number") {
    const { from, to } = daysOf(question.period, question.timezone, now);
    if (from.year === to.year) return "year";
  }
  return intervalOf(question);
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

function toFilter(filter: Filter): Schemas["Filter"] | undefined {
  const conditions = filter.conditions.filter(isComplete).map(toCondition);
  return conditions.length === 0 ? undefined : { match: filter.match, conditions };
}

// isComplete has seen to it that the value has its operator's shape.
function toCondition({ scope, property, operator, value }: Condition): Schemas["Condition"] {
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
