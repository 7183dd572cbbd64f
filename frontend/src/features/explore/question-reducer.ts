import type { PropertyType } from "./operators";
import { firstOperator, operatorsFor, valueShape, withOperator } from "./operators";
import { intervalsFor, isWindow, retentionIntervalsFor } from "./period";
import {
  EMPTY_FILTER,
  MAX_CONDITIONS,
  MAX_SERIES,
  MAX_STEPS,
  MIN_STEPS,
  NEW_CONDITION,
  NEW_SERIES,
  NEW_STEP,
  RETENTION_INTERVALS,
  asKind,
  isPeriods,
  isPropertyAggregation,
  type AggregationType,
  type Breakdown,
  type Condition,
  type Filter,
  type FunnelQuestion,
  type Interval,
  type Kind,
  type Operator,
  type Period,
  type Question,
  type RetentionQuestion,
  type RetentionView,
  type Scope,
  type Series,
  type Step,
  type TrendQuestion,
  type View,
} from "./question";

/** Which filter an action is about: a series' or a step's own, by its index, or the one over all of them. */
export type FilterTarget = number | "all";

export type QuestionAction =
  | { type: "series/add" }
  | { type: "series/duplicate"; index: number }
  | { type: "series/remove"; index: number }
  | { type: "series/event"; index: number; event: string }
  | { type: "series/aggregation"; index: number; aggregation: AggregationType }
  | { type: "series/property"; index: number; property: string }
  | { type: "series/label"; index: number; label: string }
  | { type: "series/move"; index: number; to: number }
  | { type: "step/add" }
  | { type: "step/remove"; index: number }
  | { type: "step/event"; index: number; event: string }
  | { type: "step/move"; index: number; to: number }
  | { type: "window"; window: string }
  | { type: "cohort"; event: string }
  | { type: "return"; event: string }
  | { type: "periods"; periods: number }
  | { type: "breakdown"; breakdown: Breakdown | null }
  | { type: "compare"; compare: boolean }
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
  | { type: "kind"; kind: Kind }
  | { type: "view"; view: View }
  | { type: "retention/view"; view: RetentionView }
  | { type: "replace"; question: Question };

/** The question after an action; the same object where the action changes nothing. */
export function questionReducer(question: Question, action: QuestionAction): Question {
  switch (action.type) {
    case "series/add":
      return editTrend(question, (trend) =>
        withSeries(trend, [...trend.series, { ...NEW_SERIES, event: lastEvent(trend) }]),
      );
    case "series/duplicate":
      return editTrend(question, (trend) => {
        const original = trend.series[action.index];
        if (!original) return trend;
        // Two of one name could not be told apart.
        const copy = structuredClone(original);
        delete copy.label;
        return withSeries(trend, trend.series.toSpliced(action.index + 1, 0, copy));
      });
    case "series/remove":
      return editTrend(question, (trend) =>
        trend.series.length === 1
          ? withSeries(trend, [NEW_SERIES])
          : withSeries(trend, trend.series.toSpliced(action.index, 1)),
      );
    case "series/move":
      return editTrend(question, (trend) => {
        const series = moved(trend.series, action.index, action.to);
        return series === trend.series ? trend : { ...trend, series };
      });
    case "series/label":
      return editSeries(question, action.index, (series) => {
        const label = action.label.trim();
        const named: Series = { ...series, label };
        if (label === "") delete named.label;
        return named;
      });
    case "step/add":
      return editFunnel(question, (funnel) =>
        funnel.steps.length >= MAX_STEPS
          ? funnel
          : {
              ...funnel,
              steps: [...funnel.steps, { ...NEW_STEP, event: funnel.steps.at(-1)?.event ?? "*" }],
            },
      );
    case "step/remove":
      return editFunnel(question, (funnel) =>
        funnel.steps.length <= MIN_STEPS
          ? funnel
          : { ...funnel, steps: funnel.steps.toSpliced(action.index, 1) },
      );
    case "step/event":
      return editFunnel(question, (funnel) =>
        editStep(funnel, action.index, (step) => ({ ...step, event: action.event })),
      );
    case "step/move":
      return editFunnel(question, (funnel) => {
        const steps = moved(funnel.steps, action.index, action.to);
        return steps === funnel.steps ? funnel : { ...funnel, steps };
      });
    case "window":
      return editFunnel(question, (funnel) =>
        isWindow(action.window) && action.window !== funnel.window
          ? { ...funnel, window: action.window }
          : funnel,
      );
    case "cohort":
      return editRetention(question, (retention) => ({ ...retention, cohortEvent: action.event }));
    case "return":
      return editRetention(question, (retention) => ({ ...retention, returnEvent: action.event }));
    case "periods":
      return editRetention(question, (retention) =>
        isPeriods(action.periods) && action.periods !== retention.periods
          ? { ...retention, periods: action.periods }
          : retention,
      );
    case "retention/view":
      return editRetention(question, (retention) => ({ ...retention, view: action.view }));
    case "breakdown":
      return question.kind === "retention" ? question : { ...question, breakdown: action.breakdown };
    case "compare":
      return editTrend(question, (trend) => ({ ...trend, compare: action.compare }));
    case "kind":
      return asKind(question, action.kind);
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
    case "period":
      return withPeriod(question, action.period);
    case "interval":
      return withInterval(question, action.interval);
    case "timezone":
      return { ...question, timezone: action.timezone };
    case "view":
      return editTrend(question, (trend) => ({ ...trend, view: action.view }));
    case "replace":
      return action.question;
  }
}

