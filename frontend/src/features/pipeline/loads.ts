// What the charts of the pipeline draw: what loads stored, and how long data had waited for them.
import type { LoadHour } from "../../api/audit";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export type Unit = "hour" | "day";

export type Bar = {
  start: Date;
  loads: number;
  rows: number;
  /** The longest that data had waited, in seconds; null where nothing was loaded. */
  lag: number | null;
};

/** The periods that can be looked at, in days of UTC, today included. */
export const PERIODS = [
  { id: "1", text: "Today" },
  { id: "7", text: "7D", name: "Last 7 days" },
  { id: "30", text: "30D", name: "Last 30 days" },
  { id: "90", text: "90D", name: "Last 90 days" },
] as const;

export type PeriodId = (typeof PERIODS)[number]["id"];

/** The first and last day of a period, of UTC, as the API takes them. */
export function daysOf(period: PeriodId, now: Date): { from: string; to: string } {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  return { from: day(now.getTime() - (Number(period) - 1) * DAY), to: day(now.getTime()) };
}

/** How the bars of a period are cut: by hours for up to a week. */
export function unitOf(period: PeriodId): Unit {
  return Number(period) <= 7 ? "hour" : "day";
}

/** A bar for each hour or day of UTC from the first day to now, empty ones too. */
export function barsOf(hours: readonly LoadHour[], from: string, now: Date, unit: Unit): Bar[] {
  const size = unit === "hour" ? HOUR : DAY;
  const first = Date.parse(`${from}T00:00:00Z`);
  const count = Math.max(1, Math.floor((now.getTime() - first) / size) + 1);
  const bars = Array.from({ length: count }, (_, index): Bar => {
    return { start: new Date(first + index * size), loads: 0, rows: 0, lag: null };
  });
  for (const { hour, loads, rows, lag_seconds: lag } of hours) {
    const bar = bars[Math.floor((Date.parse(hour) - first) / size)];
    if (!bar) continue;
    bar.loads += loads;
    bar.rows += rows;
    if (lag !== null) bar.lag = Math.max(bar.lag ?? 0, lag);
  }
  return bars;
}
