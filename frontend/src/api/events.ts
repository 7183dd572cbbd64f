import { useQuery } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type EventInfo = components["schemas"]["EventInfo"];

export const eventsKey = ["events"] as const;

/** The event names, the most frequent first; on demand without those that their definitions hide. */
export function useEvents(hidden = true) {
  return useQuery({
    queryKey: [...eventsKey, hidden],
    queryFn: async ({ signal }) => {
      const query = hidden ? {} : { hidden: "false" as const };
      return (await unwrap(client.GET("/api/v1/events", { params: { query }, signal }))).events;
    },
  });
}
