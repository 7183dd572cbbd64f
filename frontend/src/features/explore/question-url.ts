// The question as the page's URL. Parameters are plain and readable:
//
//   ?event=commit&agg=p90&of=files&if=event.equals.merge.false
//   &where=user.in.plan.["pro","team"]&where-match=any
//   &last=4w&by=day&tz=Europe/Berlin&view=bar
//
// Each "event" begins a series; agg, of, if and if-match belong to the series
// before them. What is at its default is left out. A condition is
// scope.operator.property.value, the value in JSON so that its type survives;
// a dot in a property's name is written ~d and a tilde ~~.
import { isDay, isLast } from "./period";
import {
  COUNT_AGGREGATIONS,
  INTERVALS,
  MAX_CONDITIONS,
  MAX_SERIES,
  NEW_SERIES,
  OPERATORS,
  PROPERTY_AGGREGATIONS,
  VIEWS,
  defaultQuestion,
  isPropertyAggregation,
  type AggregationType,
  type Condition,
  type Filter,
  type Period,
  type Question,
  type Scalar,
  type Series,
} from "./question";

const AGGREGATIONS: readonly AggregationType[] = [...COUNT_AGGREGATIONS, ...PROPERTY_AGGREGATIONS];

const MAX_NAME = 200;

/** The question as a query string, beginning with "?". The same question is always the same text. */
export function writeQuestion(question: Question): string {
  const pairs: [string, string][] = [];
  for (const series of question.series) {
    pairs.push(["event", series.event]);
    if (series.aggregation !== NEW_SERIES.aggregation) pairs.push(["agg", series.aggregation]);
    if (series.property !== undefined) pairs.push(["of", series.property]);
    writeFilter(pairs, "if", series.filter);
  }
  writeFilter(pairs, "where", question.filter);
  if (question.period.kind === "last") {
    pairs.push(["last", question.period.last]);
  } else {
    pairs.push(["from", question.period.from], ["to", question.period.to]);
  }
  if (question.interval !== null) pairs.push(["by", question.interval]);
  pairs.push(["tz", question.timezone]);
  if (question.view !== "line") pairs.push(["view", question.view]);
  return "?" + pairs.map(([key, value]) => `${key}=${encode(value)}`).join("&");
}

function writeFilter(pairs: [string, string][], key: "if" | "where", filter: Filter): void {
  for (const condition of filter.conditions) pairs.push([key, writeCondition(condition)]);
  if (filter.match === "any") pairs.push([`${key}-match`, "any"]);
}

function writeCondition({ scope, operator, property, value }: Condition): string {
  const name = property.replaceAll("~", "~~").replaceAll(".", "~d");
  const head = `${scope}.${operator}.${name}`;
  return value === undefined ? head : `${head}.${JSON.stringify(value)}`;
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
  const question = defaultQuestion(timezone);
  const series: Series[] = [];
  const filter: Filter = { match: "all", conditions: [] };
  let from: string | undefined;
  let to: string | undefined;
  let last: string | undefined;

  for (const [key, value] of new URLSearchParams(search)) {
    const current = series.at(-1);
    switch (key) {
      case "event":
        if (series.length === MAX_SERIES) {
          problems.push(`Only ${MAX_SERIES} series fit in one question; “${value}” was left out.`);
        } else if (value === "" || value.length > MAX_NAME) {
          problems.push("An event's name has 1 to 200 characters.");
        } else {
          series.push({ ...NEW_SERIES, event: value, filter: { match: "all", conditions: [] } });
        }
        break;
      case "agg": {
        const aggregation = oneOf(AGGREGATIONS, value);
        if (aggregation && current) current.aggregation = aggregation;
        else problems.push(`“${value}” is no way to aggregate a series.`);
        break;
      }
      case "of":
        if (current && value !== "" && value.length <= MAX_NAME) current.property = value;
        else problems.push("A property to aggregate has no series, or no name.");
        break;
      case "if":
      case "where": {
        const target = key === "where" ? filter : current?.filter;
        const condition = readCondition(value);
        if (condition && target && target.conditions.length < MAX_CONDITIONS)
          target.conditions.push(condition);
        else problems.push(`The filter “${value}” could not be read.`);
        break;
      }
      case "if-match":
      case "where-match": {
        const target = key === "where-match" ? filter : current?.filter;
        if (target && (value === "all" || value === "any")) target.match = value;
        else problems.push("Filters match “all” or “any”.");
        break;
      }
      case "last":
        last = value;
        break;
      case "from":
        from = value;
        break;
      case "to":
        to = value;
        break;
      case "by": {
        const interval = oneOf(INTERVALS, value);
        if (interval) question.interval = interval;
        else problems.push(`“${value}” is no interval.`);
        break;
      }
      case "tz":
        if (isTimezone(value)) question.timezone = value;
        else problems.push(`“${value}” is no time zone that this browser knows.`);
        break;
      case "view": {
        const view = oneOf(VIEWS, value);
        if (view) question.view = view;
        else problems.push(`“${value}” is no way to show an answer.`);
        break;
      }
      default:
        problems.push(`“${key}” means nothing here.`);
    }
  }

  for (const one of series) {
    if (!isPropertyAggregation(one.aggregation)) delete one.property;
  }
  if (series.length > 0) question.series = series;
  question.filter = filter;
  const period = readPeriod(last, from, to);
  if (period) question.period = period;
  else if (last !== undefined || from !== undefined || to !== undefined) {
    problems.push("The period could not be read; it is the last 4 weeks now.");
  }
  return { question, problems };
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
  const match = /^(event|user)\.([a-z_]+)\.([^.]*)(?:\.([\s\S]*))?$/.exec(text);
  if (!match) return undefined;
  const operator = oneOf(OPERATORS, match[2] ?? "");
  if (!operator) return undefined;
  const property = (match[3] ?? "").replace(/~[d~]/g, (escape) => (escape === "~d" ? "." : "~"));
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
