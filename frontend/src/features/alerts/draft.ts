// An alert while it is being written: what the form holds, and how it becomes what the server takes.
import type { Alert, AlertCondition, AlertDraft } from "../../api/alerts";
import type { Query } from "../../api/saved";
import { measureText } from "../explore/aggregations";

export type Destination = {
  /** Tells the rows apart, also those that the server does not know yet. */
  key: string;
  id?: string;
  kind: "webhook" | "sns";
  url: string;
  topic: string;
};

export type Draft = {
  name: string;
  description: string;
  enabled: boolean;
  insightId: string;
  /** "series-0", "formula-1". */
  line: string;
  /** The group of a breakdown, and whether it is that of the events without the property. */
  group: string;
  groupMissing: boolean;
  bucket: "complete" | "current";
  condition: AlertCondition["type"];
  unit: "absolute" | "percent";
  threshold: string;
  every: string;
  withoutLoads: boolean;
  recovery: boolean;
  repeat: string;
  destinations: Destination[];
};

export type Action =
  | { type: "change"; change: Partial<Omit<Draft, "destinations">> }
  | { type: "add"; kind: Destination["kind"]; topic: string }
  | { type: "edit"; key: string; change: Partial<Pick<Destination, "url" | "topic">> }
  | { type: "remove"; key: string };

/** An alert that has yet to be thought out. */
export function newDraft(insightId: string, name: string): Draft {
  return {
    name,
    description: "",
    enabled: true,
    insightId,
    line: "series-0",
    group: "",
    groupMissing: false,
    bucket: "complete",
    condition: "below",
    unit: "percent",
    threshold: "",
    every: "60",
    withoutLoads: false,
    recovery: true,
    repeat: "0",
    destinations: [],
  };
}

/** The draft of an alert that there is. */
export function draftOf(alert: Alert): Draft {
  const { measure, group, condition } = alert;
  return {
    name: alert.name,
    description: alert.description,
    enabled: alert.enabled,
    insightId: alert.insight_id,
    line: measure.formula === undefined ? `series-${measure.series ?? 0}` : `formula-${measure.formula}`,
    group: group?.value ?? "",
    groupMissing: group !== null && (group.value ?? null) === null,
    bucket: alert.bucket,
    condition: condition.type,
    unit: condition.unit ?? "percent",
    threshold: String(condition.threshold),
    every: String(alert.check_every_minutes),
    withoutLoads: alert.check_without_loads,
    recovery: alert.notify_recovery,
    repeat: String(alert.repeat_after_hours),
    destinations: alert.destinations.map(({ id, kind, url, topic_arn: topic }) => ({
      key: id,
      id,
      kind,
      url: url ?? "",
      topic: topic ?? "",
    })),
  };
}

export function reduce(draft: Draft, action: Action): Draft {
  switch (action.type) {
    case "change":
      return { ...draft, ...action.change };
    case "add": {
      const taken = draft.destinations.map(({ key }) => key);
      let n = 1;
      while (taken.includes(`new-${n}`)) n += 1;
      const added: Destination = { key: `new-${n}`, kind: action.kind, url: "", topic: action.topic };
      return { ...draft, destinations: [...draft.destinations, added] };
    }
    case "edit":
      return {
        ...draft,
        destinations: draft.destinations.map((to) =>
          to.key === action.key ? { ...to, ...action.change } : to,
        ),
      };
    case "remove":
      return { ...draft, destinations: draft.destinations.filter(({ key }) => key !== action.key) };
  }
}

/** Whether the condition compares with the interval before. */
export function compares(condition: AlertCondition["type"]): boolean {
  return condition === "rises" || condition === "falls";
}

/** The draft as the server takes it; null while something that it needs is missing. */
export function toBody(draft: Draft, withGroup: boolean): AlertDraft | null {
  const threshold = Number(draft.threshold);
  if (draft.name.trim() === "" || draft.threshold.trim() === "" || !Number.isFinite(threshold)) return null;
  const [kind, place] = draft.line.split("-");
  const index = Number(place);
  const condition: AlertCondition = { type: draft.condition, threshold };
  if (compares(draft.condition)) condition.unit = draft.unit;
  return {
    name: draft.name,
    description: draft.description,
    enabled: draft.enabled,
    insight_id: draft.insightId,
    measure: kind === "formula" ? { formula: index } : { series: index },
    ...(withGroup ? { group: { value: draft.groupMissing ? null : draft.group } } : {}),
    bucket: draft.bucket,
    condition,
    check_every_minutes: Number(draft.every),
    check_without_loads: draft.withoutLoads,
    notify_recovery: draft.recovery,
    repeat_after_hours: Number(draft.repeat),
    destinations: draft.destinations.map(({ id, kind: way, url, topic }) => ({
      ...(id === undefined ? {} : { id }),
      kind: way,
      ...(way === "webhook" ? { url } : { topic_arn: topic }),
    })),
  };
}

export type Lines = {
  lines: { id: string; text: string }[];
  /** What the insight is broken down by; null without. */
  property: string | null;
};

/** The lines of a trend that can be watched; null for an insight of another kind. */
export function linesOf(query: Query): Lines | null {
  // A program may have saved a trend without saying so: it is what a question is by default.
  if ((query.kind as string | undefined) !== undefined && query.kind !== "trend") return null;
  const trend = query as Extract<Query, { kind: "trend" }>;
  const series = trend.series.map(({ event, aggregation }, index) => ({
    id: `series-${index}`,
    text: measureText(event, aggregation.type, "property" in aggregation ? aggregation.property : undefined),
  }));
  const formulas = (trend.formulas ?? []).map(({ name, expression }, index) => ({
    id: `formula-${index}`,
    text: name ? `${name} (${expression})` : expression,
  }));
  return { lines: [...series, ...formulas], property: trend.breakdown?.property ?? null };
}
