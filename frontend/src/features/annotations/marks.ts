import type { Annotation } from "../../api/annotations";
import { bucketEnd } from "../explore/period";
import type { Interval } from "../explore/question";

/** What happened in a bucket, as it stands in a chart. */
export type Mark = {
  /** The bucket's place in the answer. */
  bucket: number;
  /** The annotations' numbers in the list below the chart: "1", or "2–4" for several. */
  label: string;
  texts: string[];
};

type Buckets = { buckets: readonly Date[]; interval: Interval; timezone: string };

/** The annotations that lie within the buckets, the earliest first: the n-th has the number n. */
export function annotationsWithin(
  annotations: readonly Annotation[],
  { buckets, interval, timezone }: Buckets,
): Annotation[] {
  const first = buckets[0];
  const last = buckets.at(-1);
  if (!first || !last) return [];
  const end = bucketEnd(last, interval, timezone).getTime();
  return annotations
    .filter(({ at }) => Date.parse(at) >= first.getTime() && Date.parse(at) < end)
    .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

/** Where the annotations stand in the chart: those of one bucket at one place. They are in order, and lie within. */
export function toMarks(annotations: readonly Annotation[], { buckets }: Pick<Buckets, "buckets">): Mark[] {
  const marks: (Mark & { first: number })[] = [];
  let bucket = 0;
  annotations.forEach(({ at, text }, index) => {
    while (Date.parse(at) >= (buckets[bucket + 1]?.getTime() ?? Infinity)) bucket++;
    const last = marks.at(-1);
    if (last?.bucket === bucket) {
      last.label = `${last.first}–${index + 1}`;
      last.texts.push(text);
    } else {
      marks.push({ bucket, first: index + 1, label: String(index + 1), texts: [text] });
    }
  });
  return marks.map(({ bucket: place, label, texts }) => ({ bucket: place, label, texts }));
}
