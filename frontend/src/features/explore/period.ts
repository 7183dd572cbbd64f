import {
  type CalendarDate,
  fromAbsolute,
  parseDate,
  startOfMonth,
  startOfWeek,
  toCalendarDate,
} from "@internationalized/date";
import {
  INTERVALS,
  RETENTION_INTERVALS,
  type Interval,
  type Period,
  type RetentionInterval,
} from "./question";

/** The ranges with a button of their own. */
export const PRESETS = [
  { last: "1d", label: "Today", name: "Today" },
  { last: "7d", label: "7D", name: "Last 7 days" },
  { last: "4w", label: "4W", name: "Last 4 weeks" },
  { last: "3mo", label: "3M", name: "Last 3 months" },
  { last: "6mo", label: "6M", name: "Last 6 months" },
  { last: "12mo", label: "12M", name: "Last 12 months" },
] as const;

/** More buckets than this no chart shows to any use; the server's own limit is higher. */
const MAX_BUCKETS = 10_000;

/** More cohorts than this make no table that anybody reads. */
const MAX_COHORTS = 400;

const LAST = /^([1-9][0-9]{0,3})(h|d|w|mo)$/;

const DAYS_PER_UNIT = { h: 1 / 24, d: 1, w: 7, mo: 365.25 / 12 } as const;

const DAYS_PER_INTERVAL: Record<Interval, number> = {
  hour: 1 / 24,
  day: 1,
  week: 7,
  month: 365.25 / 12,
  quarter: 365.25 / 4,
  year: 365.25,
};

type Unit = keyof typeof DAYS_PER_UNIT;

function parts(last: string): { count: number; unit: Unit } | null {
  const match = LAST.exec(last);
  return match ? { count: Number(match[1]), unit: match[2] as Unit } : null;
}

/** Whether the text is a range such as 30d, 24h, 4w or 12mo. */
export function isLast(last: string): boolean {
  return parts(last) !== null;
}

/** Whether the text is a calendar day such as 2024-02-29. */
export function isDay(day: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return false;
  try {
    return parseDate(day).toString() === day;
  } catch {
    return false;
  }
}

/** The calendar days that the period covers at this instant, both included. */
export function daysOf(
  period: Period,
  timezone: string,
  now: Date,
): { from: CalendarDate; to: CalendarDate } {
  if (period.kind === "days") return { from: parseDate(period.from), to: parseDate(period.to) };
  const today = toCalendarDate(fromAbsolute(now.getTime(), timezone));
  const { count, unit } = parts(period.last) ?? { count: 1, unit: "d" };
  switch (unit) {
    case "h": {
      const first = fromAbsolute(now.getTime() - (count - 1) * 3_600_000, timezone);
      return { from: toCalendarDate(first), to: today };
    }
    case "d":
      return { from: today.subtract({ days: count - 1 }), to: today };
    case "w":
      return { from: startOfWeek(today, "en", "mon").subtract({ weeks: count - 1 }), to: today };
    case "mo":
      return { from: startOfMonth(today).subtract({ months: count - 1 }), to: today };
  }
}

/** About how many days the period has. */
function length(period: Period): number {
  if (period.kind === "days") return parseDate(period.to).compare(parseDate(period.from)) + 1;
  const { count, unit } = parts(period.last) ?? { count: 1, unit: "d" };
  return count * DAYS_PER_UNIT[unit];
}

/** The interval that gives the period a readable number of points. */
export function automaticInterval(period: Period): Interval {
  const days = length(period);
  if (days <= 2) return "hour";
  if (days <= 45) return "day";
  if (days <= 200) return "week";
  if (days <= 366 * 20) return "month";
  return "year";
}

/** The intervals worth choosing for the period: not one point, and not too many. */
export function intervalsFor(period: Period): Interval[] {
  const days = length(period);
  return INTERVALS.filter((interval) => {
    const buckets = days / DAYS_PER_INTERVAL[interval];
    return buckets <= MAX_BUCKETS && (buckets >= 0.9 || interval === "hour");
  });
}

/** The interval that gives a retention of the period a readable number of cohorts. */
export function automaticRetentionInterval(period: Period): RetentionInterval {
  const days = length(period);
  if (days <= 21) return "day";
  if (days <= 200) return "week";
  return "month";
}

/** The interval that gives a stickiness or a lifecycle of the period a readable number of bars. */
export function automaticUserInterval(period: Period): RetentionInterval {
  const days = length(period);
  if (days <= 45) return "day";
  if (days <= 366) return "week";
  return "month";
}

