import type { components } from "../../api/schema.gen";

type Schemas = components["schemas"];

export type Interval = Schemas["Interval"];
export type Scope = Schemas["Scope"];
export type CountAggregation = Schemas["CountAggregationType"];
export type PropertyAggregation = Schemas["PropertyAggregationType"];
export type AggregationType = CountAggregation | PropertyAggregation;
export type Scalar = Schemas["Scalar"];

/**
 * What a question is about: how often something happens, how far users come,
 * whether they come back, in how many intervals they do it, how many are new or
 * gone, or what they do next.
 */
export type Kind = Schemas["Answer"]["kind"];

/** How the answer to a trend is shown. */
export type View = "line" | "area" | "bar" | "stacked" | "table" | "number";

/** How a retention's cells are written: as shares of their cohort, or as users. */
export type RetentionView = "percent" | "users";

/** How a stickiness is shown. */
export type StickinessView = Extract<View, "bar" | "line" | "table">;

/** How a lifecycle is shown. */
export type LifecycleView = Extract<View, "stacked" | "table">;

/** The intervals of a retention, a stickiness and a lifecycle. */
export type RetentionInterval = Schemas["RetentionQuery"]["interval"];

/** Whether paths lead on from their event, or back from it. */
export type Direction = Schemas["PathsQuery"]["direction"];

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
export type Condition = PropertyCondition | CohortCondition;

export type PropertyCondition = {
  scope: Scope;
  property: string;
  operator: Operator;
  value?: Scalar | Scalar[];
};

/** Whether the event's user is in a saved cohort; the value is the cohort's id. */
export type CohortCondition = { scope: "cohort"; operator: CohortOperator; value?: string };

export type CohortOperator = Schemas["CohortFilter"]["operator"];

export type Filter = { match: "all" | "any"; conditions: Condition[] };

export type Series = {
  /** The event's name, or "*" for all events. */
  event: string;
  aggregation: AggregationType;
  /** The numeric property, where the aggregation is over one. */
  property?: string;
  filter: Filter;
  /** What the reader calls it, in place of the words for what it measures. */
  label?: string;
};

/** Splits an answer into groups, by the values of a property. */
export type Breakdown = {
  scope: Scope;
  property: string;
  /** How many groups are named; the rest is one more. */
  limit: number;
};

/** What is calculated of a trend's series in each bucket. One that is half made takes no part in the query. */
export type Formula = {
  /** Letters for the series, numbers, + - * / and parentheses. */
  expression: string;
  /** What the reader calls it, in place of the expression. */
  label?: string;
};

/** An event and its own filters: one step of a funnel, or one series of a stickiness. */
export type Step = { event: string; filter: Filter };

type Common = {
  filter: Filter;
  period: Period;
  timezone: string;
};

export type TrendQuestion = Common & {
  kind: "trend";
  series: Series[];
  formulas: Formula[];
  /** Null follows the period. */
  interval: Interval | null;
  breakdown: Breakdown | null;
  /** Whether the period before stands beside it. */
  compare: boolean;
  view: View;
};

export type FunnelQuestion = Common & {
  kind: "funnel";
  steps: Step[];
  /** The time from a user's first step to the last, such as 7d. */
  window: string;
  breakdown: Breakdown | null;
};

export type RetentionQuestion = Common & {
  kind: "retention";
  cohortEvent: string;
  returnEvent: string;
  /** Null follows the period. */
  interval: RetentionInterval | null;
  periods: number;
  view: RetentionView;
};

export type StickinessQuestion = Common & {
  kind: "stickiness";
  series: Step[];
  /** Null follows the period. */
  interval: RetentionInterval | null;
  view: StickinessView;
};

export type LifecycleQuestion = Common & {
  kind: "lifecycle";
  event: string;
  /** Null follows the period. */
  interval: RetentionInterval | null;
  view: LifecycleView;
};

export type PathsQuestion = Common & {
  kind: "paths";
  event: string;
  direction: Direction;
  /** How many events of a path are looked at. */
  steps: number;
  /** The time between the event and the last step, such as 7d. */
  window: string;
  /** How many events of a step are named; the others are one rest. */
  limit: number;
};

