import { ALL_EVENTS } from "../explore/question";

/** The events of calendar days, both included, as the API exports them. */
export type Export = { event: string; from: string; to: string; timezone: string };

/** The address that gives them as NDJSON. */
export function exportPath({ event, from, to, timezone }: Export): string {
  const params = new URLSearchParams({ from, to, timezone });
  if (event !== ALL_EVENTS) params.set("event", event);
  return `/api/v1/export?${params}`;
}
