import type { PropertyType } from "./operators";
import { firstOperator, operatorsFor, valueShape, withOperator } from "./operators";
import { withPlaces } from "./formula";
import { intervalsFor, isWindow, retentionIntervalsFor } from "./period";
import {
  EMPTY_FILTER,
  MAX_CONDITIONS,
  MAX_FORMULAS,
  MAX_SERIES,
  MAX_STEPS,
  MIN_STEPS,
  NEW_CONDITION,
  NEW_SERIES,
  NEW_STEP,
  RETENTION_INTERVALS,
  asKind,
  hasBreakdown,
  hasInterval,
  isPathLimit,
  isPathSteps,
  isPeriods,
  isPropertyAggregation,
  type AggregationType,
  type Breakdown,
  type CohortCondition,
  type CohortOperator,
  type Condition,
  type Direction,
  type Filter,
  type Formula,
  type Interval,
  type Kind,
  type LifecycleView,
  type Operator,
  type PathsQuestion,
  type Period,
  type PropertyCondition,
  type Question,
  type RetentionQuestion,
  type RetentionView,
  type Scope,
  type Series,
  type Step,
  type StickinessView,
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
  | { type: "formula/add" }
  | { type: "formula/remove"; index: number }
  | { type: "formula/expression"; index: number; expression: string }
  | { type: "formula/label"; index: number; label: string }
  | { type: "step/add" }
  | { type: "step/duplicate"; index: number }
  | { type: "step/remove"; index: number }
  | { type: "step/event"; index: number; event: string }
  | { type: "step/move"; index: number; to: number }
  | { type: "window"; window: string }
  | { type: "event"; event: string }
  | { type: "direction"; direction: Direction }
  | { type: "path/steps"; steps: number }
  | { type: "path/limit"; limit: number }
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
  | { type: "condition/cohort"; target: FilterTarget; index: number; cohort: string | undefined }
  | { type: "condition/in-cohort"; target: FilterTarget; index: number; operator: CohortOperator }
  | { type: "condition/operator"; target: FilterTarget; index: number; operator: Operator }
  | { type: "condition/value"; target: FilterTarget; index: number; value: PropertyCondition["value"] }
  | { type: "filter/match"; target: FilterTarget; match: Filter["match"] }
  | { type: "period"; period: Period }
  | { type: "interval"; interval: Interval | null }
  | { type: "timezone"; timezone: string }
  | { type: "kind"; kind: Kind }
  | { type: "view"; view: View }
  | { type: "retention/view"; view: RetentionView }
  | { type: "stickiness/view"; view: StickinessView }
  | { type: "lifecycle/view"; view: LifecycleView }
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
        const after = withSeries(trend, trend.series.toSpliced(action.index + 1, 0, copy));
        return after === trend
          ? trend
          : withLetters(after, (place) => (place > action.index ? place + 1 : place));
      });
    case "series/remove":
      return editTrend(question, (trend) =>
        trend.series.length === 1
          ? withSeries(trend, [NEW_SERIES])
          : withLetters(withSeries(trend, trend.series.toSpliced(action.index, 1)), (place) =>
              place === action.index ? null : place > action.index ? place - 1 : place,
            ),
      );
    case "series/move":
      return editTrend(question, (trend) => {
        const series = moved(trend.series, action.index, action.to);
        if (series === trend.series) return trend;
        const places = moved([...trend.series.keys()], action.index, action.to);
        return withLetters({ ...trend, series }, (place) => {
          const to = places.indexOf(place);
          // A letter of no series keeps its place, and its mistake.
          return to < 0 ? place : to;
        });
      });
    case "series/label":
      return editSeries(question, action.index, (series) => labelled(series, action.label));
    case "formula/add":
      return editTrend(question, (trend) =>
        trend.formulas.length >= MAX_FORMULAS
          ? trend
          : { ...trend, formulas: [...trend.formulas, newFormula(trend)] },
      );
    case "formula/remove":
      return editTrend(question, (trend) => ({
        ...trend,
        formulas: trend.formulas.toSpliced(action.index, 1),
      }));
    case "formula/expression":
      return editFormula(question, action.index, (formula) => ({
        ...formula,
        expression: action.expression,
      }));
    case "formula/label":
      return editFormula(question, action.index, (formula) => labelled(formula, action.label));
    case "step/add":
      return editSteps(question, (steps) => [
        ...steps,
        { ...NEW_STEP, event: steps.at(-1)?.event ?? NEW_STEP.event },
      ]);
    case "step/duplicate":
      return editSteps(question, (steps) => {
        const original = steps[action.index];
        return original ? steps.toSpliced(action.index + 1, 0, original) : steps;
      });
    case "step/remove":
      return editSteps(question, (steps) => steps.toSpliced(action.index, 1));
    case "step/event":
      return editStep(question, action.index, (step) => ({ ...step, event: action.event }));
    case "step/move":
      return editSteps(question, (steps) => moved(steps, action.index, action.to));
    case "window":
      return (question.kind === "funnel" || question.kind === "paths") &&
        isWindow(action.window) &&
        action.window !== question.window
        ? { ...question, window: action.window }
        : question;
    case "event":
      return question.kind === "lifecycle" || question.kind === "paths"
        ? { ...question, event: action.event }
        : question;
    case "direction":
      return editPaths(question, (paths) => ({ ...paths, direction: action.direction }));
    case "path/steps":
      return editPaths(question, (paths) =>
        isPathSteps(action.steps) ? { ...paths, steps: action.steps } : paths,
      );
    case "path/limit":
      return editPaths(question, (paths) =>
        isPathLimit(action.limit) ? { ...paths, limit: action.limit } : paths,
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
    case "stickiness/view":
      return question.kind === "stickiness" ? { ...question, view: action.view } : question;
    case "lifecycle/view":
      return question.kind === "lifecycle" ? { ...question, view: action.view } : question;
    case "breakdown":
      return hasBreakdown(question) ? { ...question, breakdown: action.breakdown } : question;
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
    case "condition/cohort":
      return editCondition(question, action.target, action.index, (condition) => {
        const operator = condition.scope === "cohort" ? condition.operator : "in";
        const chosen: CohortCondition = { scope: "cohort", operator };
        return action.cohort === undefined ? chosen : { ...chosen, value: action.cohort };
      });
    case "condition/in-cohort":
      return editCondition(question, action.target, action.index, (condition) =>
        condition.scope === "cohort" ? { ...condition, operator: action.operator } : condition,
      );
    case "condition/operator":
      return editCondition(question, action.target, action.index, (condition) =>
        condition.scope === "cohort" ? condition : withOperator(condition, action.operator),
      );
    case "condition/value":
      return editCondition(question, action.target, action.index, (condition) => {
        if (condition.scope === "cohort") return condition;
        const { scope, property, operator } = condition;
        return action.value === undefined || valueShape(operator) === "none"
          ? { scope, property, operator }
          : { scope, property, operator, value: action.value };
      });
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
  if (!hasInterval(question)) return { ...question, period };
  if (question.kind === "trend") {
    const { interval } = question;
    const kept = interval !== null && intervalsFor(period).includes(interval) ? interval : null;
    return { ...question, period, interval: kept };
  }
  const { interval } = question;
  const kept = interval !== null && retentionIntervalsFor(period).includes(interval) ? interval : null;
  return { ...question, period, interval: kept };
}

