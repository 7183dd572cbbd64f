import { expect, it } from "vitest";
import { medianText, toFunnelResult, windowText } from "./funnel-answer";
import type { FunnelQuery } from "./query";

const query: FunnelQuery = {
  kind: "funnel",
  range: { last: "30d" },
  steps: [
    { event: "*" },
    {
      event: "order",
      filters: {
        match: "all",
        conditions: [{ scope: "event", property: "amount", operator: "greater_than", value: 5 }],
      },
    },
  ],
  window: "7d",
};

const steps = [
  { event: "*", users: 200, conversion: 1, step_conversion: null, median_seconds: null },
  { event: "order", users: 50, conversion: 0.25, step_conversion: 0.25, median_seconds: 93.5 },
];

it("names the steps with their filters, and counts who was lost at each", () => {
  expect(toFunnelResult(query, { kind: "funnel", steps })).toEqual({
    steps: [
      {
        name: "All events",
        users: 200,
        conversion: 1,
        stepConversion: null,
        lost: null,
        medianSeconds: null,
      },
      {
        name: "order (amount is more than 5)",
        users: 50,
        conversion: 0.25,
        stepConversion: 0.25,
        lost: 150,
        medianSeconds: 93.5,
      },
    ],
    groups: [],
  });
});

it("names the groups, the rest and what is not set", () => {
  const groups = ["pro", "$other", null].map((breakdown) => ({ breakdown, steps }));
  const asked: FunnelQuery = { ...query, breakdown: { scope: "user", property: "plan", limit: 1 } };
  const result = toFunnelResult(asked, { kind: "funnel", steps, groups });
  expect(result.groups.map(({ name }) => name)).toEqual(["pro", "All others", "Not set"]);
  expect(result.groups[0]?.steps[1]?.lost).toBe(150);
});

it("writes windows in words", () => {
  expect([windowText(1, "d"), windowText(30, "m"), windowText(12, "h")]).toEqual([
    "1 day",
    "30 minutes",
    "12 hours",
  ]);
});

it("writes median times in words", () => {
  expect([null, 0, 93.5].map((seconds) => medianText(seconds, "en"))).toEqual(["–", "at once", "2 min"]);
});
