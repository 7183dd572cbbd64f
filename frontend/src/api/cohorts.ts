import { skipToken, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import { answersKey } from "./query";
import type { components } from "./schema.gen";

type Schemas = components["schemas"];
export type Cohort = Schemas["SavedCohort"];
export type CohortDraft = Schemas["CohortDraft"];
export type CohortDefinition = Schemas["CohortDefinition"];
export type CohortCondition = CohortDefinition["conditions"][number];

export const cohortsKey = ["cohorts"] as const;

/** The saved cohorts, the oldest first; asked for only while somebody wants them. */
export function useCohorts(enabled = true) {
  return useQuery({
    queryKey: [...cohortsKey, "list"],
    queryFn: async ({ signal }) => (await unwrap(client.GET("/api/v1/cohorts", { signal }))).cohorts,
    enabled,
  });
}

/** A saved cohort; null asks nothing. */
export function useCohort(id: string | null) {
  return useQuery({
    queryKey: [...cohortsKey, id],
    queryFn:
      id === null
        ? skipToken
        : ({ signal }) => unwrap(client.GET("/api/v1/cohorts/{id}", { params: { path: { id } }, signal })),
  });
}

/** Which answer about a cohort: it is another one when the definition is. */
type Which = Pick<Cohort, "id" | "version">;

/** How many users a cohort has; null asks nothing. Asked anew after a load, as every answer is. */
export function useCohortCount(cohort: Which | null) {
  return useQuery({
    queryKey: [...answersKey, "cohort count", cohort?.id, cohort?.version],
    queryFn:
      cohort === null
        ? skipToken
        : async ({ signal }) =>
            (
              await unwrap(
                client.GET("/api/v1/cohorts/{id}/count", { params: { path: { id: cohort.id } }, signal }),
              )
            ).count,
  });
}

/** The users of a cohort, page by page. */
export function useCohortUsers({ id, version }: Which) {
  return useInfiniteQuery({
    queryKey: [...answersKey, "cohort users", id, version],
    queryFn: ({ pageParam: after, signal }) => {
      const query = after === undefined ? {} : { after };
      return unwrap(client.GET("/api/v1/cohorts/{id}/users", { params: { path: { id }, query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });
}

/** Saves a new cohort, or, with an id and the version that is replaced, a change of one. */
export function useSaveCohort() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: CohortDraft & { id?: string }) =>
      id === undefined
        ? unwrap(client.POST("/api/v1/cohorts", { body }))
        : unwrap(client.PUT("/api/v1/cohorts/{id}", { params: { path: { id } }, body })),
    onSuccess: (cohort) => {
      queryClient.setQueryData([...cohortsKey, cohort.id], cohort);
      void queryClient.invalidateQueries({ queryKey: [...cohortsKey, "list"] });
      // Other answers may name it.
      void queryClient.invalidateQueries({ queryKey: answersKey });
    },
  });
}

export function useDeleteCohort() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(client.DELETE("/api/v1/cohorts/{id}", { params: { path: { id } } })),
    onSuccess: (_, id) => {
      void queryClient.invalidateQueries({ queryKey: [...cohortsKey, "list"] });
      queryClient.removeQueries({ queryKey: [...cohortsKey, id] });
    },
  });
}
