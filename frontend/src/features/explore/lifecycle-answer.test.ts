import { expect, it } from "vitest";
import { toLifecycleResult } from "./lifecycle-answer";
import type { LifecycleQuery } from "./query";

const query: LifecycleQuery = {
  kind: "lifecycle",
  range: { from: "2024-01-03", to: "2024-01-16" },
  timezone: "Europe/Berlin",
  interval: "week",
  event: "a",
};

const answer = {
  kind: "lifecycle" as const,
  buckets: ["2024-01-01T00:00:00+01:00", "2024-01-08T00:00:00+01:00", "2024-01-15T00:00:00+01:00"],
  new: [3, 1, 0],
  returning: [0, 2, 0],
  resurrecting: [0, 0, 0],
  dormant: [4, 1, 0],
};

it("has a series for each state, with the dormant below zero", () => {
  const { series } = toLifecycleResult(query, answer, new Date("2025-01-01T00:00:00Z"));
  expect(series.map(({ name, values, below, count }) => [name, values, below ?? false, count])).toEqual([
    ["New", [3, 1, 0], false, 4],
    ["Returning", [0, 2, 0], false, 2],
    ["Resurrecting", [0, 0, 0], false, 0],
    ["Dormant", [4, 1, 0], true, 5],
  ]);
});

it("takes a bucket for whole, also where the range ends in it", () => {
  // The range has ended, and its last week has not.
  const { states } = toLifecycleResult(query, answer, new Date("2024-01-18T00:00:00Z"));
  expect(states).toEqual(["complete", "complete", "current"]);
});

it("has nothing for what has not begun", () => {
  const { states, series } = toLifecycleResult(query, answer, new Date("2024-01-10T00:00:00Z"));
  expect(states).toEqual(["complete", "current", "future"]);
  expect(series[0]?.values).toEqual([3, 1, null]);
});

it("has nothing of no buckets", () => {
  const none = { ...answer, buckets: [], new: [], returning: [], resurrecting: [], dormant: [] };
  expect(toLifecycleResult(query, none, new Date()).states).toEqual([]);
});
