import { skipToken, useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import { answersKey } from "./query";
import type { components } from "./schema.gen";

type Schemas = components["schemas"];
export type Insight = Schemas["Insight"];
export type InsightInput = Schemas["InsightInput"];
export type Dashboard = Schemas["Dashboard"];
export type DashboardInput = Schemas["DashboardInput"];
export type Card = Schemas["Card"];
export type Query = Schemas["Query"];
export type Answer = Schemas["Answer"];
export type Range = Schemas["Range"];

const insightsKey = ["insights"] as const;
const dashboardsKey = ["dashboards"] as const;

/** The saved insights whose name holds the text, the last changed first. */
export function useInsights(search: string) {
  return useQuery({
    queryKey: [...insightsKey, "list", search],
    queryFn: async ({ signal }) =>
      (await unwrap(client.GET("/api/v1/insights", { params: { query: { search } }, signal }))).insights,
  });
}

export function useInsight(id: string) {
  return useQuery({
    queryKey: [...insightsKey, id],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/insights/{id}", { params: { path: { id } }, signal })),
  });
}

export type Asked = { range?: Range; timezone?: string };

/** An answer with when it was given. */
export type Ran = { answer: Answer; at: Date };

/**
 * The answer to a saved insight, with another range or time zone than its own;
 * null asks nothing. It is asked anew after a load, as every answer is, and when
 * the insight has changed.
 */
export function useRun(insight: Insight | null, asked: Asked) {
  return useQuery({
    queryKey: [...answersKey, "insight", insight?.id, insight?.version, asked],
    queryFn:
      insight === null
        ? skipToken
        : async ({ signal }): Promise<Ran> => {
            const params = { path: { id: insight.id } };
            const answer = await unwrap(
              client.POST("/api/v1/insights/{id}/run", { params, body: asked, signal }),
            );
            // The answer's type has CSV's text too, which only its Accept header brings.
            return { answer: answer as Answer, at: new Date() };
          },
  });
}

/** Puts what was saved into the cache, and has the lists asked for anew. */
function remember(queryClient: QueryClient, key: readonly string[], item: { id: string }) {
  queryClient.setQueryData([...key, item.id], item);
  void queryClient.invalidateQueries({ queryKey: [...key, "list"] });
}

export function useCreateInsight() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: InsightInput) => unwrap(client.POST("/api/v1/insights", { body })),
    onSuccess: (insight) => remember(queryClient, insightsKey, insight),
  });
}

export function useReplaceInsight() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: InsightInput & { id: string; version: number }) =>
      unwrap(client.PUT("/api/v1/insights/{id}", { params: { path: { id } }, body })),
    onSuccess: (insight) => remember(queryClient, insightsKey, insight),
  });
}

export function useDuplicateInsight() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(client.POST("/api/v1/insights/{id}/duplicate", { params: { path: { id } } })),
    onSuccess: (insight) => remember(queryClient, insightsKey, insight),
  });
}

export function useDeleteInsight() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, force }: { id: string; force: boolean }) =>
      unwrap(client.DELETE("/api/v1/insights/{id}", { params: { path: { id }, query: { force } } })),
    onSuccess: (_, { id }) => {
      void queryClient.invalidateQueries({ queryKey: [...insightsKey, "list"] });
      queryClient.removeQueries({ queryKey: [...insightsKey, id] });
      // Its cards went with it.
      void queryClient.invalidateQueries({ queryKey: dashboardsKey });
    },
  });
}

/** The dashboards whose name holds the text, the last changed first. */
export function useDashboards(search: string) {
  return useQuery({
    queryKey: [...dashboardsKey, "list", search],
    queryFn: async ({ signal }) =>
      (await unwrap(client.GET("/api/v1/dashboards", { params: { query: { search } }, signal }))).dashboards,
  });
}

export function useDashboard(id: string) {
  return useQuery({
    queryKey: [...dashboardsKey, id],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/dashboards/{id}", { params: { path: { id } }, signal })),
  });
}

export function useCreateDashboard() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: DashboardInput) => unwrap(client.POST("/api/v1/dashboards", { body })),
    onSuccess: (dashboard) => remember(queryClient, dashboardsKey, dashboard),
  });
}

export function useReplaceDashboard() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: DashboardInput & { id: string; version: number }) =>
      unwrap(client.PUT("/api/v1/dashboards/{id}", { params: { path: { id } }, body })),
    onSuccess: (dashboard) => remember(queryClient, dashboardsKey, dashboard),
  });
}

export function useDuplicateDashboard() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(client.POST("/api/v1/dashboards/{id}/duplicate", { params: { path: { id } } })),
    onSuccess: (dashboard) => remember(queryClient, dashboardsKey, dashboard),
  });
}

export function useDeleteDashboard() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(client.DELETE("/api/v1/dashboards/{id}", { params: { path: { id } } })),
    onSuccess: (_, id) => {
      void queryClient.invalidateQueries({ queryKey: [...dashboardsKey, "list"] });
      queryClient.removeQueries({ queryKey: [...dashboardsKey, id] });
    },
  });
}
