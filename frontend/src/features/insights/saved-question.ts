// How a question of Explore becomes a saved insight, and comes back.
import type { Insight, Query } from "../../api/saved";
import { isLast } from "../explore/period";
import {
  DEFAULT_GROUPS,
  DEFAULT_PATH_EVENTS,
  LIFECYCLE_VIEWS,
  RETENTION_VIEWS,
  STICKINESS_VIEWS,
  VIEWS,
  type Breakdown,
  type Condition,
  type Filter,
  type Period,
  type Question,
  type Step,
} from "../explore/question";
import { toQuery, type FunnelQuery, type TrendQuery } from "../explore/query";
import type { ShownAs } from "../explore/results";
import { readQuestion, writeQuestion } from "../explore/question-url";

type Filters = TrendQuery["filters"];
type StepQuery = FunnelQuery["steps"][number];

/** What of an insight is the question, rather than its name. */
export type Kept = Pick<Insight, "query" | "display">;

// The server takes 8,192 bytes, and the view needs some of them.
const MAX_ADDRESS = 8_000;

/**
 * The question as it is saved: the query, for the server and for programs, and
 * the address, from which the builder comes back as it was; null while the
 * question is unfinished.
 */
export function toKept(question: Question, now: Date): Kept | null {
  const asked = toQuery(question, now);
  if (asked.kind === "unfinished") return null;
  const address = writeQuestion(question);
  const short = new TextEncoder().encode(JSON.stringify(address)).length <= MAX_ADDRESS;
  return {
    query: asked.query,
    display: {
      ...("view" in question ? { view: question.view } : {}),
      ...(short ? { address } : {}),
    },
  };
}

/**
 * The question of a saved insight; null when the builder has none for it. The
 * address counts while it still comes to the query: a program may have changed
 * that alone.
 */
export function fromKept(kept: Kept, timezone: string, now: Date): Question | null {
  const address = kept.display?.address;
  if (typeof address === "string") {
    const { question, problems } = readQuestion(address, timezone);
    const asked = toQuery(question, now);
    if (problems.length === 0 && asked.kind === "query" && same(asked.query, kept.query)) return question;
  }
  return fromQuery(kept.query, viewOf(kept));
}

/** What the reader calls a trend's series, by their places, where the insight's address tells. */
export function labelsOf(kept: Kept, now: Date): (string | undefined)[] | undefined {
  const question = fromKept(kept, "UTC", now);
  return question?.kind === "trend" ? question.series.map(({ label }) => label) : undefined;
}

/** How the answer is drawn; undefined for its kind's own way. */
export function viewOf(kept: Kept): ShownAs | undefined {
  return [...VIEWS, ...RETENTION_VIEWS].find((view) => view === kept.display?.view);
}

/** The query's kind. A program may have left it out, though the generated type has it always. */
export function kindOf({ kind = "trend" }: { kind?: Query["kind"] }): Query["kind"] {
  return kind;
}

/** A program may have left it out, though the generated type has it always. */
function limitOf({ limit }: { limit?: number }, otherwise: number): number {
  return limit ?? otherwise;
}

/** The question that a query asks; null where the builder has no controls for a part of it. */
function fromQuery(query: Query, view: ShownAs | undefined): Question | null {
  const { range } = query;
  const period: Period =
    "last" in range ? { kind: "last", last: range.last } : { kind: "days", from: range.from, to: range.to };
  if (period.kind === "last" && !isLast(period.last)) return null;
  const common = { filter: fromFilters(query.filters), period, timezone: query.timezone ?? "UTC" };
  const kind = kindOf(query);
  // A query without a kind is a trend.
  const asked = { ...query, kind } as Query;
  switch (asked.kind) {
    case "trend":
      return fromTrend(asked, common, view);
    case "funnel":
      return {
        ...common,
        kind: "funnel",
        steps: asked.steps.map(toStep),
        window: asked.window,
        breakdown: toBreakdown(asked.breakdown),
      };
    case "retention":
      return {
        ...common,
        kind: "retention",
        cohortEvent: asked.cohort_event,
        returnEvent: asked.return_event,
        interval: asked.interval,
        periods: asked.periods,
        view: RETENTION_VIEWS.find((one) => one === view) ?? "percent",
      };
    case "stickiness":
      return {
        ...common,
        kind: "stickiness",
        series: asked.series.map(toStep),
        interval: asked.interval,
        view: STICKINESS_VIEWS.find((one) => one === view) ?? "bar",
      };
    case "lifecycle":
      return {
        ...common,
        kind: "lifecycle",
        event: asked.event,
        interval: asked.interval,
        view: LIFECYCLE_VIEWS.find((one) => one === view) ?? "stacked",
      };
    case "paths": {
      const { event, direction, steps, window } = asked;
      const limit = limitOf(asked, DEFAULT_PATH_EVENTS);
      return { ...common, kind: "paths", event, direction, steps, window, limit };
    }
  }
}

function fromTrend(
  query: TrendQuery,
  common: Pick<Question, "filter" | "period" | "timezone">,
  view: ShownAs | undefined,
): Question {
  return {
    ...common,
    kind: "trend",
    series: query.series.map(({ event, aggregation, filters }) => ({
      event,
      aggregation: aggregation.type,
      ...("property" in aggregation ? { property: aggregation.property } : {}),
      filter: fromFilters(filters),
    })),
    formulas: (query.formulas ?? []).map(({ name, expression }) =>
      name === undefined || name === expression ? { expression } : { expression, label: name },
    ),
    interval: query.interval,
    breakdown: toBreakdown(query.breakdown),
    compare: query.compare === "previous_period",
    view: VIEWS.find((one) => one === view) ?? "line",
  };
}

function toStep({ event, filters }: StepQuery): Step {
  return { event, filter: fromFilters(filters) };
}

function toBreakdown(breakdown: TrendQuery["breakdown"]): Breakdown | null {
  return breakdown ? { ...breakdown, limit: limitOf(breakdown, DEFAULT_GROUPS) } : null;
}

/** The server's filters as Explore edits them. */
export function fromFilters(filters: Filters): Filter {
  return {
    match: filters?.match ?? "all",
    conditions: (filters?.conditions ?? []).flatMap((asked): Condition[] => {
      if (asked.scope === "cohort") return [asked];
      const { scope, property, operator, value } = asked;
      const condition: Condition = { scope, property, operator };
      return [value === undefined ? condition : { ...condition, value }];
    }),
  };
}

/** Whether two JSON values are the same, whatever the order of their fields. */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
