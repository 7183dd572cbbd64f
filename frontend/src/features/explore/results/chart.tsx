import { BarChart, LineChart } from "echarts/charts";
import {
  DataZoomInsideComponent,
  GridComponent,
  MarkLineComponent,
  TooltipComponent,
} from "echarts/components";
import { init, use as register, type EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import {
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type Ref,
} from "react";
import { Button, IconButton } from "../../../components/button";
import { MinusIcon, PlusIcon } from "../../../components/icons";
import { useScheme } from "../../../components/theme";
import { formatNumber, userLocale } from "../../../format/numbers";
import type { Mark } from "../../annotations/marks";
import type { Result } from "../answer";
import { bucketName } from "./bucket-names";
import { chartOption, type ChartView } from "./chart-option";
import { ChartTooltip } from "./chart-tooltip";
import styles from "./chart.module.css";
import { readColors } from "./colors";
import { zoomIn, zoomOut, zoomTo, type Zoom } from "./zoom";

register([
  LineChart,
  BarChart,
  DataZoomInsideComponent,
  GridComponent,
  MarkLineComponent,
  TooltipComponent,
  CanvasRenderer,
]);

export type ChartHandle = {
  /** The chart as it is drawn now. */
  canvas: () => HTMLCanvasElement | null;
};

export type ChartProps = {
  result: Result;
  view: ChartView;
  /** The series that are not drawn, by index. */
  hidden: ReadonlySet<number>;
  /** What happened in the time of the chart. */
  marks?: readonly Mark[];
  label: string;
  /** Whether the reader can look at a part of it. */
  zoomable: boolean;
  ref?: Ref<ChartHandle>;
};

type Pointed = { bucket: number; x: number };

// A press that moves less than this is no drag.
const DRAG = 8;
const TOOLS = 28;
// Fewer buckets than this are all to be seen.
const FEWEST = 4;
const NO_MARKS: readonly Mark[] = [];

/**
 * The chart. It is pointed at with the mouse, or walked along with the arrow
 * keys, bucket by bucket; either way its values stand in a box of the page's
 * own, since the Content-Security-Policy forbids the library's. Dragging over a
 * part of it, plus and minus, or the buttons show that part alone.
 */
export default function Chart(props: ChartProps) {
  const { result, view, hidden, marks = NO_MARKS, label, zoomable, ref } = props;
  const root = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(null);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const [zoomed, setZoomed] = useState<{ of: readonly Date[]; zoom: Zoom } | null>(null);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const scheme = useScheme();
  const locale = userLocale();
  const last = result.buckets.length - 1;
  const canZoom = zoomable && result.buckets.length >= FEWEST;
  // Another answer has other buckets: what was in sight of the old ones is over.
  const zoom = canZoom && zoomed && sameBuckets(zoomed.of, result.buckets) ? zoomed.zoom : null;
  const [from, to] = zoom ?? [0, last];

  useImperativeHandle(ref, () => ({
    canvas: () => canvas.current?.querySelector("canvas") ?? null,
  }));

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
    const calm = window.matchMedia("(prefers-reduced-motion: reduce), print").matches;
    const theme = readColors(root.current);
    const top = canZoom ? TOOLS : 0;
    const option = chartOption(result, view, { hidden, zoom, theme, locale, calm, marks, top });
    // What the library remembers being pointed at may be of a series that goes now.
    made.dispatchAction({ type: "hideTip" });
    made.setOption(option, { replaceMerge: ["series"] });
    // The scheme is in the tokens that readColors reads.
  }, [result, view, hidden, marks, zoom, canZoom, locale, scheme]);

  const show = (next: Zoom | null) => {
    setPointed(null);
    setZoomed(next && { of: result.buckets, zoom: next });
  };

  const point = (bucket: number) => {
    const made = chart.current;
    if (!made) return;
    const next = Math.min(Math.max(bucket, from), to);
    made.dispatchAction({ type: "updateAxisPointer", currTrigger: "mousemove", x: xOf(made, next), y: 60 });
    setPointed({ bucket: next, x: xOf(made, next) });
  };

  const at = Math.min(Math.max(pointed?.bucket ?? to, from), to);

  const step = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      PageDown: at - 10,
      PageUp: at + 10,
      Home: from,
      End: to,
    };
    if (event.key === "Escape") {
      if (drag) setDrag(null);
      else if (pointed) {
        setPointed(null);
        chart.current?.dispatchAction({ type: "updateAxisPointer", currTrigger: "leave" });
      } else show(null);
      return;
    }
    if (canZoom && (event.key === "+" || event.key === "=")) {
      event.preventDefault();
      show(zoomIn([from, to], at));
      return;
    }
    if (canZoom && event.key === "-") {
      event.preventDefault();
      show(zoomOut([from, to], last));
      return;
    }
    const next = steps[event.key];
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    point(next);
  };

  // A finger scrolls the page; what drags is a mouse or a pen.
  const begin = (event: PointerEvent<HTMLDivElement>) => {
    if (!canZoom || event.button !== 0 || event.pointerType === "touch") return;
    const x = within(event);
    setDrag({ from: x, to: x });
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent<HTMLDivElement>) => {
    if (drag) setDrag({ ...drag, to: within(event) });
  };
  const end = () => {
    const made = chart.current;
    if (drag && made && Math.abs(drag.to - drag.from) >= DRAG) {
      const bucket = (x: number) => made.convertFromPixel({ xAxisIndex: 0 }, x);
      show(zoomTo([bucket(drag.from), bucket(drag.to)], [from, to]));
    }
    setDrag(null);
  };

  const spoken = useMemo(
    () => spokenBucket(result, hidden, marks, at, locale),
    [result, hidden, marks, at, locale],
  );

  return (
    <div className={styles.chart}>
      <div
        ref={root}
        className={styles.plot}
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-valuemin={from + 1}
        aria-valuemax={to + 1}
        aria-valuenow={at + 1}
        aria-valuetext={spoken}
        onKeyDown={step}
        onBlur={() => setPointed(null)}
        onPointerDown={begin}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={() => setDrag(null)}
      >
        <div ref={canvas} className={styles.canvas} />
        {drag && Math.abs(drag.to - drag.from) >= DRAG && (
          <div
            className={styles.drag}
            style={{ left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from) }}
          />
        )}
        {pointed && !drag && pointed.bucket <= last && (
          <ChartTooltip result={result} hidden={hidden} marks={marks} bucket={pointed.bucket} x={pointed.x} />
        )}
      </div>
      {canZoom && (
        <div className={styles.tools}>
          {zoom && (
            <Button small kind="quiet" onPress={() => show(null)}>
              Show all
            </Button>
          )}
          <IconButton label="Zoom in" isDisabled={to - from < 2} onPress={() => show(zoomIn([from, to], at))}>
            <PlusIcon />
          </IconButton>
          <IconButton
            label="Zoom out"
            isDisabled={zoom === null}
            onPress={() => show(zoomOut([from, to], last))}
          >
            <MinusIcon />
          </IconButton>
        </div>
      )}
    </div>
  );
}

