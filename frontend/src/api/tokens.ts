import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type Token = components["schemas"]["Token"];
export type MadeToken = components["schemas"]["MadeToken"];
export type TokenScope = components["schemas"]["TokenScope"];
type NewToken = components["schemas"]["NewToken"];

const tokensKey = ["tokens"] as const;

/** The tokens of programs. */
export function useTokens() {
  return useQuery({
    queryKey: tokensKey,
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/tokens", { signal })),
  });
}

export function useNewToken() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: NewToken) => unwrap(client.POST("/api/v1/tokens", { body })),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: tokensKey }),
  });
}

export function useRevokeToken() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(client.DELETE("/api/v1/tokens/{id}", { params: { path: { id } } })),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: tokensKey }),
  });
}
