// Instants as the reader's locale writes them, in the time zone of the question.
import type { components } from "../api/schema.gen";

type Interval = components["schemas"]["Interval"];

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, options);
    formatters.set(key, found);
  }
  return found;
}

function quarter(start: Date, timeZone: string): number {
  const month = Number(formatter("en", { timeZone, month: "numeric" }).format(start));
  return Math.floor((month - 1) / 3) + 1;
}

/** A bucket's name in full, where it stands alone: in a table or a tooltip. */
export function formatBucket(start: Date, interval: Interval, timeZone: string, locale: string): string {
  const format = (options: Intl.DateTimeFormatOptions) =>
    formatter(locale, { timeZone, ...options }).format(start);
  switch (interval) {
    case "hour":
      return format({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
    case "day":
      return format({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
    case "week":
      return `Week of ${format({ day: "numeric", month: "short", year: "numeric" })}`;
    case "month":
      return format({ month: "long", year: "numeric" });
    case "quarter":
      return `Q${quarter(start, timeZone)} ${format({ year: "numeric" })}`;
    case "year":
      return format({ year: "numeric" });
  }
}

const DAY = 86_400_000;

/**
 * A bucket's name on an axis, where its neighbours tell the rest: the span that
 * is in sight, in milliseconds, decides on how much is to be told. Of an axis
 * only some of the names are written, so that a day must not count on its
 * midnight being one of them.
 */
export function formatTick(
  start: Date,
  interval: Interval,
  timeZone: string,
  locale: string,
  span: number,
): string {
  const format = (options: Intl.DateTimeFormatOptions) =>
    formatter(locale, { timeZone, ...options }).format(start);
  switch (interval) {
    case "hour": {
      const day = { day: "numeric", month: "short" } as const;
      // There is no room for more than twenty names or so.
      if (span > 20 * DAY) return format(span > 370 * DAY ? { ...day, year: "2-digit" } : day);
      const time = { hour: "2-digit", minute: "2-digit" } as const;
      const midnight =
        formatter("en-GB", { timeZone, hour: "2-digit", hourCycle: "h23" }).format(start) === "00";
      if (midnight) return format(day);
      return format(span > 2 * DAY ? { ...day, ...time } : time);
    }
    case "day":
    case "week":
      return format({ day: "numeric", month: "short", ...(span > 370 * DAY ? { year: "2-digit" } : {}) });
    case "month":
      return format({ month: "short", year: "numeric" });
    case "quarter":
      return `Q${quarter(start, timeZone)} ${format({ year: "numeric" })}`;
    case "year":
      return format({ year: "numeric" });
  }
}

/** A span of calendar days: "27 Oct – 24 Nov 2026". The days are midnights in UTC. */
export function formatDays(from: Date, to: Date, locale: string): string {
  return formatter(locale, {
    timeZone: "UTC",
    day: "numeric",
    month: "short",
    year: "numeric",
  }).formatRange(from, to);
}

/** An instant to the minute. */
export function formatMinute(instant: Date, timeZone: string, locale: string): string {
  return formatter(locale, {
    timeZone,
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  }).format(instant);
}

/** An instant to the second. */
export function formatInstant(instant: Date, timeZone: string, locale: string): string {
  return formatter(locale, {
    timeZone,
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).format(instant);
}

/** A time of day, with the day where it is not today's. */
export function formatClock(instant: Date, now: Date, timeZone: string, locale: string): string {
  const day = (date: Date) => formatter("en-CA", { timeZone, dateStyle: "short" }).format(date);
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const options = day(instant) === day(now) ? time : { day: "numeric", month: "short", ...time };
  return formatter(locale, { timeZone, ...(options as Intl.DateTimeFormatOptions) }).format(instant);
}

/** A zone's offset from UTC at an instant: "UTC+5:30". */
export function formatOffset(timeZone: string, at: Date): string {
  const parts = formatter("en", { timeZone, timeZoneName: "shortOffset" }).formatToParts(at);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  return name.replace("GMT", "UTC").replace(/\+0$/, "");
}
