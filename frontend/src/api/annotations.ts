import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type Annotation = components["schemas"]["Annotation"];
export type AnnotationInput = components["schemas"]["AnnotationInput"];

const annotationsKey = ["annotations"] as const;

/** All annotations, the earliest first: asked for once for all charts of a page. */
export function useAnnotations() {
  return useQuery({
    queryKey: annotationsKey,
    queryFn: async ({ signal }) =>
      (await unwrap(client.GET("/api/v1/annotations", { params: { query: {} }, signal }))).annotations,
    staleTime: 60_000,
  });
}

/** Has the annotations asked for anew, after a change of one. */
function useRefresh() {
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: annotationsKey });
}

export function useCreateAnnotation() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: AnnotationInput) => unwrap(client.POST("/api/v1/annotations", { body })),
    onSuccess: refresh,
  });
}

/** Changes an annotation, unless somebody else has changed it since this version. */
export function useReplaceAnnotation() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ id, ...body }: AnnotationInput & { id: string; version: number }) =>
      unwrap(client.PUT("/api/v1/annotations/{id}", { params: { path: { id } }, body })),
    // One that was changed by somebody else is to be seen as it is now.
    onSettled: refresh,
  });
}

export function useDeleteAnnotation() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(client.DELETE("/api/v1/annotations/{id}", { params: { path: { id } } })),
    onSettled: refresh,
  });
}
