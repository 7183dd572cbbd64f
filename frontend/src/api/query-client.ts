import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";
import { sessionKey } from "./session";

const MAX_RETRIES = 3;

/** A new cache of answers. A 401 anywhere ends the session, which the session gate watches. */
export function newQueryClient(): QueryClient {
  const endSession = (error: unknown) => {
    if (error instanceof ApiError && error.status === 401) queryClient.setQueryData(sessionKey, null);
  };
  const queryClient = new QueryClient({
    queryCache: new QueryCache({ onError: endSession }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _result, mutation) => {
        // A wrong password is a 401 as well, but ends nothing.
        if (mutation.meta?.signsIn !== true) endSession(error);
      },
    }),
    defaultOptions: {
      queries: { staleTime: 30_000, retry: shouldRetry, retryDelay, networkMode: "always" },
      mutations: { networkMode: "always" },
    },
  });
  return queryClient;
}

/** Only what may pass by itself is tried again: a busy server, or one that did not answer once. */
function shouldRetry(failures: number, error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.status === 429) return failures < MAX_RETRIES;
  return error.status === 0 && failures < 1;
}

function retryDelay(failures: number, error: unknown): number {
  if (error instanceof ApiError && error.retryAfter !== null) return error.retryAfter * 1000;
  return 500 * 2 ** failures;
}
