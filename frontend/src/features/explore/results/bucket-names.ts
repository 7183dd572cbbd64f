import { formatBucket, formatTick } from "../../../format/dates";
import type { Result } from "../answer";

/** A bucket's name where it stands alone; empty where there is no such bucket. */
export function bucketName(result: Result, bucket: number, locale: string): string {
  const start = result.buckets[bucket];
  if (!start) return "";
  return result.names
    ? (result.names[bucket]?.long ?? "")
    : formatBucket(start, result.interval, result.timezone, locale);
}

/** The buckets' names on an axis, of which those from one to another are in sight. */
export function tickNames(result: Result, locale: string, [from, to]: readonly [number, number]): string[] {
  const { buckets, names, interval, timezone } = result;
  if (names) return names.map(({ short }) => short);
  const first = buckets[from];
  const last = buckets[to];
  const span = first && last ? last.getTime() - first.getTime() : 0;
  return buckets.map((start) => formatTick(start, interval, timezone, locale, span));
}
