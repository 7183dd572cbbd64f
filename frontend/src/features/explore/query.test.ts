import { describe, expect, it } from "vitest";
import { asKind, defaultQuestion, type Filter, type Question, type TrendQuestion } from "./question";
import { askedInterval, toQuery } from "./query";

const now = new Date("2026-11-24T12:00:00Z");
const start = defaultQuestion("Europe/Berlin");

describe("toQuery", () => {
  it("asks the default question", () => {
    expect(toQuery(start, now)).toEqual({
      kind: "query",
      query: {
        kind: "trend",
        range: { last: "4w" },
        timezone: "Europe/Berlin",
        interval: "day",
        series: [{ event: "*", aggregation: { type: "total" } }],
      },
    });
  });

  it("asks the four-part question with filters on series and on all", () => {
    const question: Question = {
      ...start,
      series: [
        {
          event: "commit",
          aggregation: "p90",
          property: "files",
          filter: {
            match: "any",
            conditions: [
              { scope: "event", property: "merge", operator: "equals", value: false },
              { scope: "event", property: "", operator: "equals" },
            ],
          },
        },
      ],
      filter: {
        match: "all",
        conditions: [
          { scope: "user", property: "plan", operator: "in", value: ["pro", 10] },
          { scope: "user", property: "age", operator: "less_than", value: 30 },
          { scope: "event", property: "area", operator: "contains", value: "con" },
          { scope: "event", property: "area", operator: "is_set" },
        ],
      },
      period: { kind: "days", from: "2024-01-01", to: "2024-12-31" },
      interval: "quarter",
    };
    expect(toQuery(question, now)).toEqual({
      kind: "query",
      query: {
        kind: "trend",
        range: { from: "2024-01-01", to: "2024-12-31" },
        timezone: "Europe/Berlin",
        interval: "quarter",
        filters: {
          match: "all",
          conditions: [
            { scope: "user", property: "plan", operator: "in", value: ["pro", 10] },
            { scope: "user", property: "age", operator: "less_than", value: 30 },
            { scope: "event", property: "area", operator: "contains", value: "con" },
            { scope: "event", property: "area", operator: "is_set" },
          ],
        },
        series: [
          {
            event: "commit",
            aggregation: { type: "p90", property: "files" },
            filters: {
              match: "any",
              conditions: [{ scope: "event", property: "merge", operator: "equals", value: false }],
            },
          },
        ],
      },
    });
  });

  it("leaves out a filter of which nothing is complete", () => {
    const question: Question = {
      ...start,
      filter: { match: "any", conditions: [{ scope: "event", property: "area", operator: "equals" }] },
    };
    const asked = toQuery(question, now);
    expect(asked.kind === "query" && asked.query).not.toHaveProperty("filters");
  });

  it("waits for the property of an aggregation over one", () => {
    const sum = { ...start.series[0], event: "a", aggregation: "sum", filter: start.filter } as const;
    expect(toQuery({ ...start, series: [sum] }, now)).toEqual({
      kind: "unfinished",
      advice: "Choose the property to calculate with.",
    });
    expect(toQuery({ ...start, series: [...start.series, sum] }, now)).toEqual({
      kind: "unfinished",
      advice: "Choose the property of series B to calculate with.",
    });
  });
});

