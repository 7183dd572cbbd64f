import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

type Scope = components["schemas"]["Scope"];

/** The most frequent values of a property that contain a text. The last ones stay while the next are fetched. */
export function usePropertyValues(
  about: { scope: Scope; property: string; event?: string; search: string },
  enabled: boolean,
) {
  const { scope, property, event, search } = about;
  return useQuery({
    queryKey: ["property-values", scope, property, event ?? null, search],
    queryFn: async ({ signal }) => {
      const query = {
        scope,
        property,
        ...(event === undefined ? {} : { event }),
        ...(search === "" ? {} : { search }),
      };
      return (await unwrap(client.GET("/api/v1/property-values", { params: { query }, signal }))).values;
    },
    enabled,
    placeholderData: keepPreviousData,
  });
}