/** All that the page needs to ask and to show one question: what the URL holds. */
export type Question =
  TrendQuestion | FunnelQuestion | RetentionQuestion | StickinessQuestion | LifecycleQuestion | PathsQuestion;

export const ALL_EVENTS = "*";
export const MAX_SERIES = 10;
export const MAX_FORMULAS = 10;
export const MAX_CONDITIONS = 50;
export const MIN_STEPS = 2;
export const MAX_STEPS = 10;
export const MAX_PERIODS = 60;
export const MAX_GROUPS = 1000;
export const DEFAULT_GROUPS = 10;
export const DEFAULT_WINDOW = "7d";
export const DEFAULT_PERIODS = 12;
export const MAX_PATH_STEPS = 5;
export const DEFAULT_PATH_STEPS = 3;
export const MAX_PATH_EVENTS = 50;
export const DEFAULT_PATH_EVENTS = 10;

export const KINDS = [
  "trend",
  "funnel",
  "retention",
  "stickiness",
  "lifecycle",
  "paths",
] as const satisfies readonly Kind[];

export const VIEWS = ["line", "area", "bar", "stacked", "table", "number"] as const satisfies readonly View[];

export const RETENTION_VIEWS = ["percent", "users"] as const satisfies readonly RetentionView[];

export const STICKINESS_VIEWS = ["bar", "line", "table"] as const satisfies readonly StickinessView[];

export const LIFECYCLE_VIEWS = ["stacked", "table"] as const satisfies readonly LifecycleView[];

export const DIRECTIONS = ["after", "before"] as const satisfies readonly Direction[];

export const RETENTION_INTERVALS = ["day", "week", "month"] as const satisfies readonly RetentionInterval[];

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

export const COHORT_OPERATORS = ["in", "not_in"] as const satisfies readonly CohortOperator[];

export const EMPTY_FILTER: Filter = { match: "all", conditions: [] };

export const NEW_SERIES: Series = { event: ALL_EVENTS, aggregation: "total", filter: EMPTY_FILTER };

export const NEW_STEP: Step = { event: ALL_EVENTS, filter: EMPTY_FILTER };

export const NEW_CONDITION: PropertyCondition = { scope: "event", property: "", operator: "equals" };

/** The question that the page opens with. */
export function defaultQuestion(timezone: string): TrendQuestion {
  return newTrend(commonDefaults(timezone));
}

/** The question of a kind that an address begins with, before it says anything more. */
export function blankQuestion(kind: Kind, timezone: string): Question {
  const common = commonDefaults(timezone);
  switch (kind) {
    case "trend":
      return newTrend(common);
    case "funnel":
      return newFunnel(common);
    case "retention":
      return newRetention(common);
    case "stickiness":
      return newStickiness(common);
    case "lifecycle":
      return newLifecycle(common);
    case "paths":
      return newPaths(common);
  }
}

function commonDefaults(timezone: string): Common {
  return { filter: EMPTY_FILTER, period: { kind: "last", last: "4w" }, timezone };
}

function newTrend({ filter, period, timezone }: Common): TrendQuestion {
  return {
    kind: "trend",
    series: [NEW_SERIES],
    formulas: [],
    filter,
    period,
    interval: null,
    timezone,
    breakdown: null,
    compare: false,
    view: "line",
  };
}

function newFunnel({ filter, period, timezone }: Common): FunnelQuestion {
  return {
    kind: "funnel",
    steps: [NEW_STEP, NEW_STEP],
    window: DEFAULT_WINDOW,
    filter,
    period,
    timezone,
    breakdown: null,
  };
}

function newRetention({ filter, period, timezone }: Common): RetentionQuestion {
  return {
    kind: "retention",
    cohortEvent: ALL_EVENTS,
    returnEvent: ALL_EVENTS,
    filter,
    period,
    interval: null,
    periods: DEFAULT_PERIODS,
    timezone,
    view: "percent",
  };
}

function newStickiness({ filter, period, timezone }: Common): StickinessQuestion {
  return { kind: "stickiness", series: [NEW_STEP], filter, period, interval: null, timezone, view: "bar" };
}

