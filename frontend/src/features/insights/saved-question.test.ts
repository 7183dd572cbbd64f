import { describe, expect, it } from "vitest";
import { KINDS, asKind, defaultQuestion, type Question, type TrendQuestion } from "../explore/question";
import type { TrendQuery } from "../explore/query";
import { fromKept, labelsOf, same, toKept } from "./saved-question";

const now = new Date("2024-05-01T12:00:00Z");

const question: TrendQuestion = {
  ...defaultQuestion("Asia/Kolkata"),
  series: [
    {
      event: "purchase",
      aggregation: "sum",
      property: "amount",
      filter: {
        match: "any",
        conditions: [{ scope: "event", property: "a.b", operator: "in", value: ["x", 1, true] }],
      },
    },
  ],
  filter: { match: "all", conditions: [{ scope: "user", property: "plan", operator: "is_set" }] },
  formulas: [],
  period: { kind: "days", from: "2024-01-01", to: "2024-03-31" },
  interval: "month",
  view: "bar",
};

const kept = (asked: Question) => {
  const found = toKept(asked, now);
  if (!found) throw new Error("the question is unfinished");
  return found;
};

describe("a saved question", () => {
  it("comes back as it was", () => {
    expect(fromKept(kept(question), "UTC", now)).toEqual(question);
    // What the query does not tell is in the address: that the interval follows the period.
    const automatic = { ...question, interval: null };
    expect(fromKept(kept(automatic), "UTC", now)).toEqual(automatic);
  });

  it("comes back from the query alone", () => {
    expect(fromKept({ query: kept(question).query }, "UTC", now)).toEqual({ ...question, view: "line" });
    expect(fromKept({ query: kept(question).query, display: { view: "bar" } }, "UTC", now)).toEqual(question);
    expect(fromKept({ query: kept(question).query, display: { view: 5, address: 5 } }, "UTC", now)).toEqual({
      ...question,
      view: "line",
    });
  });

  it("follows the query where a program changed that alone", () => {
    const { query, display } = kept(question);
    const changed = { query: { ...query, range: { last: "7d" } }, display };
    expect(fromKept(changed, "UTC", now)).toEqual({ ...question, period: { kind: "last", last: "7d" } });
  });

  it("is none while something is missing", () => {
    const unfinished: Question = {
      ...question,
      series: [{ event: "e", aggregation: "sum", filter: { match: "all", conditions: [] } }],
    };
    expect(toKept(unfinished, now)).toBeNull();
  });

  it("takes a program's breakdown and comparison into the builder", () => {
    const { query } = kept(question);
    const changed = {
      ...(query as TrendQuery),
      breakdown: { scope: "user" as const, property: "plan", limit: 5 },
      compare: "previous_period" as const,
    };
    expect(fromKept({ query: changed, display: { view: "bar" } }, "UTC", now)).toEqual({
      ...question,
      breakdown: { scope: "user", property: "plan", limit: 5 },
      compare: true,
    });
  });

  it.each(KINDS)("comes back as the %s that it was, also from the query alone", (kind) => {
    const other = asKind(question, kind);
    expect(fromKept(kept(other), "UTC", now)).toEqual(other);
    const { query, display } = kept(other);
    const alone = fromKept({ query, display: { view: display?.view } }, "UTC", now);
    // A query has no interval that follows the period.
    expect(alone).toEqual({ ...other, ...("interval" in query ? { interval: query.interval } : {}) });
  });

  it("takes formulas and cohorts into the builder", () => {
    const asked: TrendQuestion = {
      ...question,
      series: [...question.series, ...question.series],
      formulas: [{ expression: "A / B * 100", label: "Share" }, { expression: "A - B" }],
      filter: { match: "any", conditions: [{ scope: "cohort", operator: "not_in", value: "c-1" }] },
    };
    expect(kept(asked).query).toMatchObject({
      formulas: [{ name: "Share", expression: "A / B * 100" }, { expression: "A - B" }],
      filters: { match: "any", conditions: [{ scope: "cohort", operator: "not_in", value: "c-1" }] },
    });
    expect(fromKept({ query: kept(asked).query, display: { view: "bar" } }, "UTC", now)).toEqual(asked);
  });

  it("tells what its reader calls the series", () => {
    const named = { ...question, series: question.series.map((series) => ({ ...series, label: "Mine" })) };
    expect(labelsOf(kept(named), now)).toEqual(["Mine"]);
    expect(labelsOf(kept(asKind(question, "paths")), now)).toBeUndefined();
  });

  it("leaves an address out that is too long to keep", () => {
    const value = Array.from({ length: 300 }, (_, index) => `value ${index} ${"ä".repeat(10)}`);
    const long: Question = {
      ...question,
      filter: { match: "all", conditions: [{ scope: "user", property: "p", operator: "in", value }] },
    };
    expect(kept(long).display).toEqual({ view: "bar" });
    expect(fromKept(kept(long), "UTC", now)).toEqual(long);
  });

  it("is none for the builder where it would lose something", () => {
    const { query } = kept(question);
    expect(fromKept({ query: { ...query, range: { last: "20000h" } } }, "UTC", now)).toBeNull();
  });
});

it.each([
  [1, 1, true],
  ["1", 1, false],
  [null, {}, false],
  [[1, 2], [1, 2], true],
  [[1, 2], [2, 1], false],
  [[], {}, false],
  [{ a: 1, b: [{ c: 2 }] }, { b: [{ c: 2 }], a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: undefined }, { b: undefined }, false],
])("compares %j with %j", (a, b, expected) => {
  expect(same(a, b)).toBe(expected);
});
