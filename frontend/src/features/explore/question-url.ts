// The question as the page's URL. Parameters are plain and readable:
//
//   ?event=commit&agg=p90&of=files&if=event.equals.merge.false
//   &where=user.in.plan.["pro","team"]&where-match=any
//   &last=4w&by=day&tz=Europe/Berlin&view=bar
//
// Each "event" begins a series; agg, of, as, if and if-match belong to the
// series before them. What is at its default is left out. A condition is
// scope.operator.property.value, the value in JSON so that its type survives;
// a dot in a property's name is written ~d and a tilde ~~. A breakdown is
// split=scope.property, with top=25 for the number of groups; compare=previous
// sets the period before beside it. Each calc= is a formula over the series,
// such as calc=A / B * 100; "as" after one is its name. A condition on a cohort
// is cohort.in.ID or cohort.not_in.ID.
//
// Other kinds of questions say so. In a funnel each "event" begins a step:
//
//   ?kind=funnel&event=visit&event=order&if=event.greater_than.amount.0
//   &window=7d&split=user.plan&last=4w&tz=UTC
//
//   ?kind=retention&event=order&return=order&by=week&periods=8&show=users&last=3mo&tz=UTC
//   ?kind=stickiness&event=order&event=visit&by=week&view=table&last=3mo&tz=UTC
//   ?kind=lifecycle&event=order&by=week&last=3mo&tz=UTC
//   ?kind=paths&event=order&direction=before&steps=5&window=1d&top=20&last=4w&tz=UTC
import { isDay, isLast, isWindow } from "./period";
import {
  COHORT_OPERATORS,
  COUNT_AGGREGATIONS,
  DEFAULT_GROUPS,
  DEFAULT_PATH_EVENTS,
  DEFAULT_PATH_STEPS,
  DEFAULT_PERIODS,
  DEFAULT_WINDOW,
  DIRECTIONS,
  INTERVALS,
  KINDS,
  LIFECYCLE_VIEWS,
  MAX_CONDITIONS,
  MAX_FORMULAS,
  MAX_SERIES,
  MAX_STEPS,
  MIN_STEPS,
  NEW_SERIES,
  NEW_STEP,
  OPERATORS,
  PROPERTY_AGGREGATIONS,
  RETENTION_INTERVALS,
  RETENTION_VIEWS,
  STICKINESS_VIEWS,
  VIEWS,
  blankQuestion,
  hasBreakdown,
  hasInterval,
  isGroupLimit,
  isPathLimit,
  isPathSteps,
  isPeriods,
  isPropertyAggregation,
  type AggregationType,
  type Breakdown,
  type Condition,
  type Filter,
  type Formula,
  type FunnelQuestion,
  type LifecycleQuestion,
  type PathsQuestion,
  type Period,
  type Question,
  type RetentionQuestion,
  type Scalar,
  type Series,
  type Step,
  type StickinessQuestion,
  type TrendQuestion,
} from "./question";

const AGGREGATIONS: readonly AggregationType[] = [...COUNT_AGGREGATIONS, ...PROPERTY_AGGREGATIONS];

const MAX_NAME = 200;
// The server's own limit of an expression.
const MAX_EXPRESSION = 500;

type Pairs = [string, string][];

