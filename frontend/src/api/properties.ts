import { useQuery } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type PropertyInfo = components["schemas"]["PropertyInfo"];
type Scope = components["schemas"]["Scope"];

export const propertiesKey = ["properties"] as const;

/** The properties of users, or of one event, or (without one) of all events. */
export function useProperties(scope: Scope, event?: string) {
  return useQuery({
    queryKey: [...propertiesKey, scope, event ?? null],
    queryFn: async ({ signal }) => {
      const query = event === undefined ? { scope } : { scope, event };
      return (await unwrap(client.GET("/api/v1/properties", { params: { query }, signal }))).properties;
    },
  });
}
