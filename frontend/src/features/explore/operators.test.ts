import { describe, expect, it } from "vitest";
import { isComplete, operatorsFor, readings, valueText } from "./operators";
import { OPERATORS, type PropertyCondition } from "./question";

describe("operatorsFor", () => {
  it("offers ordering for numbers alone, and containing for texts alone", () => {
    expect(operatorsFor(["number"])).toContain("greater_than");
    expect(operatorsFor(["number"])).not.toContain("contains");
    expect(operatorsFor(["string"])).toContain("contains");
    expect(operatorsFor(["string"])).not.toContain("greater_than");
  });

  it("offers both for a property that has been both", () => {
    expect(operatorsFor(["number", "string"])).toEqual(expect.arrayContaining(["contains", "less_than"]));
  });

  it("offers only presence for objects and lists, and everything for the unknown", () => {
    expect(operatorsFor(["object", "array"])).toEqual(["is_set", "is_not_set"]);
    expect(operatorsFor([])).toEqual(OPERATORS);
  });
});

describe("isComplete", () => {
  const condition = (rest: Partial<PropertyCondition>): PropertyCondition => ({
    scope: "event",
    property: "p",
    operator: "equals",
    ...rest,
  });

  it.each<[Partial<PropertyCondition>, boolean]>([
    [{ value: "" }, true],
    [{ value: false }, true],
    [{ value: 0 }, true],
    [{}, false],
    [{ value: ["a"] }, false],
    [{ property: "", value: "a" }, false],
    [{ operator: "in", value: ["a"] }, true],
    [{ operator: "in", value: [] }, false],
    [{ operator: "in", value: "a" }, false],
    [{ operator: "contains", value: "a" }, true],
    [{ operator: "contains", value: "" }, false],
    [{ operator: "contains", value: 1 }, false],
    [{ operator: "less_than", value: 0 }, true],
    [{ operator: "less_than", value: "0" }, false],
    [{ operator: "is_set" }, true],
    [{ operator: "is_set", property: "" }, false],
  ])("%j: %s", (rest, complete) => {
    expect(isComplete(condition(rest))).toBe(complete);
  });
});

it("waits for a cohort to be chosen", () => {
  expect(isComplete({ scope: "cohort", operator: "in" })).toBe(false);
  expect(isComplete({ scope: "cohort", operator: "not_in", value: "id" })).toBe(true);
});

describe("readings", () => {
  it("reads a number as what the property has been", () => {
    expect(readings("10", ["number"])).toEqual([10]);
    expect(readings("10", ["string"])).toEqual(["10"]);
    expect(readings("10", ["number", "string"])).toEqual([10, "10"]);
    expect(readings("ten", ["number"])).toEqual([]);
  });

  it("offers every reading where the type is not known", () => {
    expect(readings("true", [])).toEqual([true, "true"]);
    expect(readings("  ", [])).toEqual([]);
    expect(readings("Infinity", [])).toEqual(["Infinity"]);
  });
});

it("shows the text “10” apart from the number 10", () => {
  expect([valueText(10), valueText("10"), valueText("true"), valueText(""), valueText("pro")]).toEqual([
    "10",
    "“10”",
    "“true”",
    "“”",
    "pro",
  ]);
});
