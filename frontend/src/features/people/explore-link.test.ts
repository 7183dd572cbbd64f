import { expect, it } from "vitest";
import { readQuestion } from "../explore/question-url";
import { exploreAttribute } from "./explore-link";

it.each(["pro", 10, true])("asks about those with the same value, %s, of its own type", (value) => {
  const link = exploreAttribute("the.plan", value) ?? "";
  const { question, problems } = readQuestion(link.slice("/explore".length), "UTC");
  expect(problems).toEqual([]);
  expect(question.filter.conditions).toEqual([
    { scope: "user", property: "the.plan", operator: "equals", value },
  ]);
});

it("has no question about what no filter compares with", () => {
  expect(exploreAttribute("tags", ["a"])).toBeNull();
  expect(exploreAttribute("address", { city: "Berlin" })).toBeNull();
});
