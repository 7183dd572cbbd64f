import { keepPreviousData, skipToken, useMutation, useQuery } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

type Query = components["schemas"]["Query"];
type Answer = components["schemas"]["Answer"];

/** An answer with the query that it is the answer to, when it was given, and how many milliseconds it took. */
export type Answered = { query: Query; answer: Answer; at: Date; took: number };

export const answersKey = ["query"] as const;

export function answerKey(query: Query | null) {
  return [...answersKey, query] as const;
}

/**
 * The answer to a query; null asks nothing. A new query cancels the old, which
 * the server then stops working on; the old answer stays until the new one is
 * there.
 */
export function useAnswer(query: Query | null) {
  return useQuery({
    queryKey: answerKey(query),
    queryFn:
      query === null
        ? skipToken
        : async ({ signal }): Promise<Answered> => {
            const asked = performance.now();
            // The answer's type has CSV's text too, which only its Accept header brings.
            const answer = (await unwrap(client.POST("/api/v1/query", { body: query, signal }))) as Answer;
            // What the server took, where it says so; else the way there and back as well.
            const took = answer.kind === "trend" ? answer.elapsed_ms : performance.now() - asked;
            return { query, answer, at: new Date(), took };
          },
    placeholderData: keepPreviousData,
  });
}

/** The same answer as CSV, made by the server. */
export function useCsv() {
  return useMutation({
    mutationFn: (query: Query) =>
      unwrap(client.POST("/api/v1/query", { body: query, headers: { Accept: "text/csv" }, parseAs: "blob" })),
  });
}
