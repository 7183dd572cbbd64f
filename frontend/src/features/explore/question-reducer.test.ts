import { describe, expect, it } from "vitest";
import {
  defaultQuestion,
  eventsOf,
  type FunnelQuestion,
  type Question,
  type TrendQuestion,
} from "./question";
import { questionReducer, type QuestionAction } from "./question-reducer";

const start = defaultQuestion("UTC");

function trend(question: Question): TrendQuestion {
  if (question.kind !== "trend") throw new Error(`the question became a ${question.kind}`);
  return question;
}

function reduce(question: TrendQuestion, action: QuestionAction): TrendQuestion {
  return trend(questionReducer(question, action));
}

function after(...actions: QuestionAction[]): TrendQuestion {
  return actions.reduce(reduce, start);
}

describe("series", () => {
  it("adds one for the event of the last", () => {
    const question = after({ type: "series/event", index: 0, event: "commit" }, { type: "series/add" });
    expect(question.series.map(({ event }) => event)).toEqual(["commit", "commit"]);
  });

  it("stops at ten", () => {
    const question = after(...Array.from({ length: 12 }, (): QuestionAction => ({ type: "series/add" })));
    expect(question.series).toHaveLength(10);
    expect(reduce(question, { type: "series/duplicate", index: 0 })).toBe(question);
  });

  it("duplicates one in place, filters and all, and without a tie to the original", () => {
    const question = after(
      { type: "series/event", index: 0, event: "a" },
      { type: "condition/add", target: 0 },
      { type: "series/add" },
      { type: "series/event", index: 1, event: "b" },
      { type: "series/duplicate", index: 0 },
      { type: "condition/remove", target: 0, index: 0 },
    );
    expect(question.series.map(({ event }) => event)).toEqual(["a", "a", "b"]);
    expect(question.series[0]?.filter.conditions).toHaveLength(0);
    expect(question.series[1]?.filter.conditions).toHaveLength(1);
  });

  it("removes one, and begins anew when it was the last", () => {
    const two = after({ type: "series/event", index: 0, event: "a" }, { type: "series/add" });
    expect(reduce(two, { type: "series/remove", index: 0 }).series).toHaveLength(1);
    const one = after({ type: "series/event", index: 0, event: "a" }, { type: "series/remove", index: 0 });
    expect(one.series).toEqual(start.series);
  });

  it("keeps the property from one aggregation over it to another, and drops it for a count", () => {
    const sum = after(
      { type: "series/aggregation", index: 0, aggregation: "sum" },
      { type: "series/property", index: 0, property: "files" },
      { type: "series/aggregation", index: 0, aggregation: "p95" },
    );
    expect(sum.series[0]).toMatchObject({ aggregation: "p95", property: "files" });
    const total = reduce(sum, { type: "series/aggregation", index: 0, aggregation: "total" });
    expect(total.series[0]).not.toHaveProperty("property");
  });

  it("changes nothing for an index that is not there", () => {
    expect(reduce(start, { type: "series/event", index: 7, event: "a" })).toBe(start);
    expect(reduce(start, { type: "condition/remove", target: 7, index: 0 })).toBe(start);
  });
});

