import type { components } from "../../api/schema.gen";
import { combine, measureText } from "./aggregations";
import { bucketStates, bucketsTouched, daysBefore, daysOf, type BucketState } from "./period";
import { cohortOperatorName, isComplete, operatorName, valueText } from "./operators";
import {
  eventsOf,
  seriesLetter,
  type AggregationType,
  type Breakdown,
  type Condition,
  type Filter,
  type Interval,
  type Period,
  type Question,
} from "./question";
import type { Query, TrendQuery } from "./query";

type Schemas = components["schemas"];
type TrendAnswer = Schemas["TrendAnswer"];
type TrendSeries = Schemas["TrendSeries"];
type TrendFormula = Schemas["TrendFormula"];

/** What a cohort is called, by its id; undefined where that is not known. */
export type CohortName = (id: string) => string | undefined;

const NO_NAMES: CohortName = () => undefined;

/** The text of the group that holds what is beyond a breakdown's limit. */
const REST = "$other";

export type ResultSeries = {
  /** Tells it from the others of the answer. */
  key: string;
  /** The letter of the question's series; null where the answer does not tell which of two it is. */
  letter: string | null;
  event: string;
  /** The series in words, its filters and its group included. */
  name: string;
  /** What it measures; "formula" is calculated of other series. */
  aggregation: AggregationType | "formula";
  /** How many events of the series lie in the period; null where it is of none of its own. */
  count: number | null;
  /** One a bucket; null where there is nothing to measure, or nothing yet. */
  values: (number | null)[];
  /** The period before, bucket beside bucket, where the question compares. */
  previous: { count: number | null; values: (number | null)[] } | null;
  /** Whether it is drawn below zero: what is lost rather than won. Its values are not negative for that. */
  below?: boolean;
  /** Its place among the groups of its series, 0 for the largest. */
  rank: number;
};

/** An answer made ready to be drawn: the buckets as instants, what each is, and the series with their names. */
export type Result = {
  buckets: Date[];
  /** What the buckets are called where they are no times; then their instants only tell them apart. */
  names?: readonly BucketName[];
  states: BucketState[];
  interval: Interval;
  timezone: string;
  series: ResultSeries[];
  /** Whether the groups of a breakdown, or the series themselves, are what the series are. */
  grouped: boolean;
  /** Whether every bucket of the period before has one beside it. */
  previousWhole: boolean;
};

/** A bucket's name on an axis, and where it stands alone. */
export type BucketName = { short: string; long: string };

/** The answer to a query, as it stands at this instant; labels are what the reader calls the series. */
export function toResult(
  query: TrendQuery,
  answer: TrendAnswer,
  now: Date,
  labels: readonly (string | undefined)[] = [],
  cohortName: CohortName = NO_NAMES,
): Result {
  const timezone = query.timezone ?? "UTC";
  const buckets = answer.buckets.map((start) => new Date(start));
  const period = toPeriod(query.range);
  const states = bucketStates(buckets, query.interval, period, timezone, now);
  const asked = askedSeries(query, answer.series);
  const touched = bucketsTouched(daysBefore(daysOf(period, timezone, now)), query.interval);
  // The days to come are not days without events.
  const begun = (values: readonly (number | null)[]) =>
    values.map((value, bucket) => (states[bucket] === "future" ? null : value));
  const series = answer.series.map((one, at): ResultSeries => {
    const { index, rank } = asked[at] ?? { index: null, rank: 0 };
    return {
      key: String(at),
      letter: index === null ? null : seriesLetter(index),
      event: one.event,
      name: seriesName(query, one, index, rank, labels, cohortName),
      aggregation: one.aggregation.type,
      count: one.count,
      values: begun(one.values),
      previous: one.previous ?? null,
      rank,
    };
  });
  const ranks = formulaRanks(answer.formulas ?? []);
  const formulas = (answer.formulas ?? []).map((one, at): ResultSeries => {
    const rank = ranks[at] ?? 0;
    return {
      key: `formula ${at}`,
      letter: null,
      event: "",
      name: formulaName(query, one, rank),
      aggregation: "formula",
      count: null,
      values: begun(one.values),
      previous: one.previous ? { count: null, values: one.previous.values } : null,
      rank,
    };
  });
  return {
    buckets,
    states,
    interval: query.interval,
    timezone,
    grouped: query.breakdown !== undefined,
    previousWhole: touched !== null && touched <= buckets.length,
    series: [...series, ...formulas],
  };
}

