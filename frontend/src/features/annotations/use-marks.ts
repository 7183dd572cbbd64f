import { useMemo } from "react";
import { useAnnotations, type Annotation } from "../../api/annotations";
import type { Result } from "../explore/answer";
import { annotationsWithin, toMarks, type Mark } from "./marks";

/** The annotations within an answer's buckets, and where they stand in its chart. */
export function useMarks(result: Result): { annotations: Annotation[]; marks: Mark[] } {
  const { data } = useAnnotations();
  return useMemo(() => {
    const annotations = annotationsWithin(data ?? [], result);
    return { annotations, marks: toMarks(annotations, result) };
  }, [data, result]);
}
