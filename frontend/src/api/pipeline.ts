import { useQuery } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type Pipeline = components["schemas"]["Pipeline"];

/**
 * The state of the pipeline, asked again every so many milliseconds; false
 * asks once. Asking may wake a warehouse that bills by the minute, so a page
 * that nobody looks at must not.
 */
export function usePipeline(every: number | false) {
  return useQuery({
    queryKey: ["pipeline"],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/pipeline", { signal })),
    refetchInterval: every,
    staleTime: 5_000,
  });
}