function newLifecycle({ filter, period, timezone }: Common): LifecycleQuestion {
  return { kind: "lifecycle", event: ALL_EVENTS, filter, period, interval: null, timezone, view: "stacked" };
}

function newPaths({ filter, period, timezone }: Common): PathsQuestion {
  return {
    kind: "paths",
    event: ALL_EVENTS,
    direction: "after",
    steps: DEFAULT_PATH_STEPS,
    window: DEFAULT_WINDOW,
    limit: DEFAULT_PATH_EVENTS,
    filter,
    period,
    timezone,
  };
}

/**
 * The question as one of another kind: the period and the filters stay, and so
 * do the events, as far as the kind has a place for them.
 */
export function asKind(question: Question, kind: Kind): Question {
  if (question.kind === kind) return question;
  const events = stepsOf(question);
  const first = events[0]?.event ?? ALL_EVENTS;
  const breakdown = hasBreakdown(question) ? question.breakdown : null;
  switch (kind) {
    case "trend": {
      const series = events.map((step): Series => ({ ...NEW_SERIES, ...step }));
      return { ...newTrend(question), series, breakdown };
    }
    case "funnel": {
      const [only = NEW_STEP] = events;
      return {
        ...newFunnel(question),
        steps: events.length < MIN_STEPS ? [only, only] : events,
        breakdown,
      };
    }
    case "retention":
      return {
        ...newRetention(question),
        cohortEvent: first,
        returnEvent: events.at(-1)?.event ?? ALL_EVENTS,
      };
    case "stickiness":
      return { ...newStickiness(question), series: events };
    case "lifecycle":
      return { ...newLifecycle(question), event: first };
    case "paths":
      return { ...newPaths(question), event: first };
  }
}

function stepsOf(question: Question): Step[] {
  switch (question.kind) {
    case "trend":
      return question.series.map(({ event, filter }) => ({ event, filter }));
    case "funnel":
      return question.steps;
    case "retention": {
      const { cohortEvent, returnEvent } = question;
      const events = cohortEvent === returnEvent ? [cohortEvent] : [cohortEvent, returnEvent];
      return events.map((event) => ({ event, filter: EMPTY_FILTER }));
    }
    case "stickiness":
      return question.series;
    case "lifecycle":
    case "paths":
      return [{ event: question.event, filter: EMPTY_FILTER }];
  }
}

/** Whether the question is of a kind that can be broken down. */
export function hasBreakdown(question: Question): question is TrendQuestion | FunnelQuestion {
  return question.kind === "trend" || question.kind === "funnel";
}

/** Whether the question is of a kind that goes by intervals. */
export function hasInterval(
  question: Question,
): question is TrendQuestion | RetentionQuestion | StickinessQuestion | LifecycleQuestion {
  return question.kind !== "funnel" && question.kind !== "paths";
}

/** The events that the question is about, each once. */
export function eventsOf(question: Question): string[] {
  return [...new Set(stepsOf(question).map(({ event }) => event))];
}

/** Whether a retention can have so many periods. */
export function isPeriods(periods: number): boolean {
  return Number.isInteger(periods) && periods >= 1 && periods <= MAX_PERIODS;
}

/** Whether paths can have so many steps. */
export function isPathSteps(steps: number): boolean {
  return Number.isInteger(steps) && steps >= 1 && steps <= MAX_PATH_STEPS;
}

/** Whether so many events of a path's step can be named. */
export function isPathLimit(limit: number): boolean {
  return Number.isInteger(limit) && limit >= 1 && limit <= MAX_PATH_EVENTS;
}

/** Whether a breakdown can name so many groups. */
export function isGroupLimit(limit: number): boolean {
  return Number.isInteger(limit) && limit >= 1 && limit <= MAX_GROUPS;
}

/** Whether the aggregation is over a numeric property rather than a count. */
export function isPropertyAggregation(type: AggregationType): type is PropertyAggregation {
  return (PROPERTY_AGGREGATIONS as readonly string[]).includes(type);
}

/** The letter that names a series on the page: A for the first. */
export function seriesLetter(index: number): string {
  return String.fromCharCode(65 + index);
}
