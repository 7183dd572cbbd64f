import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError, client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type Session = components["schemas"]["Session"];
export type Role = components["schemas"]["Role"];
type Login = components["schemas"]["Login"];
type PasswordChange = components["schemas"]["PasswordChange"];

export const sessionKey = ["session"] as const;

const sessionOptions = queryOptions({
  queryKey: sessionKey,
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await unwrap(client.GET("/api/v1/session", { signal }));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Infinity,
});

/** Who is signed in; null when nobody is. */
export function useSession() {
  return useQuery(sessionOptions);
}

/** Where applications send events to, without the API's paths and a slash at the end. */
export function useCollectionUrl(): string {
  return useSession().data?.collection_url ?? window.location.origin;
}

const ROLES: readonly Role[] = ["viewer", "editor", "admin"];

/** Whether who is signed in may do what needs the role. The server decides; this hides what it would refuse. */
export function useMay(needed: Role): boolean {
  const role = useSession().data?.user.role;
  return role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Changes one's own password, which ends all other sessions. */
export function useSetPassword() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: PasswordChange) => unwrap(client.POST("/api/v1/session/password", { body })),
    onSuccess: (session) => queryClient.setQueryData(sessionKey, session),
  });
}

export function useLogin() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: Login) => unwrap(client.POST("/api/v1/login", { body })),
    meta: { signsIn: true },
    onSuccess: (session) => {
      queryClient.setQueryData(sessionKey, session);
      // What failed for want of a session is asked again.
      void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] });
    },
  });
}

export function useLogout() {
  return useMutation({
    mutationFn: () => unwrap(client.POST("/api/v1/logout")),
    // A fresh page keeps nothing of what was read; its address keeps the question.
    onSuccess: () => window.location.reload(),
  });
}
