import { skipToken, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import { eventsKey } from "./events";
import { propertiesKey } from "./properties";
import type { components } from "./schema.gen";

type Schemas = components["schemas"];
export type DefinedEvent = Schemas["DefinedEvent"];
export type DefinedProperty = Schemas["DefinedProperty"];
export type PropertyVolume = Schemas["PropertyVolume"];
export type Scope = Schemas["Scope"];

export const definitionsKey = ["definitions"] as const;

/** Whose names: of events, of their properties, or of the attributes of users. */
export type Of = "events" | Scope;

/** The events, seen and defined, with how often they came in the last 30 days; null asks nothing. */
export function useDefinedEvents(timezone: string | null) {
  return useQuery({
    queryKey: [...definitionsKey, "events", timezone],
    queryFn:
      timezone === null
        ? skipToken
        : async ({ signal }) => {
            const query = { last: "30d", timezone };
            return (await unwrap(client.GET("/api/v1/definitions/events", { params: { query }, signal })))
              .events;
          },
  });
}

/** The properties of events, or the attributes of users, seen and defined; null asks nothing. */
export function useDefinedProperties(scope: Scope | null) {
  return useQuery({
    queryKey: [...definitionsKey, "properties", scope],
    queryFn:
      scope === null
        ? skipToken
        : async ({ signal }) => {
            const query = { scope };
            return (await unwrap(client.GET("/api/v1/definitions/properties", { params: { query }, signal })))
              .properties;
          },
  });
}

/** Which events carry a property, and how often; null asks nothing. */
export function usePropertyVolumes(property: string | null) {
  return useQuery({
    queryKey: [...definitionsKey, "volumes", property],
    queryFn:
      property === null
        ? skipToken
        : async ({ signal }) => {
            const query = { property, last: "30d" };
            const path = "/api/v1/definitions/property-volumes";
            return (await unwrap(client.GET(path, { params: { query }, signal }))).events;
          },
  });
}

/** What is said of a name. Without an id it is defined for the first time. */
export type Definition = {
  of: Of;
  name: string;
  description: string;
  hidden: boolean;
  verified: boolean;
  id?: string;
  version?: number;
};

export function useSaveDefinition() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async ({ of, id, version, ...words }: Definition): Promise<void> => {
      const params = { path: { id: id ?? "" } };
      const change = version === undefined ? words : { ...words, version };
      if (of === "events") {
        const path = "/api/v1/definitions/events";
        await unwrap(
          id === undefined
            ? client.POST(path, { body: words })
            : client.PUT(`${path}/{id}`, { params, body: change }),
        );
        return;
      }
      const path = "/api/v1/definitions/properties";
      await unwrap(
        id === undefined
          ? client.POST(path, { body: { scope: of, ...words } })
          : client.PUT(`${path}/{id}`, { params, body: { scope: of, ...change } }),
      );
    },
    onSuccess: () => forget(queryClient),
  });
}

/** Takes back what was said of a name. */
export function useDeleteDefinition() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async ({ of, id }: { of: Of; id: string }): Promise<void> => {
      const params = { path: { id } };
      await unwrap(
        of === "events"
          ? client.DELETE("/api/v1/definitions/events/{id}", { params })
          : client.DELETE("/api/v1/definitions/properties/{id}", { params }),
      );
    },
    onSuccess: () => forget(queryClient),
  });
}

/** What is hidden leaves the pickers. */
function forget(queryClient: ReturnType<typeof useQueryClient>) {
  for (const queryKey of [definitionsKey, eventsKey, propertiesKey]) {
    void queryClient.invalidateQueries({ queryKey });
  }
}
