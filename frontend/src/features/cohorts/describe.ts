// What a cohort's conditions say, in words.
import { parseDate } from "@internationalized/date";
import { formatDays } from "../../format/dates";
import { formatNumber } from "../../format/numbers";
import { eventName } from "../explore/aggregations";
import { windowText } from "../explore/funnel-answer";
import { windowParts } from "../explore/period";
import { cohortOperatorName, isComplete, operatorName, valueText } from "../explore/operators";
import type { Condition, Filter, Period } from "../explore/question";
import type { DraftCondition, EventCondition, FunnelCondition } from "./cohort-draft";

const UNITS = { h: "hour", d: "day", w: "week", mo: "month" } as const;

/** A condition as a sentence about a user: "They did order placed at least 2 times in the last 30 days". */
export function describeCondition(condition: DraftCondition, locale: string): string {
  switch (condition.type) {
    case "attribute":
      return `Their ${comparison(condition.condition)}`;
    case "event":
      return describeEvent(condition, locale);
    case "funnel":
      return describeFunnel(condition, locale);
    case "other":
      return "They meet a condition that this page cannot show";
  }
}

function describeEvent({ event, done, atLeast, period, filter }: EventCondition, locale: string): string {
  const name = event === "*" ? "any event" : eventName(event);
  const times = `${formatNumber(atLeast, locale)} times`;
  const did = done
    ? `They did ${name}${atLeast > 1 ? ` at least ${times}` : ""}`
    : `They did not do ${name}${atLeast > 1 ? ` as many as ${times}` : ""}`;
  return `${did} ${periodWords(period, locale)}${where(filter)}`;
}

function describeFunnel(condition: FunnelCondition, locale: string): string {
  const { steps, outcome, step, period, window, filter } = condition;
  const names = steps.map((one) => `${eventName(one.event)}${where(one.filter)}`).join(" → ");
  const parts = windowParts(window);
  const within = parts ? ` within ${windowText(parts.count, parts.unit)}` : "";
  const far = {
    completed: "They completed",
    not_completed: "They began and did not complete",
    stopped_at: `They came to step ${step} and no further of`,
  }[outcome];
  return `${far} ${names}${within}, ${periodWords(period, locale)}${where(filter)}`;
}

/** "in the last 30 days", "in the last month", "in the days 1 – 31 Jan 2024". */
export function periodWords(period: Period, locale: string): string {
  if (period.kind === "days") {
    const [from, to] = [period.from, period.to].map((day) => parseDate(day).toDate("UTC"));
    return from && to ? `in the days ${formatDays(from, to, locale)}` : "";
  }
  const { count, unit } = lastParts(period.last);
  const word = UNITS[unit];
  return count === 1 ? `in the last ${word}` : `in the last ${formatNumber(count, locale)} ${word}s`;
}

export type LastUnit = keyof typeof UNITS;

/** The number and unit of a range such as 30d. */
export function lastParts(last: string): { count: number; unit: LastUnit } {
  const match = /^([0-9]+)(h|d|w|mo)$/.exec(last);
  return { count: Number(match?.[1] ?? 30), unit: (match?.[2] ?? "d") as LastUnit };
}

function where({ match, conditions }: Filter): string {
  const complete = conditions.filter(isComplete);
  if (complete.length === 0) return "";
  return `, where ${complete.map(comparison).join(match === "all" ? " and " : " or ")}`;
}

function comparison(condition: Condition): string {
  // Within a cohort's definition there is no other cohort.
  if (condition.scope === "cohort") return `a cohort ${cohortOperatorName(condition.operator)}`;
  const { scope, property, operator, value } = condition;
  const name = scope === "user" ? property : `the event’s ${property}`;
  if (value === undefined) return `${name} ${operatorName(operator)}`;
  const values = Array.isArray(value) ? value.map(valueText).join(", ") : valueText(value);
  return `${name} ${operatorName(operator)} ${values}`;
}

/** "1 user", "2,337 users". */
export function usersText(count: number, locale: string): string {
  return `${formatNumber(count, locale)} ${count === 1 ? "user" : "users"}`;
}