function withInterval(question: Question, interval: Interval | null): Question {
  if (!hasInterval(question)) return question;
  if (question.kind === "trend") return { ...question, interval };
  const known = RETENTION_INTERVALS.find((one) => one === interval);
  return interval === null || known ? { ...question, interval: known ?? null } : question;
}

// An action for another kind of question, such as one that Back has just left, changes nothing.
function editTrend(question: Question, edit: (trend: TrendQuestion) => TrendQuestion): Question {
  return question.kind === "trend" ? edit(question) : question;
}

function editPaths(question: Question, edit: (paths: PathsQuestion) => PathsQuestion): Question {
  return question.kind === "paths" ? edit(question) : question;
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

/** The formulas after their series changed places: they go on to mean what they did. */
function withLetters(question: TrendQuestion, to: (place: number) => number | null): TrendQuestion {
  if (question.formulas.length === 0) return question;
  const formulas = question.formulas.map((formula) => ({
    ...formula,
    expression: withPlaces(formula.expression, to),
  }));
  return { ...question, formulas };
}

/** What most formulas are: the first series as a share of the second. */
function newFormula({ series }: TrendQuestion): Formula {
  return { expression: series.length > 1 ? "A / B * 100" : "A" };
}

/** The same under the reader's name for it, or without one. */
function labelled<T extends { label?: string }>(one: T, text: string): T {
  const label = text.trim();
  const named: { label?: string } = { ...one, label };
  if (label === "") delete named.label;
  return named as T;
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

function editFormula(question: Question, index: number, edit: (formula: Formula) => Formula): Question {
  return editTrend(question, (trend) => {
    const formula = trend.formulas[index];
    return formula ? { ...trend, formulas: trend.formulas.with(index, edit(formula)) } : trend;
  });
}

/** Edits a funnel's steps or a stickiness's series, of which some must stay, and only so many fit. */
function editSteps(question: Question, edit: (steps: Step[]) => Step[]): Question {
  if (question.kind === "funnel") {
    const steps = edit(question.steps);
    const fits = steps.length >= MIN_STEPS && steps.length <= MAX_STEPS;
    return fits && steps !== question.steps ? { ...question, steps } : question;
  }
  if (question.kind === "stickiness") {
    const series = edit(question.series);
    const fits = series.length >= 1 && series.length <= MAX_SERIES;
    return fits && series !== question.series ? { ...question, series } : question;
  }
  return question;
}

function editStep(question: Question, index: number, edit: (step: Step) => Step): Question {
  return editSteps(question, (steps) => {
    const step = steps[index];
    return step ? steps.with(index, edit(step)) : steps;
  });
}

function editFilter(question: Question, target: FilterTarget, edit: (filter: Filter) => Filter): Question {
  if (target === "all") return { ...question, filter: edit(question.filter) };
  switch (question.kind) {
    case "trend":
      return editSeries(question, target, (series) => ({ ...series, filter: edit(series.filter) }));
    case "funnel":
    case "stickiness":
      return editStep(question, target, (step) => ({ ...step, filter: edit(step.filter) }));
    case "retention":
    case "lifecycle":
    case "paths":
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
  if (condition.scope === "cohort") return { scope, property, operator: firstOperator(types) };
  if (condition.property === property && condition.scope === scope) return condition;
  const fits = condition.property !== "" && operatorsFor(types).includes(condition.operator);
  return { scope, property, operator: fits ? condition.operator : firstOperator(types) };
}
