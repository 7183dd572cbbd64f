import { keepPreviousData, skipToken, useMutation, useQuery } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

type TrendQuery = components["schemas"]["TrendQuery"];
type TrendAnswer = components["schemas"]["TrendAnswer"];

/** An answer with the query that it is the answer to, and when it was given. */
export type Answered = { query: TrendQuery; answer: TrendAnswer; at: Date };

export const answersKey = ["query"] as const;

export function answerKey(query: TrendQuery | null) {
  return [...answersKey, query] as const;
}

/**
 * The answer to a query; null asks nothing. A new query cancels the old, which
 * the server then stops working on; the old answer stays until the new one is
 * there.
 */
export function useAnswer(query: TrendQuery | null) {
  return useQuery({
    queryKey: answerKey(query),
    queryFn:
      query === null
        ? skipToken
        : async ({ signal }): Promise<Answered> => {
            // The answer's type has CSV's text too, which only its Accept header brings.
            const answer = await unwrap(client.POST("/api/v1/query", { body: query, signal }));
            return { query, answer: answer as TrendAnswer, at: new Date() };
          },
    placeholderData: keepPreviousData,
  });
}

/** The same answer as CSV, made by the server. */
export function useCsv() {
  return useMutation({
    mutationFn: (query: TrendQuery) =>
      unwrap(client.POST("/api/v1/query", { body: query, headers: { Accept: "text/csv" }, parseAs: "blob" })),
  });
}