// A screen reader reads so many values and no more: the table has them all.
const MOST_SPOKEN = 10;

function spokenBucket(
  result: Result,
  hidden: ReadonlySet<number>,
  marks: readonly Mark[],
  bucket: number,
  locale: string,
): string {
  const name = bucketName(result, bucket, locale);
  if (name === "") return "";
  const write = (value: number | null) => (value === null ? "nothing" : formatNumber(value, locale));
  const drawn = result.series.filter((_, index) => !hidden.has(index));
  const values = drawn.slice(0, MOST_SPOKEN).map(({ name: series, values: of, previous }) => {
    const before = previous ? `, ${write(previous.values[bucket] ?? null)} the period before` : "";
    return `${series}: ${write(of[bucket] ?? null)}${before}`;
  });
  if (drawn.length > MOST_SPOKEN) values.push(`and ${drawn.length - MOST_SPOKEN} more series`);
  const filling = result.states[bucket] === "current" ? ", still filling" : "";
  const happened = marks.filter((mark) => mark.bucket === bucket).flatMap(({ texts }) => texts);
  return [`${name}${filling}. ${values.join("; ")}`, ...happened].join(". ");
}

function sameBuckets(one: readonly Date[], other: readonly Date[]): boolean {
  return one.length === other.length && one[0]?.getTime() === other[0]?.getTime();
}

function within({ clientX, currentTarget }: PointerEvent<HTMLDivElement>): number {
  const { left, width } = currentTarget.getBoundingClientRect();
  return Math.min(Math.max(clientX - left, 0), width);
}

function bucketOf(event: unknown): number | null {
  const { axesInfo } = event as { axesInfo?: { axisDim: string; value: number }[] };
  const axis = axesInfo?.find(({ axisDim }) => axisDim === "x");
  return axis ? axis.value : null;
}

function xOf(chart: EChartsType, bucket: number): number {
  return chart.convertToPixel({ xAxisIndex: 0 }, bucket);
}
