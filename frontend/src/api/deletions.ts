import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type Deletion = components["schemas"]["Deletion"];
type NewDeletion = components["schemas"]["NewDeletion"];

const deletionsKey = ["deletions"] as const;

/** How often one asks about what is under way. */
const WATCH_MS = 5_000;

/** The deletions of users' data, the newest first. What is under way is asked for again. */
export function useDeletions() {
  return useQuery({
    queryKey: deletionsKey,
    queryFn: async ({ signal }) => (await unwrap(client.GET("/api/v1/deletions", { signal }))).deletions,
    refetchInterval: ({ state }) =>
      state.data?.some(
        ({ state, phase }) => state === "requested" || (state === "running" && phase !== "settling"),
      )
        ? WATCH_MS
        : false,
  });
}

/** Asks for a user's data to be deleted for good. */
export function useAskDeletion() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: NewDeletion) => unwrap(client.POST("/api/v1/deletions", { body })),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: deletionsKey }),
  });
}

/** Looks for the deletions of one user. The id goes in the body: addresses are kept in logs. */
export function useFindDeletions() {
  return useMutation({
    mutationFn: async (user_id: string) =>
      (await unwrap(client.POST("/api/v1/deletions/lookup", { body: { user_id } }))).deletions,
  });
}
