import { describe, expect, it } from "vitest";
import { defaultQuestion, type Question } from "./question";
import { questionReducer, type QuestionAction } from "./question-reducer";

const start = defaultQuestion("UTC");

function after(...actions: QuestionAction[]): Question {
  return actions.reduce(questionReducer, start);
}

describe("series", () => {
  it("adds one for the event of the last", () => {
    const question = after({ type: "series/event", index: 0, event: "commit" }, { type: "series/add" });
    expect(question.series.map(({ event }) => event)).toEqual(["commit", "commit"]);
  });

  it("stops at ten", () => {
    const question = after(...Array.from({ length: 12 }, (): QuestionAction => ({ type: "series/add" })));
    expect(question.series).toHaveLength(10);
    expect(questionReducer(question, { type: "series/duplicate", index: 0 })).toBe(question);
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
    expect(questionReducer(two, { type: "series/remove", index: 0 }).series).toHaveLength(1);
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
    const total = questionReducer(sum, { type: "series/aggregation", index: 0, aggregation: "total" });
    expect(total.series[0]).not.toHaveProperty("property");
  });

  it("changes nothing for an index that is not there", () => {
    expect(questionReducer(start, { type: "series/event", index: 7, event: "a" })).toBe(start);
    expect(questionReducer(start, { type: "condition/remove", target: 7, index: 0 })).toBe(start);
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
    const list = questionReducer(withArea, {
      type: "condition/operator",
      target: "all",
      index: 0,
      operator: "in",
    });
    expect(condition(list)?.value).toEqual(["config"]);
    const one = questionReducer(list, {
      type: "condition/operator",
      target: "all",
      index: 0,
      operator: "equals",
    });
    expect(condition(one)?.value).toBe("config");
  });

  it("drops a value that the operator cannot take", () => {
    for (const operator of ["greater_than", "is_set"] as const) {
      const question = questionReducer(withArea, {
        type: "condition/operator",
        target: "all",
        index: 0,
        operator,
      });
      expect(condition(question)).not.toHaveProperty("value");
    }
  });

  it("keeps the operator for another property only where its type has it", () => {
    const contains = questionReducer(withArea, {
      type: "condition/operator",
      target: "all",
      index: 0,
      operator: "contains",
    });
    const change = (types: ("string" | "number")[]) =>
      condition(
        questionReducer(contains, {
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
    const again = questionReducer(withArea, {
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
    const set = questionReducer(withArea, {
      type: "condition/operator",
      target: "all",
      index: 0,
      operator: "is_set",
    });
    const valued = questionReducer(set, { type: "condition/value", target: "all", index: 0, value: "x" });
    expect(condition(valued)).not.toHaveProperty("value");
  });

  it("forgets how to match with the last condition", () => {
    const any = questionReducer(withArea, { type: "filter/match", target: "all", match: "any" });
    expect(any.filter.match).toBe("any");
    expect(questionReducer(any, { type: "condition/remove", target: "all", index: 0 }).filter).toEqual(
      start.filter,
    );
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
    const months = questionReducer(weekly, { type: "period", period: { kind: "last", last: "12mo" } });
    expect(months.interval).toBe("week");
    const today = questionReducer(weekly, { type: "period", period: { kind: "last", last: "1d" } });
    expect(today.interval).toBeNull();
  });
});
