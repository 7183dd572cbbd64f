// @vitest-environment jsdom
import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import type {
  FunnelQuery,
  LifecycleQuery,
  PathsQuery,
  RetentionQuery,
  StickinessQuery,
  TrendQuery,
} from "../query";

// The client takes fetch when it is made, so this must be there before it.
vi.hoisted(() => {
  globalThis.fetch = () =>
    Promise.resolve(
      Response.json({
        events: [
          { name: "a", count: 1, first_seen: "2024-01-02T00:00:00Z", last_seen: "2024-03-04T00:00:00Z" },
        ],
        annotations: [],
      }),
    );
});

const { newQueryClient } = await import("../../../api/query-client");
const { AnswerView } = await import(".");

type Props = Parameters<typeof AnswerView>[0];

function show(props: Props) {
  render(
    <QueryClientProvider client={newQueryClient()}>
      <AnswerView {...props} />
    </QueryClientProvider>,
  );
}

const at = new Date("2026-01-01T00:00:00Z");
const range = { from: "2024-01-01", to: "2024-02-29" };

const trend: TrendQuery = {
  kind: "trend",
  range,
  interval: "month",
  series: [{ event: "a", aggregation: { type: "total" } }],
};

const trendAnswer = (count: number): Props["answer"] => ({
  kind: "trend",
  buckets: ["2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"],
  series: [
    {
      event: "a",
      aggregation: { type: "total" },
      breakdown: null,
      count,
      values: [count, 0],
      previous: { count: 8, values: [8, 0] },
    },
  ],
  elapsed_ms: 1,
});

it("shows a trend as a table by its reader's names, with the period before", () => {
  show({
    query: { ...trend, compare: "previous_period" },
    answer: trendAnswer(12),
    at,
    size: "card",
    view: "table",
    labels: ["Mine"],
  });
  expect(screen.getByRole("columnheader", { name: "Mine" })).toBeInTheDocument();
  const row = screen.getByRole("row", { name: /January 2024/ });
  expect(
    within(row)
      .getAllByRole("cell")
      .map(({ textContent }) => textContent),
  ).toEqual(["12", "8", "+50%"]);
});

it("shows a trend as a number, with how much it changed", () => {
  show({ query: trend, answer: trendAnswer(12), at, size: "card", view: "number" });
  const number = screen.getByRole("list", { name: "Numbers" });
  expect(number).toHaveTextContent("12");
  expect(number).toHaveTextContent("+50%, from 8 in the period before");
});

const funnel: FunnelQuery = {
  kind: "funnel",
  range,
  steps: [{ event: "a" }, { event: "b" }],
  window: "1d",
};
const steps = [
  { event: "a", users: 8, conversion: 1, step_conversion: null, median_seconds: null },
  { event: "b", users: 2, conversion: 0.25, step_conversion: 0.25, median_seconds: 60 },
];

it("shows a funnel, and its groups where there is room for them", () => {
  const query: FunnelQuery = { ...funnel, breakdown: { scope: "user", property: "plan", limit: 10 } };
  const answer: Props["answer"] = { kind: "funnel", steps, groups: [{ breakdown: "pro", steps }] };
  show({ query, answer, at, size: "page" });
  const shown = within(screen.getByRole("list", { name: "Steps" })).getAllByRole("listitem");
  expect(shown[1]).toHaveTextContent("b2 usersOf the first step25%Of the step before25%Dropped off6");
  expect(screen.getByRole("row", { name: /^pro/ })).toHaveTextContent("pro8100%225%");
  expect(screen.getByText(/came all the way within 1 day/)).toHaveTextContent("25%");
});

it("leaves a funnel's groups out of a card", () => {
  show({
    query: funnel,
    answer: { kind: "funnel", steps, groups: [{ breakdown: "pro", steps }] },
    at,
    size: "card",
  });
  expect(screen.queryByRole("table")).not.toBeInTheDocument();
});

const retention: RetentionQuery = {
  kind: "retention",
  range,
  cohort_event: "a",
  return_event: "b",
  interval: "month",
  periods: 2,
};
const cohorts: Props["answer"] = {
  kind: "retention",
  cohorts: [
    { cohort: "2024-01-01T00:00:00Z", size: 4, values: [4, 1] },
    { cohort: "2024-02-01T00:00:00Z", size: 0, values: [0, 0] },
  ],
};

it.each([
  ["percent", ["4", "100%", "25%"], ["0", "–", "–"]],
  ["users", ["4", "4", "1"], ["0", "0", "0"]],
] as const)("shows a retention as %s", (view, january, february) => {
  show({ query: retention, answer: cohorts, at, size: "card", view });
  const cells = (name: RegExp) =>
    within(screen.getByRole("row", { name }))
      .getAllByRole("cell")
      .map(({ textContent }) => textContent);
  expect(cells(/January 2024/)).toEqual(january);
  expect(cells(/February 2024/)).toEqual(february);
  expect(cells(/All cohorts/)).toEqual(["4", "100%", "25%"]);
});