/** Each formula's place among the groups of its own: they follow each other, and each is there once. */
function formulaRanks(formulas: readonly TrendFormula[]): number[] {
  let run: TrendFormula[] = [];
  return formulas.map((one) => {
    const goes =
      run[0]?.name === one.name &&
      run[0].expression === one.expression &&
      !run.some(({ breakdown }) => breakdown === one.breakdown);
    run = goes ? [...run, one] : [one];
    return run.length - 1;
  });
}

function formulaName(query: TrendQuery, { name, breakdown }: TrendFormula, rank: number): string {
  return query.breakdown ? `${name}: ${groupName(breakdown, rank, query.breakdown)}` : name;
}

function seriesName(
  query: TrendQuery,
  series: TrendSeries,
  index: number | null,
  rank: number,
  labels: readonly (string | undefined)[],
  cohortName: CohortName,
): string {
  const { aggregation } = series;
  const property = "property" in aggregation ? aggregation.property : undefined;
  const measure = measureText(series.event, aggregation.type, property);
  const filter = index === null ? undefined : query.series[index]?.filters;
  const name =
    (index === null ? undefined : labels[index]) ??
    (filter?.conditions?.length
      ? `${measure} (${filterText(filter.conditions, filter.match, cohortName)})`
      : measure);
  if (!query.breakdown) return name;
  const group = groupName(series.breakdown, rank, query.breakdown);
  // Of one series the title tells what it measures.
  return query.series.length === 1 && !query.formulas ? group : `${name}: ${group}`;
}

/** A group as the page shows it. Only the one after as many as the limit names is the rest. */
export function groupName(group: string | null, rank: number, breakdown: { limit: number }): string {
  if (group === null) return "Not set";
  if (group === REST && rank === breakdown.limit) return "All others";
  return group.trim() === "" ? `“${group}”` : group;
}

/**
 * Which of the question's series each of the answer's belongs to, and its place
 * among that one's groups. Without a breakdown they stand in the same order.
 * With one, a series is there once for each of its groups, and not at all
 * without events; it is known by what it measures. Of several that measure the
 * same, the groups tell where one ends, and where they do not, none is named:
 * its index is null.
 */
export function askedSeries(
  query: TrendQuery,
  answered: readonly TrendSeries[],
): { index: number | null; rank: number }[] {
  if (!query.breakdown) return answered.map((_, index) => ({ index, rank: 0 }));
  const { limit } = query.breakdown;
  const runs: { mark: string; members: TrendSeries[] }[] = [];
  for (const series of answered) {
    const run = runs.at(-1);
    const mark = markOf(series);
    if (run?.mark === mark && continues(run.members, series, limit)) run.members.push(series);
    else runs.push({ mark, members: [series] });
  }
  const marks = query.series.map(markOf);
  const seen = new Map<string, number>();
  return runs.flatMap(({ mark, members }) => {
    const nth = seen.get(mark) ?? 0;
    seen.set(mark, nth + 1);
    const indexes = marks.flatMap((one, index) => (one === mark ? [index] : []));
    const count = runs.filter((run) => run.mark === mark).length;
    // One series is never cut in two: as many runs as series are one for each.
    const certain = indexes.length === 1 || indexes.length === count;
    const index = certain ? (indexes[Math.min(nth, indexes.length - 1)] ?? null) : null;
    return members.map((_, rank) => ({ index, rank }));
  });
}

/** What a series measures: as much of it as the answer repeats. */
function markOf({ event, aggregation }: Pick<TrendSeries, "event" | "aggregation">): string {
  return JSON.stringify([event, aggregation.type, "property" in aggregation ? aggregation.property : null]);
}

/** Whether the groups can go on with this one: they are ranked, each is there once, and null is the last. */
function continues(run: readonly TrendSeries[], next: TrendSeries, limit: number): boolean {
  const last = run.at(-1);
  if (!last) return true;
  if (last.breakdown === null) return false;
  if (next.breakdown === null) return true;
  // After as many as the limit comes the rest alone, and after the rest only null.
  if (run.length > limit) return false;
  if (run.length === limit) return next.breakdown === REST;
  return next.count <= last.count && !run.some(({ breakdown }) => breakdown === next.breakdown);
}

