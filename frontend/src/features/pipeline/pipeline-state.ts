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

/** How long files may wait before something is amiss: loads come every few minutes. */
const PATIENCE = 15 * 60_000;

/** What to do about the state of the pipeline; null where nothing needs doing. */
export function adviceOn(pipeline: Pipeline, now: Date): { title: string; advice: string } | null {
  const { files_waiting: waiting, last_load: last, lag_seconds: lag } = pipeline;
  const since = last === null ? Infinity : now.getTime() - Date.parse(last);
  if (waiting > 0 && since > PATIENCE && last !== null) {
    return {
      title: "Files wait, and nothing was loaded for a while",
      advice:
        "The load may be failing, or its schedule be off. loafctl status tells what it last said; loafctl doctor what is missing.",
    };
  }
  if (lag !== null && lag * 1000 > 4 * PATIENCE) {
    return {
      title: "The last load had data that waited for more than an hour",
      advice:
        "It caught up on what had piled up, or data was sent late. If it stays so, loafctl status tells whether loads fail or run out of time.",
    };
  }
  return null;
}