/** A chosen interval stays while it makes sense for the new period. */
function withPeriod(question: Question, period: Period): Question {
  switch (question.kind) {
    case "trend": {
      const { interval } = question;
      const kept = interval !== null && intervalsFor(period).includes(interval) ? interval : null;
      return { ...question, period, interval: kept };
    }
    case "retention": {
      const { interval } = question;
      const kept = interval !== null && retentionIntervalsFor(period).includes(interval) ? interval : null;
      return { ...question, period, interval: kept };
    }
    case "funnel":
      return { ...question, period };
  }
}

function withInterval(question: Question, interval: Interval | null): Question {
  switch (question.kind) {
    case "trend":
      return { ...question, interval };
    case "retention": {
      const known = RETENTION_INTERVALS.find((one) => one === interval);
      return interval === null || known ? { ...question, interval: known ?? null } : question;
    }
    case "funnel":
      return question;
  }
}

// An action for another kind of question, such as one that Back has just left, changes nothing.
function editTrend(question: Question, edit: (trend: TrendQuestion) => TrendQuestion): Question {
  return question.kind === "trend" ? edit(question) : question;
}

function editFunnel(question: Question, edit: (funnel: FunnelQuestion) => FunnelQuestion): Question {
  return question.kind === "funnel" ? edit(question) : question;
}

function editRetention(
  question: Question,
  edit: (retention: RetentionQuestion) => RetentionQuestion,
): Question {
  return question.kind === "retention" ? edit(question) : question;
}

function withSeries(question: TrendQuestion, series: Series[]): TrendQuestion {
  return series.length > MAX_SERIES ? question : { ...question, series };
}

/** The list with one item in another place; the same list where there is none, or no such place. */
function moved<T>(list: T[], from: number, to: number): T[] {
  const item = list[from];
  if (item === undefined || from === to || to < 0 || to >= list.length) return list;
  return list.toSpliced(from, 1).toSpliced(to, 0, item);
}

function lastEvent(question: TrendQuestion): string {
  return question.series.at(-1)?.event ?? NEW_SERIES.event;
}

function editSeries(question: Question, index: number, edit: (series: Series) => Series): Question {
  return editTrend(question, (trend) => {
    const series = trend.series[index];
    return series ? { ...trend, series: trend.series.with(index, edit(series)) } : trend;
  });
}

function editStep(question: FunnelQuestion, index: number, edit: (step: Step) => Step): FunnelQuestion {
  const step = question.steps[index];
  return step ? { ...question, steps: question.steps.with(index, edit(step)) } : question;
}

function editFilter(question: Question, target: FilterTarget, edit: (filter: Filter) => Filter): Question {
  if (target === "all") return { ...question, filter: edit(question.filter) };
  switch (question.kind) {
    case "trend":
      return editSeries(question, target, (series) => ({ ...series, filter: edit(series.filter) }));
    case "funnel":
      return editStep(question, target, (step) => ({ ...step, filter: edit(step.filter) }));
    case "retention":
      return question;
  }
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
