import { describe, expect, it } from "vitest";
import { pathRows, ribbons, stepText, toPathsResult } from "./paths-answer";
import type { PathsQuery } from "./query";

const query: PathsQuery = {
  kind: "paths",
  range: { last: "7d" },
  event: "visit",
  direction: "after",
  steps: 3,
  limit: 2,
  window: "1d",
};

const answer = {
  kind: "paths" as const,
  event: "visit",
  users: 10,
  steps: [
    {
      events: [
        { event: "order", users: 5 },
        { event: "visit", users: 3 },
        { event: null, users: 1 },
      ],
      links: [
        { from: "visit", to: "order", users: 5 },
        { from: "visit", to: "visit", users: 3 },
        { from: "visit", to: null, users: 1 },
      ],
      ended: 1,
    },
    {
      events: [{ event: "order", users: 4 }],
      links: [
        { from: "visit", to: "order", users: 3 },
        { from: null, to: "order", users: 1 },
      ],
      ended: 5,
    },
    { events: [], links: [], ended: 0 },
  ],
};

describe("toPathsResult", () => {
  it("has a column for the event and for each step that somebody came to", () => {
    const { columns, links } = toPathsResult(query, answer);
    expect(columns.map(({ step, nodes, ended }) => [step, nodes.map(({ name }) => name), ended])).toEqual([
      [0, ["visit"], null],
      [1, ["order", "visit", "All others"], 1],
      [2, ["order"], 5],
    ]);
    expect(columns[1]?.nodes[0]?.share).toBe(0.5);
    expect(links).toEqual([
      [
        { from: 0, to: 0, users: 5 },
        { from: 0, to: 1, users: 3 },
        { from: 0, to: 2, users: 1 },
      ],
      [
        { from: 1, to: 0, users: 3 },
        { from: 2, to: 0, users: 1 },
      ],
    ]);
  });

  it("stands in the order of time where the paths lead back", () => {
    const { columns, links } = toPathsResult({ ...query, direction: "before" }, answer);
    expect(columns.map(({ step }) => step)).toEqual([2, 1, 0]);
    expect(links[0]).toEqual([
      { from: 0, to: 1, users: 3 },
      { from: 0, to: 2, users: 1 },
    ]);
    expect(links[1]?.every(({ to }) => to === 0)).toBe(true);
  });

  it("has only the event where nobody did it", () => {
    const steps = [{ events: [], links: [], ended: 0 }];
    const { columns, links } = toPathsResult(query, { ...answer, users: 0, steps });
    expect(columns).toHaveLength(1);
    expect(links).toEqual([]);
  });
});

describe("pathRows", () => {
  it("lists every way step by step, the commonest first, and where paths end", () => {
    expect(
      pathRows(toPathsResult(query, answer)).map(({ step, from, to, users, share }) => [
        step,
        from,
        to,
        users,
        share,
      ]),
    ).toEqual([
      [1, "visit", "order", 5, 0.5],
      [1, "visit", "visit", 3, 0.3],
      [1, "visit", "All others", 1, 0.1],
      [1, "Any", "Nothing more", 1, 0.1],
      [2, "visit", "order", 3, 0.3],
      [2, "All others", "order", 1, 0.1],
      [2, "Any", "Nothing more", 5, 0.5],
    ]);
  });

  it("goes away from the event where the paths lead back to it, each way in the order of time", () => {
    const rows = pathRows(toPathsResult({ ...query, direction: "before" }, answer));
    expect(rows.map(({ step, from, to }) => [step, from, to])).toEqual([
      [1, "order", "visit"],
      [1, "visit", "visit"],
      [1, "All others", "visit"],
      [1, "Nothing before", "Any"],
      [2, "order", "visit"],
      [2, "order", "All others"],
      [2, "Nothing before", "Any"],
    ]);
  });
});

describe("ribbons", () => {
  it("lie below each other within their row, as wide as their share of all users", () => {
    const [gap] = toPathsResult(query, answer).links;
    const drawn = ribbons(gap ?? [], 10);
    expect(drawn.map(({ width }) => width)).toEqual(
      [0.42, 0.252, 0.084].map((width) => expect.closeTo(width) as number),
    );
    // One node's, from top to bottom without a gap, around the middle of its row.
    const edges = drawn.map(({ y1, width }) => [y1 - width / 2, y1 + width / 2] as const);
    expect(edges[0]?.[1]).toBeCloseTo(edges[1]?.[0] ?? NaN);
    expect(edges[1]?.[1]).toBeCloseTo(edges[2]?.[0] ?? NaN);
    expect(((edges[0]?.[0] ?? 0) + (edges[2]?.[1] ?? 0)) / 2).toBeCloseTo(0.5);
    // On the other side each has a row of its own.
    expect(drawn.map(({ y2 }) => y2)).toEqual([0.5, 1.5, 2.5].map((y) => expect.closeTo(y) as number));
  });

  it("are never too thin to be seen, and none without users", () => {
    expect(ribbons([{ from: 0, to: 0, users: 1 }], 1_000_000)[0]?.width).toBe(0.02);
    expect(ribbons([{ from: 0, to: 0, users: 1 }], 0)).toEqual([]);
  });
});

it("names the steps", () => {
  expect([stepText(0, "after"), stepText(1, "after"), stepText(5, "before")]).toEqual([
    "The event",
    "1st after",
    "5th before",
  ]);
});
