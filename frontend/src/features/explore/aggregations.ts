import { ALL_EVENTS, isPropertyAggregation, type AggregationType } from "./question";

const NAMES: Record<AggregationType, string> = {
  total: "Total events",
  unique_users: "Unique users",
  average_per_user: "Average per user",
  median_per_user: "Median per user",
  min_per_user: "Fewest per user",
  max_per_user: "Most per user",
  sum: "Sum",
  average: "Average",
  median: "Median",
  min: "Minimum",
  max: "Maximum",
  p90: "90th percentile",
  p95: "95th percentile",
  p99: "99th percentile",
};

const PHRASES: Record<AggregationType, string> = {
  total: "total",
  unique_users: "unique users",
  average_per_user: "average per user",
  median_per_user: "median per user",
  min_per_user: "fewest per user",
  max_per_user: "most per user",
  sum: "sum",
  average: "average",
  median: "median",
  min: "minimum",
  max: "maximum",
  p90: "90th percentile",
  p95: "95th percentile",
  p99: "99th percentile",
};

export function aggregationName(type: AggregationType): string {
  return NAMES[type];
}

/** What a series measures, in words: "commit, sum of files". */
export function measureText(event: string, type: AggregationType, property: string | undefined): string {
  const phrase = PHRASES[type];
  const what = isPropertyAggregation(type) ? `${phrase} of ${property ?? "…"}` : phrase;
  return `${eventName(event)}, ${what}`;
}

/** The event's name as the page shows it. */
export function eventName(event: string): string {
  return event === ALL_EVENTS ? "All events" : event;
}

/** How the values of several buckets come to one; null where no way is exact. */
export function combine(
  type: AggregationType | "formula",
  values: readonly (number | null)[],
): number | null {
  const known = values.filter((value) => value !== null);
  switch (type) {
    case "total":
    case "sum":
      return known.reduce((sum, value) => sum + value, 0);
    case "min":
      return known.length === 0 ? null : known.reduce((a, b) => Math.min(a, b));
    case "max":
      return known.length === 0 ? null : known.reduce((a, b) => Math.max(a, b));
    case "unique_users":
    case "average_per_user":
    case "median_per_user":
    case "min_per_user":
    case "max_per_user":
    case "average":
    case "median":
    case "p90":
    case "p95":
    case "p99":
    case "formula":
      return null;
  }
}