/** The range of a query as a period. */
export function toPeriod(range: Query["range"]): Period {
  return "last" in range ? { kind: "last", last: range.last } : { kind: "days", ...range };
}

/** A filter in words: "area is config or files is more than 3". */
export function filterText(
  conditions: readonly Condition[],
  match: Filter["match"] = "all",
  cohortName: CohortName = NO_NAMES,
): string {
  return conditions
    .filter(isComplete)
    .map((condition) => conditionText(condition, cohortName))
    .join(match === "any" ? " or " : " and ");
}

function conditionText(condition: Condition, cohortName: CohortName): string {
  if (condition.scope === "cohort") {
    const { operator, value = "" } = condition;
    return `user ${cohortOperatorName(operator)} ${cohortName(value) ?? value}`;
  }
  const { property, operator, value } = condition;
  const words = `${property} ${operatorName(operator)}`;
  if (value === undefined) return words;
  return `${words} ${Array.isArray(value) ? value.map(valueText).join(", ") : valueText(value)}`;
}

/** A breakdown in words: "by area", "by the user’s plan". */
export function breakdownText({ scope, property }: Pick<Breakdown, "scope" | "property">): string {
  return scope === "user" ? `by the user’s ${property}` : `by ${property}`;
}

export type Headline = {
  value: number | null;
  /** The same of the period before; null where there is none, or where it is not known exactly. */
  previous: number | null;
  /** What the number is of: the whole period, or one bucket of it. */
  of: { kind: "period" } | { kind: "bucket"; start: Date; state: BucketState };
};

/**
 * A series as one number. Where the buckets cannot be put together exactly (the
 * unique users of two months are not those of one and of the other), it is the
 * last bucket's that has ended, and says so.
 */
export function headline(result: Result, series: ResultSeries): Headline {
  if (result.buckets.length === 1) {
    const previous = result.previousWhole ? (series.previous?.values[0] ?? null) : null;
    return { value: series.values[0] ?? null, previous, of: { kind: "period" } };
  }
  const whole = combine(series.aggregation, series.values);
  if (whole !== null || series.count === 0) {
    return { value: whole, previous: previousWhole(result, series), of: { kind: "period" } };
  }
  const complete = result.states.lastIndexOf("complete");
  const index = complete >= 0 ? complete : 0;
  return {
    value: series.values[index] ?? null,
    previous: series.previous?.values[index] ?? null,
    of: {
      kind: "bucket",
      start: result.buckets[index] ?? new Date(0),
      state: result.states[index] ?? "current",
    },
  };
}

function previousWhole(result: Result, { aggregation, previous }: ResultSeries): number | null {
  if (!previous) return null;
  if (aggregation === "total") return previous.count;
  return result.previousWhole ? combine(aggregation, previous.values) : null;
}

/** How much more a value is than the one before, as a share of that one; null where that says nothing. */
export function change(value: number | null, previous: number | null): number | null {
  if (value === null || previous === null || previous === 0) return null;
  return (value - previous) / Math.abs(previous);
}

/** The last instant that the answer tells of: now, or the beginning of its last bucket where that is over. */
export function lastInstant({ buckets, states }: Result, now: Date): Date {
  const current = states.includes("current") || states.includes("future");
  return current ? now : (buckets.at(-1) ?? now);
}

/** Whether no series has an event in the period. */
export function isEmpty(result: Result): boolean {
  return result.series.every(({ count }) => (count ?? 0) === 0);
}

/** A file's name for the answer, without its ending, made of what was asked. */
export function fileName(question: Question): string {
  const { period, kind } = question;
  const [first = "", ...more] =
    question.kind === "trend" ? question.series.map(({ event }) => event) : eventsOf(question);
  const words = [
    "dataloaf",
    ...(kind === "trend" ? [] : [kind]),
    first === "*" ? "all-events" : first,
    ...(more.length > 0 ? [`and-${more.length}-more`] : []),
    period.kind === "last" ? `last-${period.last}` : `${period.from}-to-${period.to}`,
  ];
  return words
    .join("-")
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/-+/g, "-")
    .slice(0, 120);
}
