import { expect, it } from "vitest";
import type { Cohort, CohortDefinition } from "../../api/cohorts";
import { newCohort, toDefinition, toDraft, type CohortDraft } from "./cohort-draft";
import { cohortReducer, type CohortAction } from "./cohort-reducer";
import { describeCondition } from "./describe";
import { namesCohort } from "./in-use";

function saved(definition: CohortDefinition): Cohort {
  return {
    id: "c1",
    name: "Regulars",
    description: "",
    definition,
    version: 3,
    created_at: "2026-11-01T00:00:00Z",
    created_by: "ada@example.com",
    updated_at: "2026-11-01T00:00:00Z",
    updated_by: "ada@example.com",
  };
}

const every: CohortDefinition = {
  match: "any",
  timezone: "Europe/Berlin",
  conditions: [
    { type: "attribute", property: "plan", operator: "in", value: ["pro", "team"] },
    { type: "attribute", property: "seats", operator: "greater_or_equal", value: 10 },
    { type: "attribute", property: "email", operator: "contains", value: "@x" },
    { type: "attribute", property: "trial", operator: "equals", value: true },
    { type: "attribute", property: "city", operator: "is_not_set" },
    {
      type: "event",
      event: "order placed",
      range: { last: "30d" },
      done: true,
      at_least: 2,
      filters: {
        match: "all",
        conditions: [{ scope: "event", property: "amount", operator: "greater_than", value: 50 }],
      },
    },
    {
      type: "event",
      event: "complaint",
      range: { from: "2026-01-01", to: "2026-03-31" },
      done: false,
      at_least: 1,
    },
    {
      type: "funnel",
      steps: [
        { event: "view" },
        {
          event: "order placed",
          filters: {
            match: "all",
            conditions: [{ scope: "event", property: "amount", operator: "greater_than", value: 5 }],
          },
        },
      ],
      window: "7d",
      range: { last: "1mo" },
      outcome: "not_completed",
    },
    {
      type: "funnel",
      steps: [{ event: "a" }, { event: "b" }, { event: "c" }],
      window: "30m",
      range: { last: "7d" },
      outcome: "stopped_at",
      step: 2,
    },
  ],
};

it("gives back each condition as it was saved", () => {
  expect(toDefinition(toDraft(saved(every)))).toEqual({ kind: "definition", definition: every });
});

it("knows what a program has left out", () => {
  const bare = { conditions: [{ type: "event", event: "*", range: { last: "7d" } }] };
  const draft = toDraft(saved(bare as unknown as CohortDefinition));
  expect(draft).toMatchObject({ match: "all", timezone: "UTC" });
  expect(draft.conditions).toMatchObject([{ type: "event", done: true, atLeast: 1 }]);
});

it("keeps what it has no controls for", () => {
  const longer: CohortDefinition = {
    ...every,
    conditions: [{ type: "event", event: "a", range: { last: "123456d" }, done: true, at_least: 1 }],
  };
  const draft = toDraft(saved(longer));
  expect(draft.conditions[0]?.type).toBe("other");
  expect(toDefinition(draft)).toEqual({ kind: "definition", definition: longer });
});

it("says each condition in a sentence", () => {
  const sentences = toDraft(saved(every)).conditions.map((one) => describeCondition(one, "en-GB"));
  // The spaces around a range's dash are thin ones.
  expect(sentences.map((one) => one.replaceAll("\u2009", " "))).toEqual([
    "Their plan is one of pro, team",
    "Their seats is at least 10",
    "Their email contains @x",
    "Their trial is true",
    "Their city is not set",
    "They did order placed at least 2 times in the last 30 days, where the event’s amount is more than 50",
    "They did not do complaint in the days 1 Jan – 31 Mar 2026",
    "They began and did not complete view → order placed, where the event’s amount is more than 5 within 7 days, in the last month",
    "They came to step 2 and no further of a → b → c within 30 minutes, in the last 7 days",
  ]);
});

const after = (...actions: CohortAction[]): CohortDraft => actions.reduce(cohortReducer, newCohort("UTC"));

