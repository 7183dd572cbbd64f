import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { init, use as register, type EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useScheme } from "../../../components/theme";
import { formatBucket } from "../../../format/dates";
import { formatNumber, userLocale } from "../../../format/numbers";
import type { Result } from "../answer";
import { chartOption, type ChartTheme, type ChartView } from "./chart-option";
import { ChartTooltip } from "./chart-tooltip";
import styles from "./chart.module.css";

register([LineChart, BarChart, GridComponent, TooltipComponent, CanvasRenderer]);

type ChartProps = {
  result: Result;
  view: ChartView;
  /** The series that are not drawn, by index. */
  hidden: ReadonlySet<number>;
  label: string;
};

type Pointed = { bucket: number; x: number };

/**
 * The chart. It is pointed at with the mouse, or walked along with the arrow
 * keys, bucket by bucket; either way its values stand in a box of the page's
 * own, since the Content-Security-Policy forbids the library's.
 */
export default function Chart({ result, view, hidden, label }: ChartProps) {
  const root = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(null);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const scheme = useScheme();
  const locale = userLocale();
  const last = result.buckets.length - 1;

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const made = init(element);
    chart.current = made;
    made.on("updateAxisPointer", (event) => {
      const bucket = bucketOf(event);
      setPointed(bucket === null ? null : { bucket, x: xOf(made, bucket) });
    });
    made.getZr().on("globalout", () => setPointed(null));
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.current = null;
      made.dispose();
    };
  }, []);

  useEffect(() => {
    const made = chart.current;
    if (!made || !root.current) return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const option = chartOption(result, view, hidden, readTheme(root.current), locale, calm);
    made.setOption(option, { replaceMerge: ["series"] });
    // The scheme is in the tokens that readTheme reads.
  }, [result, view, hidden, locale, scheme]);

  const point = (bucket: number) => {
    const made = chart.current;
    if (!made) return;
    const next = Math.min(Math.max(bucket, 0), last);
    made.dispatchAction({ type: "updateAxisPointer", currTrigger: "mousemove", x: xOf(made, next), y: 20 });
    setPointed({ bucket: next, x: xOf(made, next) });
  };

  const step = (event: KeyboardEvent) => {
    const now = pointed?.bucket ?? last;
    const steps: Record<string, number> = {
      ArrowLeft: now - 1,
      ArrowDown: now - 1,
      ArrowRight: now + 1,
      ArrowUp: now + 1,
      PageDown: now - 10,
      PageUp: now + 10,
      Home: 0,
      End: last,
    };
    if (event.key === "Escape") {
      setPointed(null);
      chart.current?.dispatchAction({ type: "updateAxisPointer", currTrigger: "leave" });
      return;
    }
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    point(next);
  };

  const at = Math.min(pointed?.bucket ?? last, last);
  const spoken = useMemo(() => spokenBucket(result, hidden, at, locale), [result, hidden, at, locale]);

  return (
    <div
      ref={root}
      className={styles.chart}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={1}
      aria-valuemax={last + 1}
      aria-valuenow={at + 1}
      aria-valuetext={spoken}
      onKeyDown={step}
      onBlur={() => setPointed(null)}
    >
      <div ref={canvas} className={styles.canvas} />
      {pointed && pointed.bucket <= last && (
        <ChartTooltip result={result} hidden={hidden} bucket={pointed.bucket} x={pointed.x} />
      )}
    </div>
  );
}

function spokenBucket(result: Result, hidden: ReadonlySet<number>, bucket: number, locale: string): string {
  const start = result.buckets[bucket];
  if (!start) return "";
  const name = formatBucket(start, result.interval, result.timezone, locale);
  const values = result.series
    .filter((_, index) => !hidden.has(index))
    .map(({ name: series, values: of }) => {
      const value = of[bucket] ?? null;
      return `${series}: ${value === null ? "nothing" : formatNumber(value, locale)}`;
    });
  const filling = result.states[bucket] === "current" ? ", still filling" : "";
  return `${name}${filling}. ${values.join("; ")}`;
}

function bucketOf(event: unknown): number | null {
  const { axesInfo } = event as { axesInfo?: { axisDim: string; value: number }[] };
  const axis = axesInfo?.find(({ axisDim }) => axisDim === "x");
  return axis ? axis.value : null;
}

function xOf(chart: EChartsType, bucket: number): number {
  return chart.convertToPixel({ xAxisIndex: 0 }, bucket);
}

/** Reads the tokens as the colours that they come to; a canvas knows no custom properties. */
function readTheme(element: HTMLElement): ChartTheme {
  // A new element for each: one that changes its colour may be on its way
  // from the old one to the new, where a style sheet gives it a transition.
  const color = (token: string) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${token})`;
    element.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  return {
    series: Array.from({ length: 10 }, (_, index) => color(`--series-${index + 1}`)),
    text: color("--rye"),
    soft: color("--rye-soft"),
    seam: color("--seam"),
    surface: color("--crumb"),
    font: getComputedStyle(element).fontFamily,
  };
}
