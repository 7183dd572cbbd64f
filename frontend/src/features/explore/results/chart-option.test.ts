import { describe, expect, it } from "vitest";
import type { Result } from "../answer";
import { chartOption, type ChartTheme } from "./chart-option";

const theme: ChartTheme = {
  series: ["#a00", "#0a0"],
  text: "#000",
  soft: "#555",
  seam: "#ccc",
  surface: "#fff",
  font: "sans-serif",
};

const result: Result = {
  buckets: [1, 2, 3, 4].map((day) => new Date(Date.UTC(2026, 10, day))),
  states: ["complete", "complete", "current", "future"],
  interval: "day",
  timezone: "UTC",
  series: [
    { letter: "A", event: "a", name: "a, total", aggregation: "total", count: 6, values: [1, 2, 3, null] },
    {
      letter: "B",
      event: "b",
      name: "b, average of p",
      aggregation: "average",
      count: 2,
      values: [null, 5, null, null],
    },
  ],
};

type Drawn = {
  id: string;
  type: string;
  data: unknown[];
  lineStyle?: { type?: unknown };
  itemStyle?: unknown;
};

function drawn(view: "line" | "area" | "bar", hidden = new Set<number>()): Drawn[] {
  return chartOption(result, view, hidden, theme, "en-GB", false).series as Drawn[];
}

describe("lines", () => {
  it("end with the last whole bucket, and go on dashed to the one that is filling", () => {
    const [whole, filling] = drawn("line");
    expect(whole?.data).toEqual([1, 2, null, null]);
    expect(whole?.lineStyle?.type).toBeUndefined();
    expect(filling?.data).toEqual([null, 2, 3, null]);
    expect(filling?.lineStyle?.type).toEqual([5, 5]);
  });

  it("are not drawn for hidden series", () => {
    expect(drawn("line", new Set([0])).map(({ id }) => id)).toEqual(["series 1", "series 1, filling"]);
  });
});

it("draws the bar that is filling apart from the others", () => {
  const [bars] = drawn("bar");
  expect(bars?.data[1]).toBe(2);
  expect(bars?.data[2]).toMatchObject({ value: 3, itemStyle: { opacity: 0.4 } });
});

it("leaves smooth transitions out for many points, and for those who want calm", () => {
  const many = Array.from({ length: 3000 }, (_, hour) => new Date(Date.UTC(2026, 0, 1, hour)));
  const large: Result = {
    ...result,
    interval: "hour",
    buckets: many,
    states: many.map(() => "complete"),
    series: result.series.map((series) => ({ ...series, values: many.map(() => 1) })),
  };
  expect(chartOption(large, "line", new Set(), theme, "en", false).animation).toBe(false);
  expect(chartOption(result, "line", new Set(), theme, "en", true).animation).toBe(false);
  expect(chartOption(result, "line", new Set(), theme, "en", false).animation).toBe(true);
});