describe("filters", () => {
  const withArea = after(
    { type: "condition/add", target: "all" },
    {
      type: "condition/property",
      target: "all",
      index: 0,
      scope: "event",
      property: "area",
      types: ["string"],
    },
    { type: "condition/value", target: "all", index: 0, value: "config" },
  );
  const condition = (question: Question) => question.filter.conditions[0];

  it("makes a condition step by step", () => {
    expect(condition(withArea)).toEqual({
      scope: "event",
      property: "area",
      operator: "equals",
      value: "config",
    });
  });

  it("turns one value into a list of one and back", () => {
    const list = reduce(withArea, {
      type: "condition/operator",
      target: "all",
      index: 0,
      operator: "in",
    });
    expect(condition(list)?.value).toEqual(["config"]);
    const one = reduce(list, {
      type: "condition/operator",
      target: "all",
      index: 0,
      operator: "equals",
    });
    expect(condition(one)?.value).toBe("config");
  });

  it("drops a value that the operator cannot take", () => {
    for (const operator of ["greater_than", "is_set"] as const) {
      const question = reduce(withArea, {
        type: "condition/operator",
        target: "all",
        index: 0,
        operator,
      });
      expect(condition(question)).not.toHaveProperty("value");
    }
  });

  it("keeps the operator for another property only where its type has it", () => {
    const contains = reduce(withArea, {
      type: "condition/operator",
      target: "all",
      index: 0,
      operator: "contains",
    });
    const change = (types: ("string" | "number")[]) =>
      condition(
        reduce(contains, {
          type: "condition/property",
          target: "all",
          index: 0,
          scope: "user",
          property: "other",
          types,
        }),
      );
    expect(change(["string"])).toEqual({ scope: "user", property: "other", operator: "contains" });
    expect(change(["number"])).toEqual({ scope: "user", property: "other", operator: "equals" });
  });

  it("keeps the value when the same property is chosen again", () => {
    const again = reduce(withArea, {
      type: "condition/property",
      target: "all",
      index: 0,
      scope: "event",
      property: "area",
      types: ["string"],
    });
    expect(condition(again)?.value).toBe("config");
  });

  it("takes no value for an operator without one", () => {
    const set = reduce(withArea, {
      type: "condition/operator",
      target: "all",
      index: 0,
      operator: "is_set",
    });
    const valued = reduce(set, { type: "condition/value", target: "all", index: 0, value: "x" });
    expect(condition(valued)).not.toHaveProperty("value");
  });

  it("forgets how to match with the last condition", () => {
    const any = reduce(withArea, { type: "filter/match", target: "all", match: "any" });
    expect(any.filter.match).toBe("any");
    expect(reduce(any, { type: "condition/remove", target: "all", index: 0 }).filter).toEqual(start.filter);
  });

  it("takes fifty conditions and no more", () => {
    const question = after(
      ...Array.from({ length: 60 }, (): QuestionAction => ({ type: "condition/add", target: "all" })),
    );
    expect(question.filter.conditions).toHaveLength(50);
  });
});

describe("period", () => {
  it("keeps a chosen interval while it makes sense, and follows the period again when it does not", () => {
    const weekly = after({ type: "interval", interval: "week" });
    const months = reduce(weekly, { type: "period", period: { kind: "last", last: "12mo" } });
    expect(months.interval).toBe("week");
    const today = reduce(weekly, { type: "period", period: { kind: "last", last: "1d" } });
    expect(today.interval).toBeNull();
  });
});

describe("names and order of series", () => {
  const two = after(
    { type: "series/event", index: 0, event: "a" },
    { type: "series/label", index: 0, label: "  First  " },
    { type: "series/add" },
    { type: "series/event", index: 1, event: "b" },
  );

  it("calls a series as the reader does, and as usual again without a name", () => {
    expect(two.series[0]?.label).toBe("First");
    expect(reduce(two, { type: "series/label", index: 0, label: " " }).series[0]).not.toHaveProperty("label");
  });

  it("gives a duplicate no name, since two of one name could not be told apart", () => {
    expect(reduce(two, { type: "series/duplicate", index: 0 }).series[1]).not.toHaveProperty("label");
  });

  it("moves a series, name and all, and nowhere else than within the list", () => {
    const moved = reduce(two, { type: "series/move", index: 0, to: 1 });
    expect(moved.series.map(({ event, label }) => [event, label])).toEqual([
      ["b", undefined],
      ["a", "First"],
    ]);
    for (const to of [-1, 0, 2]) expect(reduce(two, { type: "series/move", index: 0, to })).toBe(two);
  });
});

describe("breakdown and comparison", () => {
  it("come and go", () => {
    const breakdown = { scope: "user", property: "plan", limit: 5 } as const;
    const on = after({ type: "breakdown", breakdown }, { type: "compare", compare: true });
    expect(on).toMatchObject({ breakdown, compare: true });
    const off = reduce(reduce(on, { type: "breakdown", breakdown: null }), {
      type: "compare",
      compare: false,
    });
    expect(off).toEqual(start);
  });
});

