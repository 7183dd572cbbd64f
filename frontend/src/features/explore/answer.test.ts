import { describe, expect, it } from "vitest";
import {
  askedSeries,
  change,
  fileName,
  filterText,
  headline,
  isEmpty,
  lastInstant,
  toResult,
} from "./answer";
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
    expect(result.series.map(({ letter, name }) => `${letter ?? "?"} ${name}`)).toEqual([
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

it("calls a series as the reader does", () => {
  const named = toResult(query, { kind: "trend", buckets: [], series: [], elapsed_ms: 1 }, now, ["Mine"]);
  expect(named.series).toEqual([]);
  const [one] = query.series;
  if (!one) throw new Error("the query has no series");
  const answered = { ...one, breakdown: null, count: 1, values: [1] };
  const answer = {
    kind: "trend" as const,
    buckets: ["2026-01-01T00:00:00Z"],
    series: [answered],
    elapsed_ms: 1,
  };
  expect(toResult(query, answer, now, ["Mine"]).series[0]?.name).toBe("Mine");
});

describe("groups of a breakdown", () => {
  const commits = { event: "commit", aggregation: { type: "total" } } as const;
  const merges = { event: "merge", aggregation: { type: "total" } } as const;
  const ask = (series: TrendQuery["series"], limit = 10): TrendQuery => ({
    ...query,
    series,
    breakdown: { scope: "event", property: "area", limit },
  });
  const group = (of: TrendQuery["series"][number], breakdown: string | null, count: number) => ({
    event: of.event,
    aggregation: of.aggregation,
    breakdown,
    count,
    values: [count],
  });
  const names = (asked: TrendQuery, series: ReturnType<typeof group>[]) =>
    toResult(
      asked,
      { kind: "trend", buckets: ["2026-01-01T00:00:00Z"], series, elapsed_ms: 1 },
      now,
    ).series.map(({ name }) => name);

  it("go by their own names where there is one series, and by both where there are several", () => {
    expect(
      names(ask([commits]), [group(commits, "core", 5), group(commits, "", 2), group(commits, null, 9)]),
    ).toEqual(["core", "“”", "Not set"]);
    expect(names(ask([commits, merges]), [group(commits, "core", 5), group(merges, "core", 7)])).toEqual([
      "commit, total: core",
      "merge, total: core",
    ]);
  });

  it("tell the rest from a value that is called the same", () => {
    const series = [group(commits, "$other", 5), group(commits, "core", 4), group(commits, "$other", 40)];
    expect(names(ask([commits], 2), series)).toEqual(["$other", "core", "All others"]);
  });

  it("are each series' own, and a series without events has none", () => {
    const asked = ask([commits, merges, commits].map((one) => ({ ...one })));
    expect(askedSeries(ask([commits, merges]), [group(merges, "core", 1)])).toEqual([{ index: 1, rank: 0 }]);
    const both = [group(commits, "core", 5), group(merges, "core", 4), group(commits, "core", 3)];
    expect(askedSeries(asked, both).map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it("tell where one series ends and another that measures the same begins", () => {
    const asked = ask([commits, { ...commits, filters: { match: "all", conditions: [] } }], 2);
    const indexes = (...groups: [string | null, number][]) =>
      askedSeries(
        asked,
        groups.map(([name, count]) => group(commits, name, count)),
      ).map(({ index }) => index);
    // The same group again, a larger one, one after null, one after the rest.
    expect(indexes(["a", 5], ["b", 4], ["a", 3])).toEqual([0, 0, 1]);
    expect(indexes(["a", 5], ["b", 6])).toEqual([0, 1]);
    expect(indexes([null, 5], ["b", 4])).toEqual([0, 1]);
    expect(indexes(["a", 5], ["b", 4], ["$other", 9], ["c", 1])).toEqual([0, 0, 0, 1]);
    // One that is smaller and new may be either's: no name is better than a wrong one.
    expect(indexes(["a", 5], ["b", 4])).toEqual([null, null]);
  });
});

describe("the period before", () => {
  const compare = (
    aggregation: "total" | "unique_users" | "sum",
    values: number[],
    previous: number[],
    range = { from: "2026-01-01", to: "2026-02-28" },
  ) => {
    const series = {
      event: "commit",
      aggregation:
        aggregation === "sum" ? { type: aggregation, property: "files" } : ({ type: aggregation } as const),
    };
    const asked: TrendQuery = {
      ...query,
      range,
      series: [series],
      compare: "previous_period",
    };
    const answer = {
      kind: "trend" as const,
      buckets: ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"],
      series: [{ ...series, breakdown: null, count: 9, values, previous: { count: 20, values: previous } }],
      elapsed_ms: 1,
    };
    const made = toResult(asked, answer, now);
    return made.series[0] && headline(made, made.series[0]);
  };

  it("is the count of its events, in whatever buckets they lie", () => {
    expect(compare("total", [4, 5], [6, 7])).toMatchObject({ value: 9, previous: 20 });
  });

  it("is put together where each of its buckets has one beside it, and not known where one has none", () => {
    expect(compare("sum", [4, 5], [6, 7])).toMatchObject({ value: 9, previous: 13 });
    // March and April are two months; the 60 days before touch January, February and March.
    const spring = { from: "2026-03-02", to: "2026-04-30" };
    expect(compare("sum", [4, 5], [6, 7], spring)).toMatchObject({ previous: null });
  });

  it("stands beside the bucket that is shown", () => {
    expect(compare("unique_users", [4, 5], [6, 7])).toMatchObject({ value: 5, previous: 7 });
  });

  it("says how much has changed, and nothing of what was nothing", () => {
    expect(change(15, 10)).toBe(0.5);
    expect(change(5, -10)).toBe(1.5);
    expect(change(5, 0)).toBeNull();
    expect(change(null, 5)).toBeNull();
    expect(change(5, null)).toBeNull();
  });
});

describe("headline", () => {
  it("adds totals up, and shows the last whole bucket of what cannot be added", () => {
    const [total, users, p90] = result.series;
    expect(total && headline(result, total)).toEqual({
      value: 12,
      previous: null,
      of: { kind: "period" },
    });
    expect(users && headline(result, users)).toEqual({
      value: 8,
      previous: null,
      of: { kind: "bucket", start: new Date("2026-02-01T00:00:00Z"), state: "complete" },
    });
    expect(p90 && headline(result, p90)).toEqual({
      value: null,
      previous: null,
      of: { kind: "period" },
    });
  });

  it("is the one bucket's value where there is one", () => {
    const one = { ...result, buckets: result.buckets.slice(0, 1), states: result.states.slice(0, 1) };
    const users = result.series[1];
    expect(users && headline(one, { ...users, values: [9] })).toEqual({
      value: 9,
      previous: null,
      of: { kind: "period" },
    });
  });
});

it("is empty only when no series has an event", () => {
  expect(isEmpty(result)).toBe(false);
  expect(isEmpty({ ...result, series: result.series.slice(2) })).toBe(true);
});

describe("fileName", () => {
  it("tells what is in the file, without what file systems refuse", () => {
    const question = defaultQuestion("UTC");
    expect(fileName(question)).toBe("dataloaf-all-events-last-4w");
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
    ).toBe("dataloaf-a-b-Größe-and-1-more-2024-01-01-to-2024-01-02");
  });
});

describe("formulas", () => {
  const asked: TrendQuery = {
    ...query,
    formulas: [{ name: "Rate", expression: "A / B" }, { expression: "A" }],
  };
  const answer = {
    kind: "trend" as const,
    buckets: ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"],
    series: [],
    elapsed_ms: 1,
  };

  it("follow the series, with gaps where they have no value", () => {
    const { series } = toResult(
      asked,
      {
        ...answer,
        series: [
          { event: "commit", aggregation: { type: "total" }, breakdown: null, count: 2, values: [2, 0] },
        ],
        formulas: [
          {
            name: "Rate",
            expression: "A / B",
            breakdown: null,
            values: [0.5, null],
            previous: { values: [1, 2] },
          },
        ],
      },
      now,
    );
    expect(series[1]).toMatchObject({
      name: "Rate",
      aggregation: "formula",
      count: null,
      values: [0.5, null],
      previous: { count: null, values: [1, 2] },
    });
  });

  it("are named with their groups, and each knows its own rest", () => {
    const of = (name: string, breakdown: string | null) => ({
      name,
      expression: "A",
      breakdown,
      values: [1, 1],
    });
    const { series } = toResult(
      { ...asked, breakdown: { scope: "event", property: "p", limit: 1 } },
      { ...answer, formulas: [of("Rate", "x"), of("Rate", "$other"), of("A", "$other"), of("A", null)] },
      now,
    );
    expect(series.map(({ name, rank }) => [name, rank])).toEqual([
      ["Rate: x", 0],
      ["Rate: All others", 1],
      ["A: $other", 0],
      ["A: Not set", 1],
    ]);
  });

  it("are shown as the last whole bucket's value where one number is asked for", () => {
    const result = toResult(
      asked,
      { ...answer, formulas: [{ name: "Rate", expression: "A / B", breakdown: null, values: [0.5, 0.25] }] },
      now,
    );
    const [series] = result.series;
    if (!series) throw new Error("there is no formula");
    expect(headline(result, series)).toMatchObject({ value: 0.25, of: { kind: "bucket" } });
  });
});

it("knows the last instant that it tells of", () => {
  expect(lastInstant(result, now)).toBe(now);
  const ended = { ...result, states: result.states.map(() => "complete" as const) };
  expect(lastInstant(ended, now)).toEqual(new Date("2026-04-01T00:00:00Z"));
});

describe("filterText", () => {
  it("calls cohorts by their names, where they are known", () => {
    const conditions = [
      { scope: "cohort", operator: "in", value: "1" },
      { scope: "cohort", operator: "not_in", value: "2" },
    ] as const;
    expect(filterText(conditions, "any", (id) => (id === "1" ? "Regulars" : undefined))).toBe(
      "user is in cohort Regulars or user is not in cohort 2",
    );
  });

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