/** The intervals worth choosing for a retention, a stickiness or a lifecycle of the period. */
export function retentionIntervalsFor(period: Period): RetentionInterval[] {
  const days = length(period);
  return RETENTION_INTERVALS.filter((interval) => days / DAYS_PER_INTERVAL[interval] <= MAX_COHORTS);
}

/** A trend's interval in force: the chosen one, or the one that follows the period. */
export function trendInterval(question: { period: Period; interval: Interval | null }): Interval {
  return question.interval ?? automaticInterval(question.period);
}

/** A retention's interval in force. */
export function retentionInterval(question: {
  period: Period;
  interval: RetentionInterval | null;
}): RetentionInterval {
  return question.interval ?? automaticRetentionInterval(question.period);
}

/** A stickiness's or a lifecycle's interval in force. */
export function userInterval(question: {
  period: Period;
  interval: RetentionInterval | null;
}): RetentionInterval {
  return question.interval ?? automaticUserInterval(question.period);
}

/** The days just before these, as many as they are. */
export function daysBefore({ from, to }: { from: CalendarDate; to: CalendarDate }) {
  const days = to.compare(from) + 1;
  return { from: from.subtract({ days }), to: from.subtract({ days: 1 }) };
}

/** How many buckets these days touch; null for hours, of which a day may have 23 to 25. */
export function bucketsTouched(
  { from, to }: { from: CalendarDate; to: CalendarDate },
  interval: Interval,
): number | null {
  const months = (to.year - from.year) * 12 + to.month - from.month;
  switch (interval) {
    case "hour":
      return null;
    case "day":
      return to.compare(from) + 1;
    case "week":
      return startOfWeek(to, "en", "mon").compare(startOfWeek(from, "en", "mon")) / 7 + 1;
    case "month":
      return months + 1;
    case "quarter":
      return (months + ((from.month - 1) % 3) - ((to.month - 1) % 3)) / 3 + 1;
    case "year":
      return to.year - from.year + 1;
  }
}

const WINDOW = /^([1-9][0-9]{0,7})([mhd])$/;

export type WindowUnit = "m" | "h" | "d";

/** The longest window in each unit: 36,500 days. */
export const MAX_WINDOW: Record<WindowUnit, number> = { m: 36_500 * 1440, h: 36_500 * 24, d: 36_500 };

/** A window's number and unit; null where the text is none. */
export function windowParts(text: string): { count: number; unit: WindowUnit } | null {
  const match = WINDOW.exec(text);
  if (!match) return null;
  const unit = match[2] as WindowUnit;
  const count = Number(match[1]);
  return count <= MAX_WINDOW[unit] ? { count, unit } : null;
}

/** Whether the text is a funnel's window such as 30m, 12h or 7d. */
export function isWindow(text: string): boolean {
  return windowParts(text) !== null;
}

/**
 * The first instant after the bucket that starts here. Only calendar arithmetic
 * in the zone is right: days have 23 to 25 hours.
 */
export function bucketEnd(start: Date, interval: Interval, timezone: string): Date {
  if (interval === "hour") return new Date(start.getTime() + 3_600_000);
  const zoned = fromAbsolute(start.getTime(), timezone);
  const day = toCalendarDate(zoned);
  let next: CalendarDate;
  switch (interval) {
    case "day":
      next = day.add({ days: 1 });
      break;
    case "week":
      next = startOfWeek(day, "en", "mon").add({ weeks: 1 });
      break;
    case "month":
      next = startOfMonth(day).add({ months: 1 });
      break;
    case "quarter":
      next = startOfMonth(day)
        .subtract({ months: (day.month - 1) % 3 })
        .add({ months: 3 });
      break;
    case "year":
      next = startOfMonth(day).set({ month: 1 }).add({ years: 1 });
      break;
  }
  return next.toDate(timezone);
}

export type BucketState = "complete" | "current" | "future";

/**
 * What each bucket is at this instant: one that has ended counts in full, one
 * that has not is still filling, one that has not begun has nothing to show.
 * A bucket ends no later than the period does.
 */
export function bucketStates(
  buckets: readonly Date[],
  interval: Interval,
  period: Period,
  timezone: string,
  now: Date,
): BucketState[] {
  const { to } = daysOf(period, timezone, now);
  const periodEnd = to.add({ days: 1 }).toDate(timezone).getTime();
  return buckets.map((start, index) => {
    if (start.getTime() > now.getTime()) return "future";
    // Buckets touch, so the next one's start saves the calendar arithmetic.
    const end = buckets[index + 1] ?? bucketEnd(start, interval, timezone);
    return Math.min(end.getTime(), periodEnd) > now.getTime() ? "current" : "complete";
  });
}