describe("toQuery of other kinds", () => {
  const pro: Filter = {
    match: "all",
    conditions: [{ scope: "user", property: "plan", operator: "equals", value: "pro" }],
  };
  const filters = { match: "all", conditions: pro.conditions };

  it("asks for groups and for the period before", () => {
    const breakdown = { scope: "user", property: "plan", limit: 5 } as const;
    expect(toQuery({ ...start, breakdown, compare: true }, now)).toMatchObject({
      query: { kind: "trend", breakdown, compare: "previous_period" },
    });
  });

  it("asks a funnel, each step with its own filters", () => {
    const question: Question = {
      kind: "funnel",
      steps: [
        { event: "visit", filter: start.filter },
        { event: "order", filter: pro },
      ],
      window: "12h",
      filter: pro,
      period: { kind: "days", from: "2024-01-01", to: "2024-01-31" },
      timezone: "UTC",
      breakdown: { scope: "event", property: "area", limit: 10 },
    };
    expect(toQuery(question, now)).toEqual({
      kind: "query",
      query: {
        kind: "funnel",
        range: { from: "2024-01-01", to: "2024-01-31" },
        timezone: "UTC",
        filters,
        steps: [{ event: "visit" }, { event: "order", filters }],
        window: "12h",
        breakdown: { scope: "event", property: "area", limit: 10 },
      },
    });
  });

  it("asks a retention by the interval that follows the period", () => {
    const question: Question = {
      kind: "retention",
      cohortEvent: "signup",
      returnEvent: "visit",
      filter: pro,
      period: { kind: "last", last: "3mo" },
      interval: null,
      periods: 8,
      timezone: "UTC",
      view: "percent",
    };
    expect(toQuery(question, now)).toEqual({
      kind: "query",
      query: {
        kind: "retention",
        range: { last: "3mo" },
        timezone: "UTC",
        filters,
        cohort_event: "signup",
        return_event: "visit",
        interval: "week",
        periods: 8,
      },
    });
  });
});

describe("askedInterval", () => {
  it("makes one bucket of a period within a calendar year, where one number is shown", () => {
    expect(askedInterval({ ...start, view: "number" }, now)).toBe("year");
    expect(askedInterval({ ...start, view: "line" }, now)).toBe("day");
  });

  it("cannot, where the period crosses New Year", () => {
    const crossing: TrendQuestion = { ...start, view: "number", period: { kind: "last", last: "12mo" } };
    expect(askedInterval(crossing, now)).toBe("month");
  });

  it("cannot, where the period to compare with crosses New Year", () => {
    const spring: TrendQuestion = {
      ...start,
      view: "number",
      period: { kind: "days", from: "2024-02-01", to: "2024-04-30" },
    };
    expect(askedInterval(spring, now)).toBe("year");
    expect(askedInterval({ ...spring, compare: true }, now)).toBe("week");
  });
});

describe("toQuery of the kinds about users", () => {
  const common = { range: { last: "4w" }, timezone: "Europe/Berlin" };

  it("asks a stickiness and a lifecycle by the interval that follows the period", () => {
    expect(toQuery(asKind(start, "stickiness"), now)).toEqual({
      kind: "query",
      query: { kind: "stickiness", ...common, interval: "day", series: [{ event: "*" }] },
    });
    expect(
      toQuery({ ...asKind(start, "lifecycle"), period: { kind: "last", last: "12mo" } }, now),
    ).toMatchObject({ query: { kind: "lifecycle", interval: "week", event: "*" } });
  });

  it("asks paths with a cohort's users", () => {
    const filter: Filter = {
      match: "all",
      conditions: [
        { scope: "cohort", operator: "in", value: "c" },
        { scope: "cohort", operator: "not_in" },
      ],
    };
    expect(toQuery({ ...asKind(start, "paths"), filter }, now)).toEqual({
      kind: "query",
      query: {
        kind: "paths",
        ...common,
        event: "*",
        direction: "after",
        steps: 3,
        window: "7d",
        limit: 10,
        filters: { match: "all", conditions: [{ scope: "cohort", operator: "in", value: "c" }] },
      },
    });
  });

  it("asks for the formulas that are whole", () => {
    const asked: TrendQuestion = {
      ...start,
      formulas: [{ expression: "A *" }, { expression: "A * 2", label: "Twice" }, { expression: "B" }],
    };
    expect(toQuery(asked, now)).toMatchObject({
      query: { formulas: [{ name: "Twice", expression: "A * 2" }] },
    });
    expect(toQuery({ ...asked, formulas: [{ expression: "B" }] }, now)).not.toHaveProperty("query.formulas");
  });
});
