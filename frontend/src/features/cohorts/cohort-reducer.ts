import type { PropertyType } from "../explore/operators";
import {
  defaultQuestion,
  type FunnelQuestion,
  type Operator,
  type Period,
  type PropertyCondition,
} from "../explore/question";
import { questionReducer, type QuestionAction } from "../explore/question-reducer";
import {
  MAX_AT_LEAST,
  MAX_CONDITIONS,
  NEW_ATTRIBUTE,
  NEW_EVENT,
  NEW_FUNNEL,
  type AttributeCondition,
  type CohortDraft,
  type DraftCondition,
  type EventCondition,
  type FunnelCondition,
  type Outcome,
} from "./cohort-draft";

export type CohortAction =
  | { type: "name"; name: string }
  | { type: "description"; description: string }
  | { type: "match"; match: CohortDraft["match"] }
  | { type: "timezone"; timezone: string }
  | { type: "add"; condition: "attribute" | "event" | "funnel" }
  | { type: "remove"; index: number }
  | { type: "attribute"; index: number; property: string; types: readonly PropertyType[] }
  | { type: "operator"; index: number; operator: Operator }
  | { type: "value"; index: number; value: PropertyCondition["value"] }
  | { type: "event"; index: number; event: string }
  | { type: "done"; index: number; done: boolean }
  | { type: "at-least"; index: number; atLeast: number }
  | { type: "period"; index: number; period: Period }
  | { type: "outcome"; index: number; outcome: Outcome }
  | { type: "step"; index: number; step: number }
  /** What is done to the steps of a funnel, as Explore does it to its own. */
  | { type: "funnel"; index: number; action: QuestionAction }
  /** What is done to an event's filters, as Explore does it to its own. */
  | { type: "filter"; index: number; action: QuestionAction };

const NEW = { attribute: NEW_ATTRIBUTE, event: NEW_EVENT, funnel: NEW_FUNNEL };

/** The cohort after an action; the same object where the action changes nothing. */
export function cohortReducer(draft: CohortDraft, action: CohortAction): CohortDraft {
  switch (action.type) {
    case "name":
      return { ...draft, name: action.name };
    case "description":
      return { ...draft, description: action.description };
    case "match":
      return { ...draft, match: action.match };
    case "timezone":
      return { ...draft, timezone: action.timezone };
    case "add": {
      if (draft.conditions.length >= MAX_CONDITIONS) return draft;
      return { ...draft, conditions: [...draft.conditions, NEW[action.condition]] };
    }
    case "remove":
      return draft.conditions[action.index]
        ? { ...draft, conditions: draft.conditions.toSpliced(action.index, 1) }
        : draft;
    case "attribute":
      return editAttribute(draft, action.index, {
        type: "condition/property",
        target: "all",
        index: 0,
        scope: "user",
        property: action.property,
        types: action.types,
      });
    case "operator":
      return editAttribute(draft, action.index, {
        type: "condition/operator",
        target: "all",
        index: 0,
        operator: action.operator,
      });
    case "value":
      return editAttribute(draft, action.index, {
        type: "condition/value",
        target: "all",
        index: 0,
        value: action.value,
      });
    case "event":
      return editEvent(draft, action.index, (one) => ({ ...one, event: action.event }));
    case "done":
      return editEvent(draft, action.index, (one) => ({ ...one, done: action.done }));
    case "at-least": {
      const { atLeast } = action;
      const possible = Number.isInteger(atLeast) && atLeast >= 1 && atLeast <= MAX_AT_LEAST;
      return possible ? editEvent(draft, action.index, (one) => ({ ...one, atLeast })) : draft;
    }
    case "period":
      return edit(draft, action.index, (one) =>
        one.type === "event" || one.type === "funnel" ? { ...one, period: action.period } : one,
      );
    case "outcome":
      return editFunnel(draft, action.index, (one) => ({ ...one, outcome: action.outcome }));
    case "step":
      return editFunnel(draft, action.index, (one) =>
        action.step >= 1 && action.step < one.steps.length ? { ...one, step: action.step } : one,
      );
    case "funnel":
      return editFunnel(draft, action.index, (one) => afterFunnelAction(one, action.action));
    case "filter":
      return editEvent(draft, action.index, (one) => {
        const filter = afterFilterAction(one.filter, action.action);
        return filter === one.filter ? one : { ...one, filter };
      });
  }
}

/** A filter is edited as that of a question is, which knows the rules of operators and values. */
function afterFilterAction(filter: EventCondition["filter"], action: QuestionAction) {
  return questionReducer({ ...defaultQuestion("UTC"), filter }, action).filter;
}

function editAttribute(draft: CohortDraft, index: number, action: QuestionAction): CohortDraft {
  return edit(draft, index, (one) => {
    if (one.type !== "attribute") return one;
    const filter = { match: "all" as const, conditions: [one.condition] };
    const [condition] = afterFilterAction(filter, action).conditions;
    return condition && condition.scope !== "cohort" && condition !== one.condition
      ? ({ type: "attribute", condition } satisfies AttributeCondition)
      : one;
  });
}

/** A funnel is edited as the question is. A step that is taken away may be the one that users stop at. */
function afterFunnelAction(one: FunnelCondition, action: QuestionAction): FunnelCondition {
  const { steps, window, filter, period } = one;
  const asked: FunnelQuestion = {
    kind: "funnel",
    steps,
    window,
    filter,
    period,
    timezone: "UTC",
    breakdown: null,
  };
  const next = questionReducer(asked, action);
  if (next === asked || next.kind !== "funnel") return one;
  const step = Math.min(one.step, next.steps.length - 1);
  return { ...one, steps: next.steps, window: next.window, filter: next.filter, step };
}

function editFunnel(
  draft: CohortDraft,
  index: number,
  change: (condition: FunnelCondition) => FunnelCondition,
): CohortDraft {
  return edit(draft, index, (one) => (one.type === "funnel" ? change(one) : one));
}

function editEvent(
  draft: CohortDraft,
  index: number,
  change: (condition: EventCondition) => EventCondition,
): CohortDraft {
  return edit(draft, index, (one) => (one.type === "event" ? change(one) : one));
}

function edit(
  draft: CohortDraft,
  index: number,
  change: (condition: DraftCondition) => DraftCondition,
): CohortDraft {
  const one = draft.conditions[index];
  if (!one) return draft;
  const changed = change(one);
  return changed === one ? draft : { ...draft, conditions: draft.conditions.with(index, changed) };
}
