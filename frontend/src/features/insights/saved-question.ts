// How a question of Explore becomes a saved insight, and comes back.
import type { Insight, Query } from "../../api/saved";
import { isLast } from "../explore/period";
import {
  VIEWS,
  defaultQuestion,
  type Condition,
  type Filter,
  type Period,
  DEFAULT_GROUPS,
  RETENTION_VIEWS,
  type Question,
  type View,
} from "../explore/question";
import { toQuery, type TrendQuery } from "../explore/query";
import type { ShownAs } from "../explore/results";
import { readQuestion, writeQuestion } from "../explore/question-url";

type Filters = TrendQuery["filters"];

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
  return isTrend(kept.query) ? fromTrend(kept.query, trendViewOf(kept)) : null;
}

/** How the answer is drawn; undefined for its kind's own way. */
export function viewOf(kept: Kept): ShownAs | undefined {
  return [...VIEWS, ...RETENTION_VIEWS].find((view) => view === kept.display?.view);
}

function trendViewOf(kept: Kept): View {
  return VIEWS.find((view) => view === kept.display?.view) ?? "line";
}

export function isTrend(query: Query): query is TrendQuery {
  return kindOf(query) === "trend";
}

/** The query's kind. A program may have left it out, though the generated type has it always. */
export function kindOf({ kind = "trend" }: { kind?: Query["kind"] }): Query["kind"] {
  return kind;
}

/** A program may have left it out, though the generated type has it always. */
function limitOf({ limit = DEFAULT_GROUPS }: { limit?: number }): number {
  return limit;
}

function fromTrend(query: TrendQuery, view: View): Question | null {
  const { range, breakdown } = query;
  // What the builder cannot show it would lose with the next save.
  if ([query.filters, ...query.series.map(({ filters }) => filters)].some(namesCohort)) return null;
  const period: Period =
    "last" in range ? { kind: "last", last: range.last } : { kind: "days", from: range.from, to: range.to };
  if (period.kind === "last" && !isLast(period.last)) return null;
  return {
    ...defaultQuestion(query.timezone ?? "UTC"),
    series: query.series.map(({ event, aggregation, filters }) => ({
      event,
      aggregation: aggregation.type,
      ...("property" in aggregation ? { property: aggregation.property } : {}),
      filter: fromFilters(filters),
    })),
    filter: fromFilters(query.filters),
    period,
    interval: query.interval,
    breakdown: breakdown ? { ...breakdown, limit: limitOf(breakdown) } : null,
    compare: query.compare === "previous_period",
    view,
  };
}

function namesCohort(filters: Filters): boolean {
  return (filters?.conditions ?? []).some(({ scope }) => scope === "cohort");
}

/** The server's filters as Explore edits them. */
export function fromFilters(filters: Filters): Filter {
  return {
    match: filters?.match ?? "all",
    conditions: (filters?.conditions ?? []).flatMap((asked): Condition[] => {
      if (asked.scope === "cohort") return [];
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
