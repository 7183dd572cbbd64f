import { describe, expect, it } from "vitest";
import { completeFormulas, formulaProblem, seriesIn, withPlaces } from "./formula";

describe("formulaProblem", () => {
  // As the server's own tests have them.
  it.each([
    "A",
    "A / B * 100",
    "A - B - 1",
    "(A + B) * 2",
    "-A + B",
    "--A * -B",
    " A\t*\n.5 ",
    "A * 1.5e+1 + 2.E0",
    "A * 010",
    "A / (B - B)",
  ])("takes %j", (expression) => {
    expect(formulaProblem(expression, 2)).toBeNull();
  });

  it.each([
    ["A +", "At character 4 the expression ends"],
    ["(A", "At character 3 the expression ends"],
    ["A)", "At character 2 there is “)”"],
    ["A B", "At character 3 there is “B”"],
    ["A ** B", "At character 4 there is “*”"],
    ["a", "At character 1 there is “a”"],
    ["A % B", "At character 3 there is “%”"],
    ["A + K", "At character 5 there is “K”"],
    ["A + C", "At character 5 there is C, but the last series is B."],
    ["A / ?", "At character 5 there is “?”"],
    ["🍞 + A", "At character 1 there is “🍞”"],
    ["A + 1e", "At character 5, “1e” is not a number."],
    ["A + .", "At character 5, “.” is not a number."],
    ["A + 1e999", "At character 5, “1e999” is not a number."],
    ["A + 1.2.3", "At character 8 there is “.”"],
    ["+A", "At character 1 there is “+”"],
    ["()", "At character 2 there is “)”"],
    ["   ", "At character 4 the expression ends"],
    ["1 + 2", "names no series"],
    [`${"(".repeat(60)}A${")".repeat(60)}`, "More than 50 levels"],
    ["-".repeat(60) + "A", "More than 50 levels"],
    ["A+".repeat(250) + "A", "501 characters"],
  ])("refuses %j", (expression, part) => {
    expect(formulaProblem(expression, 2)).toContain(part);
  });
});

it("takes of the formulas those that are whole", () => {
  expect(completeFormulas([{ expression: "A +" }, { expression: "B" }], 2)).toEqual([{ expression: "B" }]);
  expect(completeFormulas([{ expression: "B" }], 1)).toEqual([]);
});

it("knows which series an expression names, and the E of a number from one", () => {
  expect(seriesIn("J + A / (B + A) * 1E5")).toEqual([0, 1, 9]);
});

it("follows the series to their new places", () => {
  expect(withPlaces("A / B * 1E2 + C", (place) => [2, 0, 1][place] ?? null)).toBe("C / A * 1E2 + B");
  expect(withPlaces("A / B", (place) => (place === 1 ? null : place))).toBe("A / ?");
});
