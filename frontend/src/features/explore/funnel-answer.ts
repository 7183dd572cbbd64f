import type { components } from "../../api/schema.gen";
import { formatDuration } from "../../format/numbers";
import { eventName } from "./aggregations";
import { filterText, groupName, type CohortName } from "./answer";
import type { FunnelQuery } from "./query";

type Schemas = components["schemas"];

export type FunnelStep = {
  /** The event, with the step's filters in words. */
  name: string;
  users: number;
  /** Their share of the first step's users, 0 to 1. */
  conversion: number;
  /** Their share of the users of the step before; null for the first, and where nobody came so far. */
  stepConversion: number | null;
  /** How many of the step before did not come here; null for the first. */
  lost: number | null;
  /** The median time since the step before. */
  medianSeconds: number | null;
};

export type FunnelResult = {
  steps: FunnelStep[];
  /** The groups of a breakdown with their users at each step; empty without one. */
  groups: { key: string; name: string; steps: FunnelStep[] }[];
};

/** The answer to a funnel's query, made ready to be shown. */
export function toFunnelResult(
  query: FunnelQuery,
  answer: Schemas["FunnelAnswer"],
  cohortName?: CohortName,
): FunnelResult {
  const names = query.steps.map((step) => stepName(step, cohortName));
  const { breakdown } = query;
  return {
    steps: toSteps(names, answer.steps),
    groups: (answer.groups ?? []).map(({ breakdown: group, steps }, rank) => ({
      key: String(rank),
      name: breakdown ? groupName(group, rank, breakdown) : (group ?? ""),
      steps: toSteps(names, steps),
    })),
  };
}

/** An event with its filters in words. */
export function stepName({ event, filters }: Schemas["Step"], cohortName?: CohortName): string {
  const name = eventName(event);
  return filters?.conditions?.length
    ? `${name} (${filterText(filters.conditions, filters.match, cohortName)})`
    : name;
}

function toSteps(names: readonly string[], steps: readonly Schemas["FunnelStep"][]): FunnelStep[] {
  return steps.map((step, index) => {
    const before = steps[index - 1];
    return {
      name: names[index] ?? eventName(step.event),
      users: step.users,
      conversion: step.conversion,
      stepConversion: step.step_conversion,
      lost: before ? before.users - step.users : null,
      medianSeconds: step.median_seconds,
    };
  });
}

/** A median time in words; events at one instant follow each other at once. */
export function medianText(seconds: number | null, locale: string): string {
  if (seconds === null) return "–";
  return seconds === 0 ? "at once" : formatDuration(seconds * 1000, locale);
}

/** A window in words: "7 days". */
export function windowText(count: number, unit: "m" | "h" | "d"): string {
  const word = { m: "minute", h: "hour", d: "day" }[unit];
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