/** The question as a query string, beginning with "?". The same question is always the same text. */
export function writeQuestion(question: Question): string {
  const pairs: Pairs = [];
  switch (question.kind) {
    case "trend":
      writeSeries(pairs, question.series);
      writeFormulas(pairs, question.formulas);
      break;
    case "funnel":
      pairs.push(["kind", "funnel"]);
      writeSteps(pairs, question.steps);
      if (question.window !== DEFAULT_WINDOW) pairs.push(["window", question.window]);
      break;
    case "retention":
      pairs.push(["kind", "retention"], ["event", question.cohortEvent], ["return", question.returnEvent]);
      if (question.periods !== DEFAULT_PERIODS) pairs.push(["periods", String(question.periods)]);
      break;
    case "stickiness":
      pairs.push(["kind", "stickiness"]);
      writeSteps(pairs, question.series);
      break;
    case "lifecycle":
      pairs.push(["kind", "lifecycle"], ["event", question.event]);
      break;
    case "paths":
      pairs.push(["kind", "paths"], ["event", question.event]);
      if (question.direction !== "after") pairs.push(["direction", question.direction]);
      if (question.steps !== DEFAULT_PATH_STEPS) pairs.push(["steps", String(question.steps)]);
      if (question.window !== DEFAULT_WINDOW) pairs.push(["window", question.window]);
      if (question.limit !== DEFAULT_PATH_EVENTS) pairs.push(["top", String(question.limit)]);
      break;
  }
  writeFilter(pairs, "where", question.filter);
  if (hasBreakdown(question) && question.breakdown) {
    const { scope, property, limit } = question.breakdown;
    pairs.push(["split", `${scope}.${escape(property)}`]);
    if (limit !== DEFAULT_GROUPS) pairs.push(["top", String(limit)]);
  }
  if (question.period.kind === "last") {
    pairs.push(["last", question.period.last]);
  } else {
    pairs.push(["from", question.period.from], ["to", question.period.to]);
  }
  if (hasInterval(question) && question.interval !== null) pairs.push(["by", question.interval]);
  if (question.kind === "trend" && question.compare) pairs.push(["compare", "previous"]);
  pairs.push(["tz", question.timezone]);
  if (question.kind === "trend" && question.view !== "line") pairs.push(["view", question.view]);
  if (question.kind === "stickiness" && question.view !== "bar") pairs.push(["view", question.view]);
  if (question.kind === "lifecycle" && question.view !== "stacked") pairs.push(["view", question.view]);
  if (question.kind === "retention" && question.view !== "percent") pairs.push(["show", question.view]);
  return "?" + pairs.map(([key, value]) => `${key}=${encode(value)}`).join("&");
}

function writeSeries(pairs: Pairs, all: readonly Series[]): void {
  for (const series of all) {
    pairs.push(["event", series.event]);
    if (series.aggregation !== NEW_SERIES.aggregation) pairs.push(["agg", series.aggregation]);
    if (series.property !== undefined) pairs.push(["of", series.property]);
    if (series.label !== undefined) pairs.push(["as", series.label]);
    writeFilter(pairs, "if", series.filter);
  }
}

function writeFormulas(pairs: Pairs, formulas: readonly Formula[]): void {
  for (const { expression, label } of formulas) {
    pairs.push(["calc", expression]);
    if (label !== undefined) pairs.push(["as", label]);
  }
}

function writeSteps(pairs: Pairs, steps: readonly Step[]): void {
  for (const step of steps) {
    pairs.push(["event", step.event]);
    writeFilter(pairs, "if", step.filter);
  }
}

function writeFilter(pairs: Pairs, key: "if" | "where", filter: Filter): void {
  for (const condition of filter.conditions) pairs.push([key, writeCondition(condition)]);
  if (filter.match === "any") pairs.push([`${key}-match`, "any"]);
}

function writeCondition(condition: Condition): string {
  if (condition.scope === "cohort") {
    const { operator, value } = condition;
    return value === undefined ? `cohort.${operator}` : `cohort.${operator}.${value}`;
  }
  const { scope, operator, property, value } = condition;
  const head = `${scope}.${operator}.${escape(property)}`;
  return value === undefined ? head : `${head}.${JSON.stringify(value)}`;
}

/** A property's name without dots, which separate what an address says of it. */
function escape(property: string): string {
  return property.replaceAll("~", "~~").replaceAll(".", "~d");
}

function unescape(name: string): string {
  return name.replace(/~[d~]/g, (found) => (found === "~d" ? "." : "~"));
}

/** Percent-encodes only what a URL's query needs, so that addresses can be read. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/%(?:2F|3A|2C|5B|5D)/g, decodeURIComponent);
}

/**
 * Reads a query string. What cannot be read is left out and told in problems,
 * for people: half a question is more use than an error page.
 */
export function readQuestion(search: string, timezone: string): { question: Question; problems: string[] } {
  const problems: string[] = [];
  const params = new URLSearchParams(search);
  const named = params.get("kind");
  const kind = named === null ? "trend" : oneOf(KINDS, named);
  if (!kind) problems.push(`“${named ?? ""}” is no kind of question; it is a trend now.`);
  const question = blankQuestion(kind ?? "trend", timezone);
  const reader = readerOf(question, problems);
  const common = commonReader(question, problems);
  for (const [key, value] of params) {
    if (key === "kind") continue;
    if (common.read(key, value) || reader.read(key, value)) continue;
    problems.push(
      KEYS_OF_SOME.has(key)
        ? `“${key}” means nothing in ${KIND_WORDS[question.kind]}.`
        : `“${key}” means nothing here.`,
    );
  }
  common.finish();
  reader.finish();
  return { question, problems };
}

