import { describe, expect, it } from "vitest";
import { formatBucket, formatClock, formatDays, formatOffset, formatTick } from "./dates";
import { formatAgo, formatCompact, formatDuration, formatNumber } from "./numbers";

// Intl separates with spaces that do not break; which ones is its own affair.
const plain = (text: string) => text.replace(/[\u00a0\u2009\u202f]/g, " ");

const DAY = 86_400_000;

describe("numbers", () => {
  it("are written as the locale writes them", () => {
    expect(formatNumber(28775, "en-GB")).toBe("28,775");
    expect(formatNumber(28775.456, "de-DE")).toBe("28.775,46");
    expect(formatNumber(0.012345, "en-GB")).toBe("0.0123");
    expect(formatNumber(0, "en-GB")).toBe("0");
  });

  it("are short where there is little room, from ten thousand on", () => {
    expect(formatCompact(9999, "en-US")).toBe("9,999");
    expect(formatCompact(28775, "en-US")).toBe("28.8K");
  });
});

describe("time", () => {
  it.each([
    [12.4, "12 ms"],
    [1400, "1.4 sec"],
    [42_000, "42 sec"],
    [180_000, "3 min"],
    [7_200_000, "2 hr"],
    [864_000_000, "10 days"],
  ])("%d ms is %s", (milliseconds, text) => {
    expect(formatDuration(milliseconds, "en-US")).toBe(text);
  });

  it.each([
    [-5, "0 seconds ago"],
    [12, "12 seconds ago"],
    [180, "3 minutes ago"],
    [90_000, "25 hours ago"],
    [864_000, "10 days ago"],
  ])("%d s before now is %s", (seconds, text) => {
    const now = new Date("2026-11-24T12:00:00Z");
    expect(formatAgo(new Date(now.getTime() - seconds * 1000), now, "en")).toBe(text);
  });
});

describe("buckets", () => {
  const start = new Date("2026-09-30T22:00:00Z");

  it.each([
    ["day", "Thu, 1 Oct 2026", "1 Oct 26"],
    ["week", "Week of 1 Oct 2026", "1 Oct 26"],
    ["month", "October 2026", "Oct 2026"],
    ["quarter", "Q4 2026", "Q4 2026"],
    ["year", "2026", "2026"],
  ] as const)("are named in their zone: %s", (interval, name, tick) => {
    expect(plain(formatBucket(start, interval, "Europe/Berlin", "en-GB"))).toBe(name);
    expect(plain(formatTick(start, interval, "Europe/Berlin", "en-GB", 400 * DAY))).toBe(tick);
  });

  it("of an hour have the time, and at midnight the day", () => {
    expect(plain(formatTick(start, "hour", "Europe/Berlin", "en-GB", DAY))).toBe("1 Oct");
    expect(plain(formatTick(start, "hour", "UTC", "en-GB", DAY))).toBe("22:00");
    expect(plain(formatTick(start, "day", "UTC", "en-GB", DAY))).toBe("30 Sept");
  });

  it("of an hour among those of many days have the day", () => {
    expect(plain(formatTick(start, "hour", "UTC", "en-GB", 7 * DAY))).toBe("30 Sept, 22:00");
    expect(plain(formatTick(start, "hour", "UTC", "en-GB", 90 * DAY))).toBe("30 Sept");
    expect(plain(formatTick(start, "hour", "UTC", "en-GB", 400 * DAY))).toMatch(/^30 Sept.* 2[0-9]$/);
  });
});

it("writes spans of days", () => {
  expect(plain(formatDays(new Date("2026-10-27"), new Date("2026-11-24"), "en-GB"))).toBe(
    "27 Oct – 24 Nov 2026",
  );
});

it("writes a clock with its day where that is not today", () => {
  const now = new Date("2026-11-24T12:00:00Z");
  expect(formatClock(new Date("2026-11-24T09:05:07Z"), now, "UTC", "en-GB")).toBe("09:05:07");
  expect(plain(formatClock(new Date("2026-11-23T23:30:00Z"), now, "UTC", "en-GB"))).toBe("23 Nov, 23:30:00");
  expect(formatClock(new Date("2026-11-23T23:30:00Z"), now, "Europe/Berlin", "en-GB")).toBe("00:30:00");
});

it("writes offsets, half hours too", () => {
  const at = new Date("2026-11-24T12:00:00Z");
  expect(["UTC", "Asia/Kolkata", "America/New_York"].map((zone) => formatOffset(zone, at))).toEqual([
    "UTC",
    "UTC+5:30",
    "UTC-5",
  ]);
});
