import { describe, expect, it } from "vitest";
import { periodName, toRetentionResult } from "./retention-answer";
import type { RetentionQuery } from "./query";

const query: RetentionQuery = {
  kind: "retention",
  range: { from: "2026-03-02", to: "2026-03-22" },
  timezone: "Europe/Berlin",
  cohort_event: "signup",
  return_event: "visit",
  interval: "week",
  periods: 3,
};

const answer = {
  kind: "retention" as const,
  cohorts: [
    { cohort: "2026-03-02T00:00:00+01:00", size: 40, values: [40, 20, 10] },
    { cohort: "2026-03-09T00:00:00+01:00", size: 10, values: [8, 5, 1] },
    { cohort: "2026-03-16T00:00:00+01:00", size: 0, values: [0, 0, 0] },
  ],
};

// A Wednesday in the week that begins on 2026-03-16.
const result = toRetentionResult(query, answer, new Date("2026-03-18T12:00:00Z"));

describe("toRetentionResult", () => {
  it("knows which periods are over, which are filling and which have not begun", () => {
    expect(result.cohorts.map(({ cells }) => cells.map(({ state }) => state))).toEqual([
      ["complete", "complete", "current"],
      ["complete", "current", "future"],
      ["current", "future", "future"],
    ]);
    expect(result.cohorts.map(({ state }) => state)).toEqual(["complete", "complete", "current"]);
  });

  it("gives shares of the cohort, and none of an empty one", () => {
    expect(result.cohorts[0]?.cells.map(({ share }) => share)).toEqual([1, 0.5, 0.25]);
    expect(result.cohorts[2]?.cells[0]?.share).toBeNull();
  });

  it("weighs the cohorts by their sizes, of each period those that have lived through it", () => {
    expect(result.size).toBe(50);
    expect(result.overall.map(({ users, share, state }) => [users, share, state])).toEqual([
      [48, 48 / 50, "complete"],
      [20, 20 / 40, "complete"],
      [10, 10 / 40, "current"],
    ]);
  });

  it("looks beyond the range, across the day that has 23 hours", () => {
    // 2026-03-29 is the day on which Berlin's clocks go forward.
    const later = toRetentionResult(query, answer, new Date("2026-03-29T21:30:00Z"));
    expect(later.cohorts[2]?.cells.map(({ state }) => state)).toEqual(["complete", "current", "future"]);
    const monday = toRetentionResult(query, answer, new Date("2026-03-29T22:30:00Z"));
    expect(monday.cohorts[2]?.cells.map(({ state }) => state)).toEqual(["complete", "complete", "current"]);
  });

  it("has nothing of no cohorts", () => {
    const none = toRetentionResult(query, { kind: "retention", cohorts: [] }, new Date());
    expect(none.size).toBe(0);
    expect(none.overall.every(({ state, share }) => state === "future" && share === null)).toBe(true);
  });
});

it("names periods after the interval", () => {
  expect([periodName("day", 0), periodName("week", 3), periodName("month", 11)]).toEqual([
    "Day 0",
    "Week 3",
    "Month 11",
  ]);
});
