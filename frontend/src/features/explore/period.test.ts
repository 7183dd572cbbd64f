import { describe, expect, it } from "vitest";
import { automaticInterval, bucketEnd, bucketStates, daysOf, intervalsFor, isDay, isLast } from "./period";
import type { Interval, Period } from "./question";

const last = (text: string): Period => ({ kind: "last", last: text });
const days = (from: string, to: string): Period => ({ kind: "days", from, to });

// A Tuesday, after midnight in Berlin and before it in New York.
const now = new Date("2026-11-24T01:30:00Z");

function span(period: Period, zone: string) {
  const { from, to } = daysOf(period, zone, now);
  return `${from.toString()} ${to.toString()}`;
}

describe("daysOf", () => {
  it.each([
    ["1d", "2026-11-24 2026-11-24"],
    ["7d", "2026-11-18 2026-11-24"],
    ["4w", "2026-11-02 2026-11-24"],
    ["3mo", "2026-09-01 2026-11-24"],
    ["12mo", "2025-12-01 2026-11-24"],
    ["2h", "2026-11-24 2026-11-24"],
    ["3h", "2026-11-24 2026-11-24"],
    ["4h", "2026-11-23 2026-11-24"],
  ])("%s covers calendar units, the current one included", (text, expected) => {
    expect(span(last(text), "Europe/Berlin")).toBe(expected);
  });

  it("takes today from the zone", () => {
    expect(span(last("1d"), "America/New_York")).toBe("2026-11-23 2026-11-23");
  });

  it("takes days as they are", () => {
    expect(span(days("2024-02-28", "2024-03-01"), "UTC")).toBe("2024-02-28 2024-03-01");
  });
});

describe("automaticInterval", () => {
  it.each([
    ["1d", "hour"],
    ["7d", "day"],
    ["4w", "day"],
    ["3mo", "week"],
    ["6mo", "week"],
    ["12mo", "month"],
  ])("%s is shown by %s", (text, interval) => {
    expect(automaticInterval(last(text))).toBe(interval);
  });

  it("follows a custom range too", () => {
    expect(automaticInterval(days("2024-01-01", "2024-01-02"))).toBe("hour");
    expect(automaticInterval(days("2014-01-01", "2026-12-31"))).toBe("month");
    expect(automaticInterval(days("1990-01-01", "2026-12-31"))).toBe("year");
  });

  it("is always one of those offered", () => {
    for (const text of ["1h", "24h", "1d", "2d", "3d", "45d", "46d", "4w", "1mo", "12mo", "240mo", "999mo"]) {
      expect(intervalsFor(last(text))).toContain(automaticInterval(last(text)));
    }
  });
});

it("offers no interval that gives ten thousand points or part of one", () => {
  expect(intervalsFor(last("1d"))).toEqual(["hour", "day"]);
  expect(intervalsFor(days("2014-01-01", "2026-12-31"))).toEqual(["day", "week", "month", "quarter", "year"]);
});

it("knows days and ranges from other texts", () => {
  expect(["2024-02-29", "2023-02-29", "2024-2-1", "2024-01-01T00:00:00Z"].map(isDay)).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(["30d", "0d", "12mo", "4", "1.5d", "99999d"].map(isLast)).toEqual([
    true,
    false,
    true,
    false,
    false,
    false,
  ]);
});

describe("bucketEnd", () => {
  it.each<[Interval, string, string]>([
    ["hour", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"],
    // The night without an hour, and the one with an hour more.
    ["day", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
    ["day", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"],
    ["week", "2026-11-22T23:00:00Z", "2026-11-29T23:00:00Z"],
    ["month", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"],
    ["quarter", "2026-09-30T22:00:00Z", "2026-12-31T23:00:00Z"],
    ["year", "2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z"],
  ])("of a %s that starts at %s is %s", (interval, start, end) => {
    expect(bucketEnd(new Date(start), interval, "Europe/Berlin").toISOString()).toBe(
      end.replace("Z", ".000Z"),
    );
  });
});

describe("bucketStates", () => {
  const starts = (...texts: string[]) => texts.map((text) => new Date(text));

  it("tells the bucket that is still filling from those before and after", () => {
    const buckets = starts("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z");
    expect(bucketStates(buckets, "day", days("2026-11-23", "2026-11-25"), "UTC", now)).toEqual([
      "complete",
      "current",
      "future",
    ]);
  });

  it("takes a bucket for ended where the period is", () => {
    const buckets = starts("2026-11-01T00:00:00Z");
    expect(bucketStates(buckets, "month", days("2026-11-01", "2026-11-10"), "UTC", now)).toEqual([
      "complete",
    ]);
    expect(bucketStates(buckets, "month", days("2026-11-01", "2026-11-30"), "UTC", now)).toEqual(["current"]);
  });

  it("takes an hour that repeats for one bucket", () => {
    const inTheSecond = new Date("2026-10-25T01:30:00Z");
    const buckets = starts("2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z");
    expect(
      bucketStates(buckets, "hour", days("2026-10-25", "2026-10-25"), "Europe/Berlin", inTheSecond),
    ).toEqual(["complete", "current", "future"]);
  });
});
