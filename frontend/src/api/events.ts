import { useQuery } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type EventInfo = components["schemas"]["EventInfo"];

export const eventsKey = ["events"] as const;

/** The event names, the most frequent first. */
export function useEvents() {
  return useQuery({
    queryKey: eventsKey,
    queryFn: async ({ signal }) => (await unwrap(client.GET("/api/v1/events", { signal }))).events,
  });
}
