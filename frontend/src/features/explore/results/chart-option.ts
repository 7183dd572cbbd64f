// What ECharts is to draw, as plain data: a pure function of the result.
import type { BarSeriesOption, EChartsCoreOption, LineSeriesOption } from "echarts";
import { formatCompact } from "../../../format/numbers";
import type { Mark } from "../../annotations/marks";
import type { Result, ResultSeries } from "../answer";
import { tickNames } from "./bucket-names";
import type { Colors } from "./colors";

export type ChartView = "line" | "area" | "bar" | "stacked";

export type ChartLook = {
  /** The series that are not drawn, by their places. */
  hidden: ReadonlySet<number>;
  /** The first and the last bucket in sight; null is all of them. */
  zoom: readonly [number, number] | null;
  theme: Colors;
  locale: string;
  /** Whether the reader wants nothing to move. */
  calm: boolean;
  /** What happened, and in which buckets. */
  marks: readonly Mark[];
  /** How much to leave free above, for what stands over the chart. */
  top: number;
};

// Up to here each point has a dot of its own; beyond, dots would make a caterpillar.
const MAX_DOTS = 45;
// Beyond this, drawing goes before smooth transitions and each single point.
const MANY_POINTS = 2_000;
// The height of an annotation's number above the chart.
const MARK = 16;

export function chartOption(result: Result, view: ChartView, look: ChartLook): EChartsCoreOption {
  const { hidden, zoom, theme, locale, calm, marks } = look;
  const { buckets } = result;
  const sight = zoom ?? ([0, buckets.length - 1] as const);
  const drawn = [...result.series.entries()].filter(([index]) => !hidden.has(index));
  const below = drawn.some(([, series]) => series.below);
  const many = buckets.length * drawn.length > MANY_POINTS;
  const barred = view === "bar" || view === "stacked";
  return {
    animation: !many && !calm,
    animationDuration: 250,
    animationDurationUpdate: 250,
    textStyle: { fontFamily: theme.font, color: theme.soft },
    grid: {
      left: 8,
      right: 16,
      top: 16 + look.top + (marks.length > 0 ? MARK : 0),
      bottom: 4,
      containLabel: true,
    },
    tooltip: { trigger: "axis", showContent: false, axisPointer: pointer(barred, theme) },
    // The chart sets what is in sight itself: the library's own way takes the wheel from the page.
    dataZoom: [
      {
        type: "inside",
        disabled: true,
        startValue: sight[0],
        endValue: sight[1],
      },
    ],
    xAxis: {
      type: "category",
      boundaryGap: barred,
      data: tickNames(result, locale, sight),
      axisLine: { lineStyle: { color: theme.seam } },
      axisTick: { show: false },
      axisLabel: { color: theme.soft, fontSize: 12, hideOverlap: true, margin: 10 },
    },
    yAxis: {
      type: "value",
      minInterval: result.series.every(isCount) ? 1 : 0,
      splitNumber: 4,
      axisLabel: {
        color: theme.soft,
        fontSize: 12,
        // Below zero stands what is lost: so many, not so many less than none.
        formatter: (value: number) => formatCompact(below ? Math.abs(value) : value, locale),
      },
      splitLine: { lineStyle: { color: theme.seam } },
    },
    series: [
      ...drawn.flatMap<LineSeriesOption | BarSeriesOption>(([index, series]) => {
        const color = theme.series[index % theme.series.length] ?? theme.text;
        return barred
          ? bars(result, series, index, color, view === "stacked")
          : lines(result, series, index, color, view === "area", many);
      }),
      ...(marks.length > 0 ? [markLines(marks, theme)] : []),
    ],
  };
}

/** Where something happened: a line over the whole height, with the number that it has in the list below. */
function markLines(marks: readonly Mark[], theme: Colors): LineSeriesOption {
  return {
    type: "line",
    id: "annotations",
    data: [],
    markLine: {
      silent: true,
      animation: false,
      symbol: "none",
      lineStyle: { color: theme.soft, type: [3, 3], width: 1 },
      label: {
        position: "end",
        color: theme.text,
        backgroundColor: theme.surface,
        borderColor: theme.soft,
        borderWidth: 1,
        borderRadius: 4,
        padding: [2, 5],
        fontSize: 11,
        fontFamily: theme.font,
      },
      data: marks.map(({ bucket, label }) => ({ xAxis: bucket, label: { formatter: label } })),
    },
  };
}