it("is not finished before each attribute has what it needs", () => {
  expect(toDefinition(after({ type: "remove", index: 0 }))).toEqual({
    kind: "unfinished",
    advice: "Add a condition.",
  });
  const added: CohortAction[] = [{ type: "add", condition: "attribute" }];
  expect(toDefinition(after(...added))).toEqual({
    kind: "unfinished",
    advice: "Choose an attribute in condition 2.",
  });
  added.push({ type: "attribute", index: 1, property: "plan", types: ["string"] });
  expect(toDefinition(after(...added))).toEqual({
    kind: "unfinished",
    advice: "Choose a value in condition 2.",
  });
  added.push({ type: "value", index: 1, value: "pro" });
  expect(toDefinition(after(...added))).toMatchObject({
    kind: "definition",
    definition: {
      conditions: [{}, { type: "attribute", property: "plan", operator: "equals", value: "pro" }],
    },
  });
});

it("edits attributes and filters by the rules of Explore", () => {
  const draft = after(
    { type: "add", condition: "attribute" },
    { type: "attribute", index: 1, property: "plan", types: ["string"] },
    { type: "value", index: 1, value: "pro" },
    { type: "operator", index: 1, operator: "in" },
    { type: "filter", index: 0, action: { type: "condition/add", target: "all" } },
    {
      type: "filter",
      index: 0,
      action: {
        type: "condition/property",
        target: "all",
        index: 0,
        scope: "event",
        property: "amount",
        types: ["number"],
      },
    },
  );
  expect(draft.conditions).toMatchObject([
    { filter: { conditions: [{ scope: "event", property: "amount", operator: "equals" }] } },
    { condition: { operator: "in", value: ["pro"] } },
  ]);
});

it("keeps where users stop within the funnel", () => {
  const funnel = (...actions: CohortAction[]) =>
    after({ type: "add", condition: "funnel" }, ...actions).conditions[1];
  const add: CohortAction = { type: "funnel", index: 1, action: { type: "step/add" } };
  const stop: CohortAction = { type: "step", index: 1, step: 2 };
  expect(funnel(stop)).toMatchObject({ step: 1 });
  expect(funnel(add, stop)).toMatchObject({ step: 2 });
  expect(
    funnel(add, stop, { type: "funnel", index: 1, action: { type: "step/remove", index: 0 } }),
  ).toMatchObject({
    step: 1,
  });
  expect(funnel({ type: "funnel", index: 1, action: { type: "window", window: "12h" } })).toMatchObject({
    window: "12h",
  });
});

it("changes nothing where there is nothing to change", () => {
  const draft = newCohort("UTC");
  for (const action of [
    { type: "remove", index: 4 },
    { type: "at-least", index: 0, atLeast: 0 },
    { type: "at-least", index: 0, atLeast: 1.5 },
    { type: "value", index: 0, value: "a" },
    { type: "done", index: 7, done: false },
  ] satisfies CohortAction[]) {
    expect(cohortReducer(draft, action)).toBe(draft);
  }
  const full = Array.from({ length: 30 }).reduce<CohortDraft>(
    (one) => cohortReducer(one, { type: "add", condition: "event" }),
    draft,
  );
  expect(full.conditions).toHaveLength(20);
});

it("finds a cohort wherever a question names it", () => {
  const filters = {
    match: "all" as const,
    conditions: [{ scope: "cohort" as const, operator: "in" as const, value: "c1" }],
  };
  const common = { kind: "trend" as const, range: { last: "7d" }, interval: "day" as const };
  const series = { event: "a", aggregation: { type: "total" as const } };
  expect(namesCohort({ ...common, series: [series], filters }, "c1")).toBe(true);
  expect(namesCohort({ ...common, series: [{ ...series, filters }] }, "c1")).toBe(true);
  expect(namesCohort({ ...common, series: [{ ...series, filters }] }, "c2")).toBe(false);
  expect(namesCohort({ ...common, series: [{ ...series, event: "c1" }] }, "c1")).toBe(false);
});