/** The keys that only some kinds of questions have. */
const KEYS_OF_SOME: ReadonlySet<string> = new Set([
  ...["event", "agg", "of", "as", "if", "if-match", "by", "compare", "view", "split", "top"],
  ...["window", "return", "periods", "show", "calc", "direction", "steps"],
]);

const KIND_WORDS: Record<Question["kind"], string> = {
  trend: "a trend",
  funnel: "a funnel",
  retention: "a retention",
  stickiness: "a stickiness",
  lifecycle: "a lifecycle",
  paths: "paths",
};

/** Reads one part of a question; what it cannot read it tells in problems. */
type Reader = {
  /** Takes one parameter; whether its key means anything to this part. */
  read: (key: string, value: string) => boolean;
  /** Puts what was read into the question, once all of it is. */
  finish: () => void;
};

/** Reads what every kind has: the filters on all, the period and the time zone. */
function commonReader(question: Question, problems: string[]): Reader {
  const filter: Filter = { match: "all", conditions: [] };
  const range: { last?: string; from?: string; to?: string } = {};
  return {
    read: (key, value) => {
      switch (key) {
        case "where":
          readInto(filter, value, problems);
          return true;
        case "where-match":
          readMatch(filter, value, problems);
          return true;
        case "last":
        case "from":
        case "to":
          range[key] = value;
          return true;
        case "tz":
          if (isTimezone(value)) question.timezone = value;
          else problems.push(`“${value}” is no time zone that this browser knows.`);
          return true;
        default:
          return false;
      }
    },
    finish: () => {
      question.filter = filter;
      const { last, from, to } = range;
      const period = readPeriod(last, from, to);
      if (period) question.period = period;
      else if (last !== undefined || from !== undefined || to !== undefined) {
        problems.push("The period could not be read; it is the last 4 weeks now.");
      }
    },
  };
}

function readerOf(question: Question, problems: string[]): Reader {
  switch (question.kind) {
    case "trend":
      return trendReader(question, problems);
    case "funnel":
      return funnelReader(question, problems);
    case "retention":
      return retentionReader(question, problems);
    case "stickiness":
      return stickinessReader(question, problems);
    case "lifecycle":
      return lifecycleReader(question, problems);
    case "paths":
      return pathsReader(question, problems);
  }
}

function trendReader(question: TrendQuestion, problems: string[]): Reader {
  const series: Series[] = [];
  const formulas: Formula[] = [];
  const breakdown = breakdownReader(question, problems);
  return {
    read: (key, value) => {
      const current = series.at(-1);
      switch (key) {
        case "event":
          if (series.length === MAX_SERIES) {
            problems.push(`Only ${MAX_SERIES} series fit in one question; “${value}” was left out.`);
          } else if (isName(value)) {
            series.push({ ...NEW_SERIES, event: value, filter: { match: "all", conditions: [] } });
          } else {
            problems.push(EVENT_PROBLEM);
          }
          return true;
        case "agg": {
          const aggregation = oneOf(AGGREGATIONS, value);
          if (aggregation && current) current.aggregation = aggregation;
          else problems.push(`“${value}” is no way to aggregate a series.`);
          return true;
        }
        case "of":
          if (current && isName(value)) current.property = value;
          else problems.push("A property to aggregate has no series, or no name.");
          return true;
        case "calc":
          if (formulas.length === MAX_FORMULAS) {
            problems.push(`Only ${MAX_FORMULAS} formulas fit in one question; “${value}” was left out.`);
          } else if (value.length <= MAX_EXPRESSION) {
            formulas.push({ expression: value });
          } else {
            problems.push(`A formula has at most ${MAX_EXPRESSION} characters.`);
          }
          return true;
        case "as": {
          const named = formulas.at(-1) ?? current;
          if (named && isName(value.trim())) named.label = value.trim();
          else problems.push("A name to call a series by has no series, or not 1 to 200 characters.");
          return true;
        }
        case "if":
          readInto(current?.filter, value, problems);
          return true;
        case "if-match":
          readMatch(current?.filter, value, problems);
          return true;
        case "by": {
          const interval = oneOf(INTERVALS, value);
          if (interval) question.interval = interval;
          else problems.push(`“${value}” is no interval.`);
          return true;
        }
        case "compare":
          if (value === "previous") question.compare = true;
          else problems.push(`“${value}” is no period to compare with; “previous” is the one before.`);
          return true;
        case "view": {
          const view = oneOf(VIEWS, value);
          if (view) question.view = view;
          else problems.push(`“${value}” is no way to show an answer.`);
          return true;
        }
        default:
          return breakdown.read(key, value);
      }
    },
    finish: () => {
      for (const one of series) {
        if (!isPropertyAggregation(one.aggregation)) delete one.property;
      }
      if (series.length > 0) question.series = series;
      question.formulas = formulas;
      breakdown.finish();
    },
  };
}

