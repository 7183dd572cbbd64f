import type { PropertyType } from "./operators";
import { firstOperator, operatorsFor, valueShape, withOperator } from "./operators";
import { intervalsFor } from "./period";
import {
  EMPTY_FILTER,
  MAX_CONDITIONS,
  MAX_SERIES,
  NEW_CONDITION,
  NEW_SERIES,
  isPropertyAggregation,
  type AggregationType,
  type Condition,
  type Filter,
  type Interval,
  type Operator,
  type Period,
  type Question,
  type Scope,
  type Series,
  type View,
} from "./question";

/** Which filter an action is about: a series' own, by its index, or the one over all series. */
export type FilterTarget = number | "all";

export type QuestionAction =
  | { type: "series/add" }
  | { type: "series/duplicate"; index: number }
  | { type: "series/remove"; index: number }
  | { type: "series/event"; index: number; event: string }
  | { type: "series/aggregation"; index: number; aggregation: AggregationType }
  | { type: "series/property"; index: number; property: string }
  | { type: "condition/add"; target: FilterTarget }
  | { type: "condition/remove"; target: FilterTarget; index: number }
  | {
      type: "condition/property";
      target: FilterTarget;
      index: number;
      scope: Scope;
      property: string;
      /** What the catalogue knows of the property; empty when it does not know it. */
      types: readonly PropertyType[];
    }
  | { type: "condition/operator"; target: FilterTarget; index: number; operator: Operator }
  | { type: "condition/value"; target: FilterTarget; index: number; value: Condition["value"] }
  | { type: "filter/match"; target: FilterTarget; match: Filter["match"] }
  | { type: "period"; period: Period }
  | { type: "interval"; interval: Interval | null }
  | { type: "timezone"; timezone: string }
  | { type: "view"; view: View }
  | { type: "replace"; question: Question };

/** The question after an action; the same object where the action changes nothing. */
export function questionReducer(question: Question, action: QuestionAction): Question {
  switch (action.type) {
    case "series/add":
      return withSeries(question, [...question.series, { ...NEW_SERIES, event: lastEvent(question) }]);
    case "series/duplicate": {
      const original = question.series[action.index];
      if (!original) return question;
      return withSeries(question, question.series.toSpliced(action.index + 1, 0, structuredClone(original)));
    }
    case "series/remove":
      if (question.series.length === 1) return withSeries(question, [NEW_SERIES]);
      return withSeries(question, question.series.toSpliced(action.index, 1));
    case "series/event":
      return editSeries(question, action.index, (series) => ({ ...series, event: action.event }));
    case "series/aggregation":
      return editSeries(question, action.index, ({ property, ...rest }) => {
        const series: Series = { ...rest, aggregation: action.aggregation };
        // A property survives a change from sum to p90, and a detour by total does not need it.
        return property !== undefined && isPropertyAggregation(action.aggregation)
          ? { ...series, property }
          : series;
      });
    case "series/property":
      return editSeries(question, action.index, (series) => ({ ...series, property: action.property }));
    case "condition/add":
      return editFilter(question, action.target, (filter) =>
        filter.conditions.length >= MAX_CONDITIONS
          ? filter
          : { ...filter, conditions: [...filter.conditions, NEW_CONDITION] },
      );
    case "condition/remove":
      return editFilter(question, action.target, (filter) => {
        const conditions = filter.conditions.toSpliced(action.index, 1);
        return conditions.length === 0 ? EMPTY_FILTER : { ...filter, conditions };
      });
    case "condition/property":
      return editCondition(question, action.target, action.index, (condition) =>
        withProperty(condition, action.scope, action.property, action.types),
      );
    case "condition/operator":
      return editCondition(question, action.target, action.index, (condition) =>
        withOperator(condition, action.operator),
      );
    case "condition/value":
      return editCondition(question, action.target, action.index, ({ scope, property, operator }) =>
        action.value === undefined || valueShape(operator) === "none"
          ? { scope, property, operator }
          : { scope, property, operator, value: action.value },
      );
    case "filter/match":
      return editFilter(question, action.target, (filter) => ({ ...filter, match: action.match }));
    case "period": {
      const { interval } = question;
      // A chosen interval stays while it makes sense for the new period.
      const kept = interval !== null && intervalsFor(action.period).includes(interval) ? interval : null;
      return { ...question, period: action.period, interval: kept };
    }
    case "interval":
      return { ...question, interval: action.interval };
    case "timezone":
      return { ...question, timezone: action.timezone };
    case "view":
      return { ...question, view: action.view };
    case "replace":
      return action.question;
  }
}

function withSeries(question: Question, series: Series[]): Question {
  return series.length > MAX_SERIES ? question : { ...question, series };
}

function lastEvent(question: Question): string {
  return question.series.at(-1)?.event ?? NEW_SERIES.event;
}

function editSeries(question: Question, index: number, edit: (series: Series) => Series): Question {
  const series = question.series[index];
  return series ? { ...question, series: question.series.with(index, edit(series)) } : question;
}

function editFilter(question: Question, target: FilterTarget, edit: (filter: Filter) => Filter): Question {
  if (target === "all") return { ...question, filter: edit(question.filter) };
  return editSeries(question, target, (series) => ({ ...series, filter: edit(series.filter) }));
}

function editCondition(
  question: Question,
  target: FilterTarget,
  index: number,
  edit: (condition: Condition) => Condition,
): Question {
  return editFilter(question, target, (filter) => {
    const condition = filter.conditions[index];
    return condition ? { ...filter, conditions: filter.conditions.with(index, edit(condition)) } : filter;
  });
}

/** Another property has other values: only an operator that fits it stays, and its value goes. */
function withProperty(
  condition: Condition,
  scope: Scope,
  property: string,
  types: readonly PropertyType[],
): Condition {
  if (condition.property === property && condition.scope === scope) return condition;
  const fits = condition.property !== "" && operatorsFor(types).includes(condition.operator);
  return { scope, property, operator: fits ? condition.operator : firstOperator(types) };
}
