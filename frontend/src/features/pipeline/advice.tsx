import type { Pipeline } from "../../api/pipeline";
import { Notice } from "../../components/notice";
import { useNow } from "../../components/use-now";
import { adviceOn } from "./pipeline-state";

/** What to do, where the numbers say that something is amiss. */
export function Advice({ pipeline }: { pipeline: Pipeline }) {
  const advice = adviceOn(pipeline, useNow(60_000));
  return advice && <Notice title={advice.title}>{advice.advice}</Notice>;
}