/** Reads events with filters of their own: a funnel's steps, or a stickiness's series. */
function stepsReader(most: number, fit: string, problems: string[]): Reader & { steps: Step[] } {
  const steps: Step[] = [];
  return {
    steps,
    read: (key, value) => {
      const current = steps.at(-1);
      switch (key) {
        case "event":
          if (steps.length === most) {
            problems.push(`Only ${most} ${fit}; “${value}” was left out.`);
          } else if (isName(value)) {
            steps.push({ event: value, filter: { match: "all", conditions: [] } });
          } else {
            problems.push(EVENT_PROBLEM);
          }
          return true;
        case "if":
          readInto(current?.filter, value, problems);
          return true;
        case "if-match":
          readMatch(current?.filter, value, problems);
          return true;
        default:
          return false;
      }
    },
    finish: () => undefined,
  };
}

function funnelReader(question: FunnelQuestion, problems: string[]): Reader {
  const events = stepsReader(MAX_STEPS, "steps fit in one funnel", problems);
  const breakdown = breakdownReader(question, problems);
  return {
    read: (key, value) =>
      events.read(key, value) || readWindow(question, key, value, problems) || breakdown.read(key, value),
    finish: () => {
      const { steps } = events;
      while (steps.length < MIN_STEPS) steps.push(NEW_STEP);
      question.steps = steps;
      breakdown.finish();
    },
  };
}

function readWindow(
  question: FunnelQuestion | PathsQuestion,
  key: string,
  value: string,
  problems: string[],
): boolean {
  if (key !== "window") return false;
  if (isWindow(value)) question.window = value;
  else problems.push(`“${value}” is no window; one is written 30m, 12h or 7d.`);
  return true;
}

function stickinessReader(question: StickinessQuestion, problems: string[]): Reader {
  const events = stepsReader(MAX_SERIES, "series fit in one question", problems);
  return {
    read: (key, value) => {
      if (events.read(key, value)) return true;
      switch (key) {
        case "by":
          readUserInterval(question, value, problems);
          return true;
        case "view": {
          const view = oneOf(STICKINESS_VIEWS, value);
          if (view) question.view = view;
          else problems.push(`“${value}” is no way to show a stickiness.`);
          return true;
        }
        default:
          return false;
      }
    },
    finish: () => {
      if (events.steps.length > 0) question.series = events.steps;
    },
  };
}

function lifecycleReader(question: LifecycleQuestion, problems: string[]): Reader {
  return {
    read: (key, value) => {
      switch (key) {
        case "event":
          readEvent(question, value, problems);
          return true;
        case "by":
          readUserInterval(question, value, problems);
          return true;
        case "view": {
          const view = oneOf(LIFECYCLE_VIEWS, value);
          if (view) question.view = view;
          else problems.push(`“${value}” is no way to show a lifecycle.`);
          return true;
        }
        default:
          return false;
      }
    },
    finish: () => undefined,
  };
}

function pathsReader(question: PathsQuestion, problems: string[]): Reader {
  return {
    read: (key, value) => {
      switch (key) {
        case "event":
          readEvent(question, value, problems);
          return true;
        case "direction": {
          const direction = oneOf(DIRECTIONS, value);
          if (direction) question.direction = direction;
          else problems.push(`“${value}” is no direction of paths: they lead “after” or “before” the event.`);
          return true;
        }
        case "steps":
          if (/^\d$/.test(value) && isPathSteps(Number(value))) question.steps = Number(value);
          else problems.push(`“${value}” is no number of steps from 1 to 5.`);
          return true;
        case "top":
          if (/^\d{1,2}$/.test(value) && isPathLimit(Number(value))) question.limit = Number(value);
          else problems.push(`“${value}” is no number of events from 1 to 50.`);
          return true;
        default:
          return readWindow(question, key, value, problems);
      }
    },
    finish: () => undefined,
  };
}

function readEvent(question: LifecycleQuestion | PathsQuestion, value: string, problems: string[]): void {
  if (isName(value)) question.event = value;
  else problems.push(EVENT_PROBLEM);
}

function readUserInterval(
  question: StickinessQuestion | LifecycleQuestion,
  value: string,
  problems: string[],
): void {
  const interval = oneOf(RETENTION_INTERVALS, value);
  if (interval) question.interval = interval;
  else problems.push(`“${value}” is no interval of a ${question.kind}: it goes by day, week or month.`);
}

