import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import { sessionKey } from "./session";
import type { components } from "./schema.gen";

export type Member = components["schemas"]["Member"];
export type MemberLink = components["schemas"]["MemberLink"];
type Acceptance = components["schemas"]["Acceptance"];
type Invitation = components["schemas"]["Invitation"];
type MemberChange = components["schemas"]["MemberChange"];

const membersKey = ["members"] as const;

/** Everybody who may sign in; only admins may ask. */
export function useMembers(enabled: boolean) {
  return useQuery({
    enabled,
    queryKey: membersKey,
    queryFn: async ({ signal }) => (await unwrap(client.GET("/api/v1/members", { signal }))).members,
  });
}

/** After any change, also one that failed because others were quicker, the list is asked for again. */
function useRefresh() {
  const queryClient = useQueryClient();
  return () => void queryClient.invalidateQueries({ queryKey: membersKey });
}

export function useInvite() {
  return useMutation({
    mutationFn: (body: Invitation) => unwrap(client.POST("/api/v1/invitations", { body })),
    onSettled: useRefresh(),
  });
}

/** A new one-time link, for an invitation that got lost or a password that did. */
export function useNewLink() {
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(client.POST("/api/v1/members/{id}/link", { params: { path: { id } } })),
    onSettled: useRefresh(),
  });
}

export function useChangeMember() {
  return useMutation({
    mutationFn: ({ id, ...body }: MemberChange & { id: string }) =>
      unwrap(client.PATCH("/api/v1/members/{id}", { params: { path: { id } }, body })),
    onSettled: useRefresh(),
  });
}

export function useRemoveMember() {
  return useMutation({
    mutationFn: (id: string) => unwrap(client.DELETE("/api/v1/members/{id}", { params: { path: { id } } })),
    onSettled: useRefresh(),
  });
}

/** Chooses a password by a one-time link, which signs in. */
export function useAcceptInvitation() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: Acceptance) => unwrap(client.POST("/api/v1/invitations/accept", { body })),
    onSuccess: (session) => {
      // Whoever was signed in before may have read what is not for this one.
      queryClient.clear();
      queryClient.setQueryData(sessionKey, session);
    },
  });
}