const stickiness: StickinessQuery = {
  kind: "stickiness",
  range,
  interval: "month",
  series: [{ event: "a" }],
};
const stickinessAnswer = (users: number[]): Props["answer"] => ({
  kind: "stickiness",
  series: [{ event: "a", intervals: [1, 2], users }],
});

it("shows a stickiness as a table, and how many come in every interval", () => {
  show({ query: stickiness, answer: stickinessAnswer([3, 1]), at, size: "page", view: "table" });
  expect(screen.getByRole("row", { name: /^1 month/ })).toHaveTextContent("1 month3");
  expect(screen.getByRole("row", { name: /^2 months/ })).toHaveTextContent("2 months1");
  expect(screen.getByText(/4 users, 25% of them in every month/)).toBeInTheDocument();
  expect(screen.queryByText(/has not ended/)).not.toBeInTheDocument();
});

const lifecycle: LifecycleQuery = { kind: "lifecycle", range, interval: "month", event: "a" };
const lifecycleAnswer = (users: number[]): Props["answer"] => ({
  kind: "lifecycle",
  buckets: ["2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"],
  new: users,
  returning: [0, 0],
  resurrecting: [0, 0],
  dormant: [0, users[0] ?? 0],
});

it("shows a lifecycle as a table, the dormant as so many", () => {
  show({ query: lifecycle, answer: lifecycleAnswer([5, 2]), at, size: "page", view: "table" });
  const cells = within(screen.getByRole("row", { name: /February 2024/ })).getAllByRole("cell");
  expect(cells.map(({ textContent }) => textContent)).toEqual(["2", "0", "0", "5"]);
});

const paths: PathsQuery = {
  kind: "paths",
  range,
  event: "a",
  direction: "after",
  steps: 2,
  window: "1d",
  limit: 10,
};
const pathsAnswer: Props["answer"] = {
  kind: "paths",
  event: "a",
  users: 4,
  steps: [{ events: [{ event: "b", users: 3 }], links: [{ from: "a", to: "b", users: 3 }], ended: 1 }],
};

it("shows paths with every way in a table, which a card leaves out", () => {
  show({ query: paths, answer: pathsAnswer, at, size: "page" });
  expect(screen.getByText(/did something after/)).toHaveTextContent(
    "75% did something after a within 1 day: 3 of 4 users.",
  );
  const step = within(screen.getByRole("group", { name: "1st after" })).getAllByRole("listitem");
  expect(step.map(({ textContent }) => textContent)).toEqual(["b375%", "Nothing more1"]);
  expect(screen.getAllByRole("row").map(({ textContent }) => textContent)).toEqual([
    "StepFromToUsersOf all",
    "1st afterab375%",
    "1st afterAnyNothing more125%",
  ]);
});

it("leaves the table of paths out of a card", () => {
  show({ query: paths, answer: pathsAnswer, at, size: "card" });
  expect(screen.queryByRole("table")).not.toBeInTheDocument();
  expect(screen.getByRole("group", { name: "1st after" })).toBeInTheDocument();
});

it("shows a formula beside its series, with a gap where it divides by zero", () => {
  show({
    query: { ...trend, formulas: [{ name: "Rate", expression: "A / A" }] },
    answer: {
      ...(trendAnswer(12) as Extract<Props["answer"], { kind: "trend" }>),
      formulas: [{ name: "Rate", expression: "A / A", breakdown: null, values: [1, null] }],
    },
    at,
    size: "card",
    view: "table",
  });
  expect(screen.getByRole("columnheader", { name: "Rate" })).toBeInTheDocument();
  const cells = within(screen.getByRole("row", { name: /February 2024/ })).getAllByRole("cell");
  expect(cells.at(-1)).toHaveTextContent("–");
});

it.each([
  ["trend", trend, trendAnswer(0)],
  ["funnel", funnel, { kind: "funnel", steps: steps.map((step) => ({ ...step, users: 0, conversion: 0 })) }],
  ["retention", retention, { kind: "retention", cohorts: [] }],
  ["stickiness", stickiness, stickinessAnswer([0, 0])],
  ["lifecycle", lifecycle, lifecycleAnswer([0, 0])],
  ["paths", paths, { kind: "paths", event: "a", users: 0, steps: [] }],
] as [string, Props["query"], Props["answer"]][])(
  "leads from an empty %s to where there is something",
  async (_, query, answer) => {
    const onPeriod = vi.fn();
    show({ query, answer, at, size: "page", onPeriod });
    await userEvent.click(await screen.findByRole("button", { name: "Show all of it" }));
    expect(onPeriod).toHaveBeenCalledWith("2024-01-02", "2024-03-04");
  },
);