function retentionReader(question: RetentionQuestion, problems: string[]): Reader {
  return {
    read: (key, value) => {
      switch (key) {
        case "event":
          if (isName(value)) question.cohortEvent = value;
          else problems.push(EVENT_PROBLEM);
          return true;
        case "return":
          if (isName(value)) question.returnEvent = value;
          else problems.push(EVENT_PROBLEM);
          return true;
        case "by": {
          const interval = oneOf(RETENTION_INTERVALS, value);
          if (interval) question.interval = interval;
          else problems.push(`“${value}” is no interval of a retention: it goes by day, week or month.`);
          return true;
        }
        case "periods":
          if (/^\d{1,2}$/.test(value) && isPeriods(Number(value))) question.periods = Number(value);
          else problems.push(`“${value}” is no number of periods from 1 to 60.`);
          return true;
        case "show": {
          const view = oneOf(RETENTION_VIEWS, value);
          if (view) question.view = view;
          else problems.push(`“${value}” is no way to show a retention.`);
          return true;
        }
        default:
          return false;
      }
    },
    finish: () => undefined,
  };
}

function breakdownReader(question: TrendQuestion | FunnelQuestion, problems: string[]): Reader {
  let split: Omit<Breakdown, "limit"> | undefined;
  let limit: number | undefined;
  return {
    read: (key, value) => {
      switch (key) {
        case "split": {
          const match = /^(event|user)\.([^.]+)$/.exec(value);
          const property = unescape(match?.[2] ?? "");
          if (isName(property)) split = { scope: match?.[1] === "user" ? "user" : "event", property };
          else problems.push(`The breakdown “${value}” could not be read.`);
          return true;
        }
        case "top":
          if (/^\d{1,4}$/.test(value) && isGroupLimit(Number(value))) limit = Number(value);
          else problems.push(`“${value}” is no number of groups from 1 to 1,000.`);
          return true;
        default:
          return false;
      }
    },
    finish: () => {
      if (split) question.breakdown = { ...split, limit: limit ?? DEFAULT_GROUPS };
    },
  };
}

const EVENT_PROBLEM = `An event’s name has 1 to ${MAX_NAME} characters.`;

function isName(text: string): boolean {
  return text !== "" && text.length <= MAX_NAME;
}

function readInto(filter: Filter | undefined, text: string, problems: string[]): void {
  const condition = readCondition(text);
  if (condition && filter && filter.conditions.length < MAX_CONDITIONS) filter.conditions.push(condition);
  else problems.push(`The filter “${text}” could not be read.`);
}

function readMatch(filter: Filter | undefined, text: string, problems: string[]): void {
  if (filter && (text === "all" || text === "any")) filter.match = text;
  else problems.push("Filters match “all” or “any”.");
}

function readPeriod(
  last: string | undefined,
  from: string | undefined,
  to: string | undefined,
): Period | undefined {
  if (last !== undefined) return isLast(last) ? { kind: "last", last } : undefined;
  if (from === undefined || to === undefined) return undefined;
  return isDay(from) && isDay(to) && from <= to ? { kind: "days", from, to } : undefined;
}

function readCondition(text: string): Condition | undefined {
  const ofCohort = /^cohort\.([a-z_]+)(?:\.(.{1,100}))?$/.exec(text);
  if (ofCohort) {
    const operator = oneOf(COHORT_OPERATORS, ofCohort[1] ?? "");
    const value = ofCohort[2];
    if (!operator) return undefined;
    return value === undefined ? { scope: "cohort", operator } : { scope: "cohort", operator, value };
  }
  const match = /^(event|user)\.([a-z_]+)\.([^.]*)(?:\.([\s\S]*))?$/.exec(text);
  if (!match) return undefined;
  const operator = oneOf(OPERATORS, match[2] ?? "");
  if (!operator) return undefined;
  const property = unescape(match[3] ?? "");
  if (property.length > MAX_NAME) return undefined;
  const condition: Condition = { scope: match[1] === "user" ? "user" : "event", property, operator };
  const json = match[4];
  if (json === undefined) return condition;
  const value = readValue(json);
  return value === undefined ? undefined : { ...condition, value };
}

function readValue(json: string): Scalar | Scalar[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (Array.isArray(value)) return value.every(isScalar) ? value : undefined;
  return isScalar(value) ? value : undefined;
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function oneOf<T extends string>(known: readonly T[], text: string): T | undefined {
  return known.find((one) => one === text);
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // Intl takes offsets such as +05:30 too, which the server does not.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
