// A cohort as it is edited, and how it becomes the server's definition and comes back.
import type { Cohort, CohortCondition, CohortDefinition } from "../../api/cohorts";
import type { Range } from "../../api/saved";
import { isComplete } from "../explore/operators";
import { isLast, isWindow } from "../explore/period";
import { toFilter } from "../explore/query";
import {
  ALL_EVENTS,
  EMPTY_FILTER,
  type PropertyCondition,
  DEFAULT_WINDOW,
  NEW_STEP,
  type Filter,
  type Period,
  type Scalar,
  type Step,
} from "../explore/question";
import { fromFilters } from "../insights/saved-question";

/** A condition may be half made, as one of Explore; then the cohort cannot be saved yet. */
export type AttributeCondition = { type: "attribute"; condition: PropertyCondition };

export type EventCondition = {
  type: "event";
  event: string;
  done: boolean;
  atLeast: number;
  period: Period;
  filter: Filter;
};

export const OUTCOMES = ["completed", "not_completed", "stopped_at"] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** How far the user came in a funnel. */
export type FunnelCondition = {
  type: "funnel";
  steps: Step[];
  window: string;
  outcome: Outcome;
  /** Of the outcome stopped_at: the step that was reached, from 1, while the next was not. */
  step: number;
  period: Period;
  filter: Filter;
};

/** A condition that this page has no controls for, kept as it is. */
export type OtherCondition = { type: "other"; raw: CohortCondition };

export type DraftCondition = AttributeCondition | EventCondition | FunnelCondition | OtherCondition;

export type CohortDraft = {
  name: string;
  description: string;
  match: "all" | "any";
  timezone: string;
  conditions: DraftCondition[];
};

export const MAX_CONDITIONS = 20;
export const MAX_AT_LEAST = 1_000_000_000;

export const NEW_ATTRIBUTE: AttributeCondition = {
  type: "attribute",
  condition: { scope: "user", property: "", operator: "equals" },
};

export const NEW_EVENT: EventCondition = {
  type: "event",
  event: ALL_EVENTS,
  done: true,
  atLeast: 1,
  period: { kind: "last", last: "30d" },
  filter: EMPTY_FILTER,
};

export const NEW_FUNNEL: FunnelCondition = {
  type: "funnel",
  steps: [NEW_STEP, NEW_STEP],
  window: DEFAULT_WINDOW,
  outcome: "not_completed",
  step: 1,
  period: { kind: "last", last: "30d" },
  filter: EMPTY_FILTER,
};

/** The cohort that the page begins a new one with. */
export function newCohort(timezone: string): CohortDraft {
  return { name: "", description: "", match: "all", timezone, conditions: [NEW_EVENT] };
}

/** A saved cohort, to be edited. */
export function toDraft({ name, description, definition }: Cohort): CohortDraft {
  return {
    name,
    description,
    ...withDefaults(definition),
    conditions: definition.conditions.map(fromCondition),
  };
}

// A program may have left these out, though the generated types have them always.
function withDefaults({ match = "all", timezone = "UTC" }: Partial<CohortDefinition>) {
  return { match, timezone };
}

function countDefaults({ done = true, at_least = 1 }: { done?: boolean; at_least?: number }) {
  return { done, atLeast: at_least };
}

/** A condition as the page edits it. */
export function fromCondition(raw: CohortCondition): DraftCondition {
  switch (raw.type) {
    case "attribute": {
      const { property, operator, value } = raw;
      const condition: PropertyCondition = { scope: "user", property, operator };
      return { type: "attribute", condition: value === undefined ? condition : { ...condition, value } };
    }
    case "event": {
      const { event, range, filters } = raw;
      const period = toPeriod(range);
      if (!period) return { type: "other", raw };
      return { type: "event", event, ...countDefaults(raw), period, filter: fromFilters(filters) };
    }
    case "funnel": {
      const { window, outcome, range, filters } = raw;
      const period = toPeriod(range);
      if (!period || !isWindow(window)) return { type: "other", raw };
      const steps = raw.steps.map((one): Step => ({ event: one.event, filter: fromFilters(one.filters) }));
      const step = raw.outcome === "stopped_at" ? raw.step : 1;
      return { type: "funnel", steps, window, outcome, step, period, filter: fromFilters(filters) };
    }
    default:
      return { type: "other", raw };
  }
}

/** A range as the page edits it; null for one that it has no controls for. */
function toPeriod(range: Range): Period | null {
  if (!("last" in range)) return { kind: "days", from: range.from, to: range.to };
  return isLast(range.last) ? { kind: "last", last: range.last } : null;
}

function toRange(period: Period): Range {
  return period.kind === "last" ? { last: period.last } : { from: period.from, to: period.to };
}

/** What a draft comes to: a definition, or what it still lacks. */
export type Defined =
  { kind: "definition"; definition: CohortDefinition } | { kind: "unfinished"; advice: string };

/** The draft as the server takes it. Half-made filters of an event take no part, as in Explore. */
export function toDefinition(draft: CohortDraft): Defined {
  if (draft.conditions.length === 0) return { kind: "unfinished", advice: "Add a condition." };
  const lacking = draft.conditions.findIndex((one) => one.type === "attribute" && !isComplete(one.condition));
  if (lacking >= 0) {
    const one = draft.conditions[lacking];
    const what = one?.type === "attribute" && one.condition.property === "" ? "an attribute" : "a value";
    return { kind: "unfinished", advice: `Choose ${what} in condition ${lacking + 1}.` };
  }
  return {
    kind: "definition",
    definition: {
      match: draft.match,
      timezone: draft.timezone,
      conditions: draft.conditions.map(toCondition),
    },
  };
}

function toCondition(draft: DraftCondition): CohortCondition {
  switch (draft.type) {
    case "attribute":
      return toAttribute(draft.condition);
    case "event": {
      const { event, done, atLeast, period, filter } = draft;
      const filters = toFilter(filter);
      return {
        type: "event",
        event,
        range: toRange(period),
        done,
        at_least: atLeast,
        ...(filters ? { filters } : {}),
      };
    }
    case "funnel": {
      const { window, outcome, step, period, filter } = draft;
      const filters = toFilter(filter);
      const steps = draft.steps.map((one) => {
        const own = toFilter(one.filter);
        return own ? { event: one.event, filters: own } : { event: one.event };
      });
      const common = {
        type: "funnel" as const,
        steps,
        window,
        range: toRange(period),
        ...(filters ? { filters } : {}),
      };
      return outcome === "stopped_at" ? { ...common, outcome, step } : { ...common, outcome };
    }
    case "other":
      return draft.raw;
  }
}

// isComplete has seen to it that the value has its operator's shape.
function toAttribute({ property, operator, value }: PropertyCondition): CohortCondition {
  const type = "attribute";
  switch (operator) {
    case "is_set":
    case "is_not_set":
      return { type, property, operator };
    case "in":
    case "not_in":
      return { type, property, operator, value: value as Scalar[] };
    case "contains":
    case "not_contains":
      return { type, property, operator, value: value as string };
    case "greater_than":
    case "greater_or_equal":
    case "less_than":
    case "less_or_equal":
      return { type, property, operator, value: value as number };
    case "equals":
    case "not_equals":
      return { type, property, operator, value: value as Scalar };
  }
}