describe("kind", () => {
  const trends = after(
    { type: "series/event", index: 0, event: "visit" },
    { type: "condition/add", target: 0 },
    { type: "series/add" },
    { type: "series/event", index: 1, event: "order" },
    { type: "breakdown", breakdown: { scope: "user", property: "plan", limit: 5 } },
    { type: "period", period: { kind: "last", last: "3mo" } },
    { type: "condition/add", target: "all" },
  );

  it("keeps the events, the filters, the period and the breakdown, as far as the kind has them", () => {
    const funnel = questionReducer(trends, { type: "kind", kind: "funnel" });
    expect(funnel).toEqual({
      kind: "funnel",
      steps: trends.series.map(({ event, filter }) => ({ event, filter })),
      window: "7d",
      filter: trends.filter,
      period: trends.period,
      timezone: "UTC",
      breakdown: trends.breakdown,
    });
    const retention = questionReducer(funnel, { type: "kind", kind: "retention" });
    expect(retention).toMatchObject({
      kind: "retention",
      cohortEvent: "visit",
      returnEvent: "order",
      filter: trends.filter,
      period: trends.period,
    });
    expect(eventsOf(questionReducer(retention, { type: "kind", kind: "trend" }))).toEqual(["visit", "order"]);
  });

  it("begins a funnel of one event with two steps of it", () => {
    const funnel = questionReducer(start, { type: "kind", kind: "funnel" });
    expect(funnel.kind === "funnel" && funnel.steps.map(({ event }) => event)).toEqual(["*", "*"]);
  });

  it("changes nothing when it is chosen again, and takes no actions of another kind", () => {
    expect(questionReducer(trends, { type: "kind", kind: "trend" })).toBe(trends);
    const retention = questionReducer(trends, { type: "kind", kind: "retention" });
    for (const action of [
      { type: "series/add" },
      { type: "step/add" },
      { type: "window", window: "1d" },
      { type: "compare", compare: true },
      { type: "breakdown", breakdown: null },
      { type: "view", view: "bar" },
      { type: "condition/add", target: 0 },
    ] satisfies QuestionAction[]) {
      expect(questionReducer(retention, action)).toBe(retention);
    }
    expect(questionReducer(trends, { type: "periods", periods: 3 })).toBe(trends);
  });
});

describe("funnel", () => {
  const start = questionReducer(defaultQuestion("UTC"), { type: "kind", kind: "funnel" });
  const run = (question: Question, ...actions: QuestionAction[]): FunnelQuestion => {
    const next = actions.reduce(questionReducer, question);
    if (next.kind !== "funnel") throw new Error(`the question became a ${next.kind}`);
    return next;
  };
  const events = (question: FunnelQuestion) => question.steps.map(({ event }) => event);
  const three = run(
    start,
    { type: "step/event", index: 0, event: "a" },
    { type: "step/event", index: 1, event: "b" },
    { type: "step/add" },
    { type: "step/event", index: 2, event: "c" },
  );

  it("adds, moves and removes steps", () => {
    expect(events(three)).toEqual(["a", "b", "c"]);
    expect(events(run(three, { type: "step/move", index: 2, to: 0 }))).toEqual(["c", "a", "b"]);
    expect(events(run(three, { type: "step/remove", index: 1 }))).toEqual(["a", "c"]);
  });

  it("has from two to ten steps", () => {
    expect(run(start, { type: "step/remove", index: 0 })).toBe(start);
    const many = run(start, ...Array.from({ length: 12 }, (): QuestionAction => ({ type: "step/add" })));
    expect(many.steps).toHaveLength(10);
  });

  it("filters a step by itself, and all of them", () => {
    const filtered = run(
      three,
      { type: "condition/add", target: 1 },
      {
        type: "condition/property",
        target: 1,
        index: 0,
        scope: "event",
        property: "amount",
        types: ["number"],
      },
      { type: "condition/add", target: "all" },
    );
    expect(filtered.steps[1]?.filter.conditions).toEqual([
      { scope: "event", property: "amount", operator: "equals" },
    ]);
    expect(filtered.steps[0]?.filter.conditions).toEqual([]);
    expect(filtered.filter.conditions).toHaveLength(1);
  });

  it("takes a window that is one", () => {
    expect(run(three, { type: "window", window: "30m" }).window).toBe("30m");
    for (const window of ["7w", "0d", "", "36501d", "1.5h"]) {
      expect(run(three, { type: "window", window })).toBe(three);
    }
  });
});

