import { expect, it } from "vitest";
import { countText, toStickinessResult } from "./stickiness-answer";
import type { StickinessQuery } from "./query";

const query: StickinessQuery = {
  kind: "stickiness",
  range: { from: "2024-01-01", to: "2024-01-03" },
  timezone: "Asia/Kolkata",
  interval: "day",
  series: [
    { event: "a" },
    {
      event: "b",
      filters: { match: "all", conditions: [{ scope: "cohort", operator: "in", value: "c" }] },
    },
  ],
};

const answer = {
  kind: "stickiness" as const,
  series: [
    { event: "a", intervals: [1, 2, 3], users: [5, 0, 2] },
    { event: "b", intervals: [1, 2, 3], users: [0, 0, 0] },
  ],
};

it("has a bucket for each number of intervals, and all users of each event", () => {
  const { result, users, filling } = toStickinessResult(
    query,
    answer,
    new Date("2024-02-01T00:00:00Z"),
    () => "Regulars",
  );
  expect(result.names).toEqual([
    { short: "1", long: "1 day" },
    { short: "2", long: "2 days" },
    { short: "3", long: "3 days" },
  ]);
  expect(result.series.map(({ name, values }) => [name, values])).toEqual([
    ["a", [5, 0, 2]],
    ["b (user is in cohort Regulars)", [0, 0, 0]],
  ]);
  expect(users).toEqual([7, 0]);
  expect(filling).toBe(false);
});

it("knows by the zone's midnight whether the period has ended", () => {
  const at = (instant: string) => toStickinessResult(query, answer, new Date(instant)).filling;
  expect(at("2024-01-03T18:29:59Z")).toBe(true);
  expect(at("2024-01-03T18:30:00Z")).toBe(false);
});

it("counts in words", () => {
  expect(countText(1, "week")).toBe("1 week");
  expect(countText(2, "month")).toBe("2 months");
});
