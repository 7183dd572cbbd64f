import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

type Schemas = components["schemas"];
export type Alert = Schemas["Alert"];
export type AlertDraft = Schemas["AlertDraft"];
export type AlertEntry = Schemas["AlertEntry"];
export type AlertDelivery = Schemas["AlertDelivery"];
export type AlertStatus = Schemas["AlertStatus"];
export type AlertCondition = Schemas["AlertCondition"];

const alertsKey = ["alerts"] as const;

/** All alerts, and the topics that one may name. Nothing asks anew by itself: that would keep a warehouse awake. */
export function useAlerts() {
  return useQuery({
    queryKey: [...alertsKey, "list"],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/alerts", { signal })),
  });
}

/** One alert. */
export function useAlert(id: string) {
  return useQuery({
    queryKey: [...alertsKey, id],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/alerts/{id}", { params: { path: { id } }, signal })),
  });
}

/** What an alert found and told, the newest first. */
export function useAlertHistory(id: string) {
  return useQuery({
    queryKey: [...alertsKey, id, "history"],
    queryFn: async ({ signal }) =>
      (await unwrap(client.GET("/api/v1/alerts/{id}/history", { params: { path: { id } }, signal }))).history,
  });
}

/** Saves an alert: a new one, or over the version that was read. */
export function useSaveAlert() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ alert, body }: { alert: Alert | null; body: AlertDraft }) =>
      alert === null
        ? unwrap(client.POST("/api/v1/alerts", { body }))
        : unwrap(
            client.PUT("/api/v1/alerts/{id}", {
              params: { path: { id: alert.id }, header: { "If-Match": `"${alert.version}"` } },
              body,
            }),
          ),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: alertsKey }),
  });
}

export function useDeleteAlert() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(client.DELETE("/api/v1/alerts/{id}", { params: { path: { id } } })),
    onSuccess: (_, id) => {
      queryClient.removeQueries({ queryKey: [...alertsKey, id] });
      void queryClient.invalidateQueries({ queryKey: [...alertsKey, "list"] });
    },
  });
}

/** Sends a test to all destinations and tells what became of it. */
export function useTestAlert() {
  return useMutation({
    mutationFn: async (id: string) =>
      (await unwrap(client.POST("/api/v1/alerts/{id}/test", { params: { path: { id } } }))).deliveries,
  });
}