describe("retention", () => {
  const start = questionReducer(defaultQuestion("UTC"), { type: "kind", kind: "retention" });

  it("takes events, an interval and periods", () => {
    const question = (
      [
        { type: "cohort", event: "signup" },
        { type: "return", event: "visit" },
        { type: "interval", interval: "month" },
        { type: "periods", periods: 6 },
        { type: "retention/view", view: "users" },
      ] satisfies QuestionAction[]
    ).reduce(questionReducer, start);
    expect(question).toMatchObject({
      cohortEvent: "signup",
      returnEvent: "visit",
      interval: "month",
      periods: 6,
      view: "users",
    });
  });

  it("goes by no other interval than days, weeks and months, and has 1 to 60 periods", () => {
    expect(questionReducer(start, { type: "interval", interval: "quarter" })).toBe(start);
    for (const periods of [0, 61, 2.5, NaN]) {
      expect(questionReducer(start, { type: "periods", periods })).toBe(start);
    }
  });
});

describe("formulas", () => {
  const three = after({ type: "series/add" }, { type: "series/add" });
  const asked = [
    { type: "formula/add" },
    { type: "formula/expression", index: 0, expression: "A / (B + C) * 1E3" },
  ] as const satisfies QuestionAction[];
  const question = asked.reduce(reduce, three);
  const expression = (of: TrendQuestion) => of.formulas[0]?.expression;

  it("begin with a share of two series, or with the one", () => {
    expect(reduce(three, { type: "formula/add" }).formulas).toEqual([{ expression: "A / B * 100" }]);
    expect(reduce(start, { type: "formula/add" }).formulas).toEqual([{ expression: "A" }]);
  });

  it("go on to mean the same series when those change places", () => {
    expect(expression(reduce(question, { type: "series/move", index: 0, to: 2 }))).toBe("C / (A + B) * 1E3");
    expect(expression(reduce(question, { type: "series/duplicate", index: 0 }))).toBe("A / (C + D) * 1E3");
    expect(expression(reduce(question, { type: "series/remove", index: 1 }))).toBe("A / (? + B) * 1E3");
  });

  it("are named, and go", () => {
    const named = reduce(question, { type: "formula/label", index: 0, label: " Rate " });
    expect(named.formulas[0]?.label).toBe("Rate");
    expect(reduce(named, { type: "formula/label", index: 0, label: "" }).formulas).toEqual(question.formulas);
    expect(reduce(named, { type: "formula/remove", index: 0 }).formulas).toEqual([]);
    expect(reduce(question, { type: "formula/expression", index: 5, expression: "B" })).toBe(question);
  });

  it("are ten at most", () => {
    const full = Array.from({ length: 11 }, (): QuestionAction => ({ type: "formula/add" })).reduce(
      reduce,
      start,
    );
    expect(full.formulas).toHaveLength(10);
  });
});