function isCount({ aggregation }: ResultSeries): boolean {
  return aggregation === "total" || aggregation === "unique_users";
}

function pointer(barred: boolean, theme: Colors) {
  return barred
    ? { type: "shadow", shadowStyle: { color: theme.seam, opacity: 0.45 }, label: { show: false } }
    : { type: "line", lineStyle: { color: theme.soft, type: "solid", width: 1 }, label: { show: false } };
}

/**
 * A series as lines: the buckets that have ended in full strength, and the step
 * to the one that is still filling dashed, since it will yet change. The period
 * before is a paler line of long dashes below them.
 */
function lines(
  result: Result,
  series: ResultSeries,
  index: number,
  color: string,
  filled: boolean,
  many: boolean,
): LineSeriesOption[] {
  const current = result.states.indexOf("current");
  const whole = series.values.map((value, bucket) => (bucket === current ? null : value));
  const dots = series.values.length <= MAX_DOTS;
  const base: LineSeriesOption = {
    type: "line",
    color,
    symbol: "circle",
    showSymbol: true,
    lineStyle: { width: 2, join: "round" },
    emphasis: { disabled: true },
  };
  const drawn: LineSeriesOption[] = [];
  if (series.previous) {
    const { values } = series.previous;
    drawn.push({
      ...base,
      id: `series ${index}, before`,
      data: values,
      z: 1,
      symbolSize: (_value, { dataIndex }) => (stands(values, dataIndex) ? 4 : 0),
      lineStyle: { width: 1.5, type: [9, 5], color, opacity: 0.6 },
      itemStyle: { opacity: 0.6 },
      ...(many ? { sampling: "lttb", showSymbol: false } : {}),
    });
  }
  drawn.push({
    ...base,
    id: `series ${index}`,
    data: whole,
    // A value between two gaps has no line, and would not be seen without its dot.
    symbolSize: (_value, { dataIndex }) => (dots || stands(whole, dataIndex) ? 5 : 0),
    ...(filled ? { areaStyle: { color, opacity: 0.18 } } : {}),
    ...(many ? { sampling: "lttb", showSymbol: false } : {}),
  });
  if (current >= 0) {
    drawn.push({
      ...base,
      id: `series ${index}, filling`,
      data: series.values.map((value, bucket) =>
        bucket === current || bucket === current - 1 ? value : null,
      ),
      symbolSize: (_value, { dataIndex }) => (dataIndex === current ? 6 : 0),
      lineStyle: { width: 2, type: [5, 5], color },
      itemStyle: { color: "transparent", borderColor: color, borderWidth: 1.5 },
      ...(filled ? { areaStyle: { color, opacity: 0.07 } } : {}),
    });
  }
  return drawn;
}

/** Whether the value at the index has no neighbour to draw a line to. */
function stands(values: readonly (number | null)[], index: number): boolean {
  return (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
}

/** A series as bars, on those below it where they are stacked; the period before stands to the left, paler. */
function bars(
  result: Result,
  series: ResultSeries,
  index: number,
  color: string,
  stacked: boolean,
): BarSeriesOption[] {
  const current = result.states.indexOf("current");
  const base: BarSeriesOption = {
    type: "bar",
    color,
    barMaxWidth: 48,
    barCategoryGap: "25%",
    barGap: "8%",
    itemStyle: { borderRadius: stacked ? 0 : [3, 3, 0, 0] },
    emphasis: { disabled: true },
    large: series.values.length > MANY_POINTS,
  };
  const own: BarSeriesOption = {
    ...base,
    id: `series ${index}`,
    ...(stacked ? { stack: "now" } : {}),
    data: series.values.map((value, bucket) =>
      bucket === current && value !== null
        ? {
            value: series.below ? -value : value,
            itemStyle: { color, opacity: 0.4, borderColor: color, borderType: [4, 3], borderWidth: 1.5 },
          }
        : series.below && value !== null
          ? -value
          : value,
    ),
  };
  if (!series.previous) return [own];
  return [
    {
      ...base,
      id: `series ${index}, before`,
      ...(stacked ? { stack: "before" } : {}),
      data: series.previous.values,
      itemStyle: { ...base.itemStyle, color, opacity: 0.35 },
    },
    own,
  ];
}
