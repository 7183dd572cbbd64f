import { describe, expect, it } from "vitest";
import { fileName, filterText, headline, isEmpty, toResult } from "./answer";
import { defaultQuestion } from "./question";
import type { TrendQuery } from "./query";

const now = new Date("2026-03-10T12:00:00Z");

const query: TrendQuery = {
  kind: "trend",
  range: { from: "2026-01-01", to: "2026-04-30" },
  timezone: "UTC",
  interval: "month",
  series: [
    { event: "commit", aggregation: { type: "total" } },
    {
      event: "*",
      aggregation: { type: "unique_users" },
      filters: {
        match: "any",
        conditions: [
          { scope: "user", property: "plan", operator: "in", value: ["pro", "10"] },
          { scope: "event", property: "area", operator: "is_set" },
        ],
      },
    },
    { event: "commit", aggregation: { type: "p90", property: "files" } },
  ],
};

const result = toResult(
  query,
  {
    kind: "trend",
    buckets: ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"],
    series: [
      { event: "commit", aggregation: { type: "total" }, breakdown: null, count: 12, values: [5, 4, 3, 0] },
      { event: "*", aggregation: { type: "unique_users" }, breakdown: null, count: 20, values: [9, 8, 2, 0] },
      {
        event: "commit",
        aggregation: { type: "p90", property: "files" },
        breakdown: null,
        count: 0,
        values: [null, null, null, null],
      },
    ],
    elapsed_ms: 1,
  },
  now,
);

describe("toResult", () => {
  it("names each series with its filters", () => {
    expect(result.series.map(({ letter, name }) => `${letter} ${name}`)).toEqual([
      "A commit, total",
      "B All events, unique users (plan is one of pro, “10” or area is set)",
      "C commit, 90th percentile of files",
    ]);
  });

  it("shows nothing for buckets that have not begun", () => {
    expect(result.states).toEqual(["complete", "complete", "current", "future"]);
    expect(result.series[0]?.values).toEqual([5, 4, 3, null]);
  });
});

describe("headline", () => {
  it("adds totals up, and shows the last whole bucket of what cannot be added", () => {
    const [total, users, p90] = result.series;
    expect(total && headline(result, total)).toEqual({ value: 12, of: { kind: "period" } });
    expect(users && headline(result, users)).toEqual({
      value: 8,
      of: { kind: "bucket", start: new Date("2026-02-01T00:00:00Z"), state: "complete" },
    });
    expect(p90 && headline(result, p90)).toEqual({ value: null, of: { kind: "period" } });
  });

  it("is the one bucket's value where there is one", () => {
    const one = { ...result, buckets: result.buckets.slice(0, 1), states: result.states.slice(0, 1) };
    const users = result.series[1];
    expect(users && headline(one, { ...users, values: [9] })).toEqual({ value: 9, of: { kind: "period" } });
  });
});

it("is empty only when no series has an event", () => {
  expect(isEmpty(result)).toBe(false);
  expect(isEmpty({ ...result, series: result.series.slice(2) })).toBe(true);
});

describe("fileName", () => {
  it("tells what is in the file, without what file systems refuse", () => {
    const question = defaultQuestion("UTC");
    expect(fileName(question)).toBe("dataloaf-all-events-last-4w.csv");
    const odd = {
      ...question.series[0],
      event: "a/b: Größe?",
      aggregation: "total",
      filter: question.filter,
    } as const;
    expect(
      fileName({
        ...question,
        series: [odd, odd],
        period: { kind: "days", from: "2024-01-01", to: "2024-01-02" },
      }),
    ).toBe("dataloaf-a-b-Größe-and-1-more-2024-01-01-to-2024-01-02.csv");
  });
});

describe("filterText", () => {
  it("says which cohort a condition is about", () => {
    expect(
      filterText([
        { scope: "cohort", operator: "in", value: "c1" },
        { scope: "cohort", operator: "not_in", value: "c2" },
        { scope: "event", property: "area", operator: "is_set" },
      ]),
    ).toBe("user is in cohort c1 and user is not in cohort c2 and area is set");
  });
});