describe("stickiness, lifecycle and paths", () => {
  const events: TrendQuestion = {
    ...start,
    series: [
      { event: "a", aggregation: "total", filter: { match: "all", conditions: [] }, label: "Mine" },
      { event: "b", aggregation: "total", filter: { match: "all", conditions: [] } },
    ],
  };

  it("take the events of the question before, as far as they have a place for them", () => {
    expect(eventsOf(questionReducer(events, { type: "kind", kind: "stickiness" }))).toEqual(["a", "b"]);
    const lifecycle = questionReducer(events, { type: "kind", kind: "lifecycle" });
    expect(eventsOf(lifecycle)).toEqual(["a"]);
    expect(eventsOf(questionReducer(lifecycle, { type: "kind", kind: "paths" }))).toEqual(["a"]);
    const funnel = questionReducer(lifecycle, { type: "kind", kind: "funnel" });
    expect(funnel).toMatchObject({ kind: "funnel", steps: [{ event: "a" }, { event: "a" }] });
  });

  it("edit a stickiness's series as a funnel's steps are", () => {
    const question = questionReducer(events, { type: "kind", kind: "stickiness" });
    const edited = (
      [
        { type: "step/add" },
        { type: "step/event", index: 2, event: "c" },
        { type: "step/move", index: 2, to: 0 },
        { type: "step/duplicate", index: 0 },
        { type: "condition/add", target: 1 },
      ] satisfies QuestionAction[]
    ).reduce(questionReducer, question);
    expect(edited.kind === "stickiness" && edited.series.map(({ event }) => event)).toEqual([
      "c",
      "c",
      "a",
      "b",
    ]);
    expect(edited.kind === "stickiness" && edited.series[1]?.filter.conditions).toHaveLength(1);
    const one = questionReducer(questionReducer(question, { type: "step/remove", index: 0 }), {
      type: "step/remove",
      index: 0,
    });
    expect(eventsOf(one)).toEqual(["b"]);
  });

  it("take what is theirs, and nothing that is out of bounds", () => {
    const paths = questionReducer(events, { type: "kind", kind: "paths" });
    expect(questionReducer(paths, { type: "path/steps", steps: 5 })).toMatchObject({ steps: 5 });
    expect(questionReducer(paths, { type: "path/steps", steps: 6 })).toBe(paths);
    expect(questionReducer(paths, { type: "path/limit", limit: 0 })).toBe(paths);
    expect(questionReducer(paths, { type: "direction", direction: "before" })).toMatchObject({
      direction: "before",
    });
    expect(questionReducer(paths, { type: "window", window: "12h" })).toMatchObject({ window: "12h" });
    expect(questionReducer(paths, { type: "interval", interval: "day" })).toBe(paths);
    expect(questionReducer(paths, { type: "event", event: "z" })).toMatchObject({ event: "z" });
    const lifecycle = questionReducer(events, { type: "kind", kind: "lifecycle" });
    expect(questionReducer(lifecycle, { type: "interval", interval: "year" })).toBe(lifecycle);
    expect(questionReducer(lifecycle, { type: "interval", interval: "week" })).toMatchObject({
      interval: "week",
    });
    expect(questionReducer(lifecycle, { type: "breakdown", breakdown: null })).toBe(lifecycle);
    expect(questionReducer(lifecycle, { type: "stickiness/view", view: "table" })).toBe(lifecycle);
  });
});

describe("cohorts", () => {
  const added = after({ type: "condition/add", target: "all" });
  const chosen = reduce(added, { type: "condition/cohort", target: "all", index: 0, cohort: undefined });

  it("take a condition's place, and give it back", () => {
    expect(chosen.filter.conditions).toEqual([{ scope: "cohort", operator: "in" }]);
    const not = reduce(chosen, { type: "condition/in-cohort", target: "all", index: 0, operator: "not_in" });
    const named = reduce(not, { type: "condition/cohort", target: "all", index: 0, cohort: "c" });
    expect(named.filter.conditions).toEqual([{ scope: "cohort", operator: "not_in", value: "c" }]);
    const back = reduce(named, {
      type: "condition/property",
      target: "all",
      index: 0,
      scope: "user",
      property: "plan",
      types: ["string"],
    });
    expect(back.filter.conditions).toEqual([{ scope: "user", property: "plan", operator: "equals" }]);
  });

  it("take neither a property's operator nor its value", () => {
    expect(
      reduce(chosen, { type: "condition/operator", target: "all", index: 0, operator: "contains" }).filter,
    ).toEqual(chosen.filter);
    expect(reduce(chosen, { type: "condition/value", target: "all", index: 0, value: 5 }).filter).toEqual(
      chosen.filter,
    );
  });
});
