import type { Range } from "../../api/saved";
import { isDay, isLast } from "../explore/period";
import type { Period } from "../explore/question";

/** A range of the API as the builder knows it. */
export function toPeriod(range: Range): Period {
  return "last" in range
    ? { kind: "last", last: range.last }
    : { kind: "days", from: range.from, to: range.to };
}

export function toRange(period: Period): Range {
  return period.kind === "last" ? { last: period.last } : { from: period.from, to: period.to };
}

/**
 * The range that an address asks for: ?last=30d, or ?from=…&to=…, or ?own for
 * the cards' own; undefined where it says nothing of one that can be read.
 */
export function readRange(search: URLSearchParams): Range | null | undefined {
  if (search.has("own")) return null;
  const last = search.get("last");
  if (last !== null && isLast(last)) return { last };
  const from = search.get("from");
  const to = search.get("to");
  return from !== null && to !== null && isDay(from) && isDay(to) && from <= to ? { from, to } : undefined;
}

/** The address' part that asks for the range. */
export function writeRange(range: Range | null): Record<string, string> {
  return range ?? { own: "" };
}
