import { describe, expect, it } from "vitest";
import type { Result } from "../answer";
import { chartOption, type ChartView } from "./chart-option";
import type { Colors } from "./colors";

const theme: Colors = {
  series: ["#a00", "#0a0"],
  text: "#000",
  soft: "#555",
  seam: "#ccc",
  surface: "#fff",
  crust: "#950",
  sunken: "#eee",
  font: "sans-serif",
};

const common = { previous: null, rank: 0 };

const result: Result = {
  buckets: [1, 2, 3, 4].map((day) => new Date(Date.UTC(2026, 10, day))),
  states: ["complete", "complete", "current", "future"],
  interval: "day",
  timezone: "UTC",
  grouped: false,
  previousWhole: false,
  series: [
    {
      ...common,
      key: "0",
      letter: "A",
      event: "a",
      name: "a, total",
      aggregation: "total",
      count: 6,
      values: [1, 2, 3, null],
    },
    {
      ...common,
      key: "1",
      letter: "B",
      event: "b",
      name: "b, average of p",
      aggregation: "average",
      count: 2,
      values: [null, 5, null, null],
    },
  ],
};

const compared: Result = {
  ...result,
  series: result.series.map((one) => ({ ...one, previous: { count: 9, values: [4, 3, 2, null] } })),
};

type Drawn = {
  id: string;
  type: string;
  data: unknown[];
  stack?: string;
  sampling?: string;
  lineStyle?: { type?: unknown };
  itemStyle?: unknown;
};

const look = {
  hidden: new Set<number>(),
  zoom: null,
  theme,
  locale: "en-GB",
  calm: false,
  marks: [],
  top: 0,
};

function drawn(view: ChartView, hidden = new Set<number>(), of = result): Drawn[] {
  return chartOption(of, view, { ...look, hidden }).series as Drawn[];
}

describe("the period before", () => {
  it("is a line of dashes of its own, below the one of now", () => {
    const ids = drawn("line", new Set([1]), compared).map(({ id, lineStyle }) => [id, lineStyle?.type]);
    expect(ids).toEqual([
      ["series 0, before", [9, 5]],
      ["series 0", undefined],
      ["series 0, filling", [5, 5]],
    ]);
    expect(drawn("line", new Set([1]), compared)[0]?.data).toEqual([4, 3, 2, null]);
  });

  it("is a paler bar beside the one of now, and a stack of its own", () => {
    expect(drawn("bar", new Set(), compared).map(({ id }) => id)).toEqual([
      "series 0, before",
      "series 0",
      "series 1, before",
      "series 1",
    ]);
    expect(drawn("stacked", new Set(), compared).map(({ stack }) => stack)).toEqual([
      "before",
      "now",
      "before",
      "now",
    ]);
  });
});

it("stacks bars on each other", () => {
  expect(drawn("stacked").map(({ type, stack }) => [type, stack])).toEqual([
    ["bar", "now"],
    ["bar", "now"],
  ]);
  expect(drawn("bar").every(({ stack }) => stack === undefined)).toBe(true);
});

it("has in sight what is zoomed to, or else everything", () => {
  const sight = (zoom: readonly [number, number] | null) =>
    chartOption(result, "line", { ...look, zoom }).dataZoom;
  expect(sight(null)).toMatchObject([{ startValue: 0, endValue: 3 }]);
  expect(sight([1, 2])).toMatchObject([{ startValue: 1, endValue: 2 }]);
});

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
  expect(chartOption(large, "line", look).animation).toBe(false);
  expect(drawn("line", new Set(), large).every(({ sampling }) => sampling === "lttb")).toBe(true);
  expect(chartOption(result, "line", { ...look, calm: true }).animation).toBe(false);
  expect(chartOption(result, "line", look).animation).toBe(true);
});

it("draws what is lost below zero, without calling it negative", () => {
  const [first] = result.series;
  if (!first) throw new Error("there is no series");
  const lost = { ...result, series: [{ ...first, below: true }] };
  const [bars] = drawn("stacked", new Set(), lost);
  expect(
    bars?.data.map((value) =>
      typeof value === "object" && value ? (value as { value: number }).value : value,
    ),
  ).toEqual(first.values.map((value) => (value === null ? null : -value)));
  const { yAxis } = chartOption(lost, "stacked", look) as unknown as {
    yAxis: { axisLabel: { formatter: (value: number) => string } };
  };
  expect(yAxis.axisLabel.formatter(-40)).toBe("40");
});

it("marks what happened, and makes room for the marks", () => {
  const marks = [{ bucket: 1, label: "1–2", texts: ["a", "b"] }];
  const { series, grid } = chartOption(result, "line", { ...look, marks }) as unknown as {
    series: { id: string; markLine?: { data: unknown[] } }[];
    grid: { top: number };
  };
  expect(series.at(-1)).toMatchObject({
    id: "annotations",
    markLine: { data: [{ xAxis: 1, label: { formatter: "1–2" } }] },
  });
  expect(grid.top).toBeGreaterThan((chartOption(result, "line", look) as { grid: { top: number } }).grid.top);
});
