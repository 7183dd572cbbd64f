import { useQuery } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type PropertyInfo = components["schemas"]["PropertyInfo"];
type Scope = components["schemas"]["Scope"];

export const propertiesKey = ["properties"] as const;

/**
 * The properties of users, or of one event, or (without one) of all events; on
 * demand without those that their definitions hide.
 */
export function useProperties(scope: Scope, event?: string, hidden = true) {
  return useQuery({
    queryKey: [...propertiesKey, scope, event ?? null, hidden],
    queryFn: async ({ signal }) => {
      const query = {
        scope,
        ...(event === undefined ? {} : { event }),
        ...(hidden ? {} : { hidden: "false" as const }),
      };
      return (await unwrap(client.GET("/api/v1/properties", { params: { query }, signal }))).properties;
    },
  });
}
