import { useQuery } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type SavedCohort = components["schemas"]["SavedCohort"];

export const cohortsKey = ["cohorts"] as const;

/** The saved cohorts, the oldest first; asked for only while somebody wants them. */
export function useCohorts(enabled = true) {
  return useQuery({
    queryKey: [...cohortsKey, "list"],
    queryFn: async ({ signal }) => (await unwrap(client.GET("/api/v1/cohorts", { signal }))).cohorts,
    enabled,
  });
}
