import { eventName, measureText } from "./aggregations";
import { breakdownText } from "./answer";
import { PRESETS, retentionInterval, trendInterval, userInterval, windowParts } from "./period";
import { windowText } from "./funnel-answer";
import type { Question, TrendQuestion } from "./question";

/** What a question asks, in words. */
export function titleOf(question: Question): string {
  switch (question.kind) {
    case "trend":
      return trendTitle(question);
    case "funnel": {
      const names = question.steps.map(({ event }) => eventName(event));
      const shown = names.length > 4 ? [...names.slice(0, 2), "…", ...names.slice(-1)] : names;
      return withBreakdown(shown.join(" → "), question.breakdown);
    }
    case "retention": {
      const first = eventName(question.cohortEvent);
      const back = eventName(question.returnEvent);
      return first === back ? `${first}, and again` : `${first}, then ${back}`;
    }
    case "stickiness":
      return `How regularly users do ${listed(question.series.map(({ event }) => eventName(event)))}`;
    case "lifecycle":
      return `${eventName(question.event)}, lifecycle of its users`;
    case "paths":
      return `What comes ${question.direction} ${eventName(question.event)}`;
  }
}

function trendTitle({ series, formulas, breakdown }: TrendQuestion): string {
  const [first] = series;
  if (!first) return "";
  // Who names a formula is after what it gives, and not after what it is made of.
  const named = formulas.flatMap(({ label }) => label ?? []);
  if (named.length > 0) return withBreakdown(listed(named), breakdown);
  if (series.length === 1) {
    const measure = first.label ?? measureText(first.event, first.aggregation, first.property);
    return withBreakdown(measure, breakdown);
  }
  // Several events go by their names, one event by its measures.
  const names = [...new Set(series.map(({ event, label }) => label ?? eventName(event)))];
  if (names.length === 1) return withBreakdown(`${names[0] ?? ""}, ${series.length} series`, breakdown);
  return withBreakdown(listed(names), breakdown);
}

/** Names in a sentence, each once, and of many the first. */
function listed(all: readonly string[]): string {
  const names = [...new Set(all)];
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return new Intl.ListFormat("en").format(shown);
}

function withBreakdown(title: string, breakdown: TrendQuestion["breakdown"]): string {
  return breakdown ? `${title}, ${breakdownText(breakdown)}` : title;
}

/** When, in which steps and in which zone; days are the calendar days in words. */
export function subtitleOf(question: Question, days: string): string {
  const how = howText(question);
  return [
    how === "" ? periodName(question) : `${periodName(question)}, ${how}`,
    days,
    ...(question.kind === "trend" && question.compare ? ["beside the period before"] : []),
    question.timezone.replaceAll("_", " "),
  ].join(" · ");
}

function howText(question: Question): string {
  switch (question.kind) {
    case "trend":
      return question.view === "number" ? "" : `by ${trendInterval(question)}`;
    case "funnel": {
      const window = windowParts(question.window);
      return window ? `within ${windowText(window.count, window.unit)}` : "";
    }
    case "retention":
      return `by ${retentionInterval(question)}`;
    case "stickiness":
    case "lifecycle":
      return `by ${userInterval(question)}`;
    case "paths": {
      const window = windowParts(question.window);
      return window ? `within ${windowText(window.count, window.unit)}` : "";
    }
  }
}

function periodName({ period }: Question): string {
  if (period.kind === "days") return "Custom range";
  return PRESETS.find(({ last }) => last === period.last)?.name ?? `Last ${period.last}`;
}
