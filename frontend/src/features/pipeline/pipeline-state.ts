import type { Pipeline } from "../../api/pipeline";
import { formatAgo, formatNumber } from "../../format/numbers";

export type Health = "good" | "waiting" | "trouble" | "nothing";

/** How the pipeline is, in one word. */
export function health(pipeline: Pipeline): Health {
  if (pipeline.files_quarantined > 0) return "trouble";
  if (pipeline.last_load === null) return pipeline.files_waiting > 0 ? "waiting" : "nothing";
  return "good";
}

/** How the pipeline is, in a line. */
export function healthText(pipeline: Pipeline, now: Date, locale: string): string {
  switch (health(pipeline)) {
    case "trouble":
      return pipeline.files_quarantined === 1
        ? "1 file could not be loaded"
        : `${formatNumber(pipeline.files_quarantined, locale)} files could not be loaded`;
    case "waiting":
      return "Waiting for the first load";
    case "nothing":
      return "No data yet";
    case "good":
      return pipeline.last_load === null
        ? "No data yet"
        : `Loaded ${formatAgo(new Date(pipeline.last_load), now, locale)}`;
  }
}
