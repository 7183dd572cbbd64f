// What came over the stream, beside the pages that were fetched.
import type { News, RawEvent } from "../../api/activity";

export type Live = {
  /** Shown above the pages. */
  shown: RawEvent[];
  /** Come while paused, and not shown yet. */
  held: RawEvent[];
  /** How many came while paused; more than are held where a load brought many. */
  waiting: number;
  paused: boolean;
  /** Whether events came that are not in shown: the pages must be fetched anew. */
  gap: boolean;
};

export type LiveAction =
  { type: "news"; news: News } | { type: "pause" } | { type: "resume" } | { type: "clear" };

export const NOTHING: Live = { shown: [], held: [], waiting: 0, paused: false, gap: false };

/** More than these are left to the pages. */
export const MAX_KEPT = 500;

export function liveReducer(live: Live, action: LiveAction): Live {
  switch (action.type) {
    case "news": {
      const { events, count } = action.news;
      const gap = live.gap || count > events.length;
      if (live.paused) {
        const held = [...events, ...live.held];
        return {
          ...live,
          held: held.slice(0, MAX_KEPT),
          waiting: live.waiting + count,
          gap: gap || held.length > MAX_KEPT,
        };
      }
      const shown = [...events, ...live.shown];
      return { ...live, shown: shown.slice(0, MAX_KEPT), gap: gap || shown.length > MAX_KEPT };
    }
    case "pause":
      return { ...live, paused: true };
    case "resume": {
      const shown = [...live.held, ...live.shown];
      return {
        ...NOTHING,
        shown: shown.slice(0, MAX_KEPT),
        gap: live.gap || shown.length > MAX_KEPT,
      };
    }
    case "clear":
      return { ...NOTHING, paused: live.paused };
  }
}

/** Each event once, the newest first; an event is its id and time together. */
export function merge(live: readonly RawEvent[], pages: readonly RawEvent[]): RawEvent[] {
  const events = new Map<string, RawEvent>();
  for (const event of [...live, ...pages]) events.set(identity(event), event);
  return [...events.values()].sort((a, b) => instant(b) - instant(a) || (identity(a) < identity(b) ? 1 : -1));
}

export function identity({ event_id, timestamp }: Pick<RawEvent, "event_id" | "timestamp">): string {
  return `${event_id} ${timestamp}`;
}

function instant({ timestamp }: RawEvent): number {
  return Date.parse(timestamp);
}
