// Alerts in words.
import type { Alert, AlertEntry, AlertStatus } from "../../api/alerts";
import { formatNumber } from "../../format/numbers";

export const STATUSES: Record<AlertStatus, string> = {
  new: "Not checked yet",
  ok: "OK",
  firing: "Firing",
  no_data: "No data",
  error: "Cannot be checked",
};

/** How an alert stands, in a word or two; one that is off stands nowhere. */
export function statusText({ enabled, state }: Pick<Alert, "enabled" | "state">): string {
  return enabled ? STATUSES[state.status] : "Off";
}

/** When an alert fires: "is below 10". */
export function conditionText({ type, threshold, unit }: Alert["condition"], locale: string): string {
  const number = formatNumber(threshold, locale);
  if (type === "above" || type === "below") return `is ${type} ${number}`;
  return `${type} by ${number}${unit === "percent" ? "%" : ""} or more`;
}

const EVENTS: Record<NonNullable<AlertEntry["event"]>, string> = {
  "alert.firing": "Fired",
  "alert.repeated": "Still firing",
  "alert.recovered": "Recovered",
  "alert.no_data": "No data",
  "alert.error": "Could not be checked",
};

/** What an entry of the history says. */
export function entryText({ event, status, previous_status: before, reason }: AlertEntry): string {
  if (event !== undefined) return EVENTS[event];
  if (status === before && reason !== undefined) return "The check failed";
  return STATUSES[status];
}

/** The least time between two checks. */
export const EVERY = [
  { id: "5", text: "5 minutes" },
  { id: "15", text: "15 minutes" },
  { id: "60", text: "hour" },
  { id: "360", text: "6 hours" },
  { id: "1440", text: "day" },
  { id: "10080", text: "week" },
];

export const REPEATS = [
  { id: "0", text: "Never" },
  { id: "1", text: "Every hour" },
  { id: "6", text: "Every 6 hours" },
  { id: "24", text: "Every day" },
  { id: "168", text: "Every week" },
];

/** The choices with the value that holds, also where a program chose another. */
export function withOwn<T extends { id: string; text: string }>(all: readonly T[], id: string, unit: string) {
  return all.some((one) => one.id === id) ? all : [...all, { id, text: `${id} ${unit}` }];
}
