import type { PropertyType } from "../explore/operators";
import { defaultQuestion, type Operator, type Period, type PropertyCondition } from "../explore/question";
import { questionReducer, type QuestionAction } from "../explore/question-reducer";
import {
  MAX_AT_LEAST,
  MAX_CONDITIONS,
  NEW_ATTRIBUTE,
  NEW_EVENT,
  type AttributeCondition,
  type CohortDraft,
  type DraftCondition,
  type EventCondition,
} from "./cohort-draft";

export type CohortAction =
  | { type: "name"; name: string }
  | { type: "description"; description: string }
  | { type: "match"; match: CohortDraft["match"] }
  | { type: "timezone"; timezone: string }
  | { type: "add"; condition: "attribute" | "event" }
  | { type: "remove"; index: number }
  | { type: "attribute"; index: number; property: string; types: readonly PropertyType[] }
  | { type: "operator"; index: number; operator: Operator }
  | { type: "value"; index: number; value: PropertyCondition["value"] }
  | { type: "event"; index: number; event: string }
  | { type: "done"; index: number; done: boolean }
  | { type: "at-least"; index: number; atLeast: number }
  | { type: "period"; index: number; period: Period }
  /** What is done to an event's filters, as Explore does it to its own. */
  | { type: "filter"; index: number; action: QuestionAction };

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
      const condition = action.condition === "attribute" ? NEW_ATTRIBUTE : NEW_EVENT;
      return { ...draft, conditions: [...draft.conditions, condition] };
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
      return editEvent(draft, action.index, (one) => ({ ...one, period: action.period }));
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
