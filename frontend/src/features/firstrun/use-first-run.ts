import { useState } from "react";
import type { EventInfo } from "../../api/events";

/**
 * Whether to show how to begin: while nothing has arrived, and then, once
 * something has, until the reader goes on to ask about it.
 */
export function useFirstRun(events: readonly EventInfo[] | undefined) {
  const [begun, setBegun] = useState(false);
  const empty = events?.length === 0;
  if (empty && !begun) setBegun(true);
  return {
    shown: empty || begun,
    arrived: events?.[0]?.name ?? null,
    leave: () => setBegun(false),
  };
}
