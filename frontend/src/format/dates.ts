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

/** A bucket's name on an axis, where its neighbours tell the rest; with the year where they span several. */
export function formatTick(
  start: Date,
  interval: Interval,
  timeZone: string,
  locale: string,
  withYear: boolean,
): string {
  const format = (options: Intl.DateTimeFormatOptions) =>
    formatter(locale, { timeZone, ...options }).format(start);
  switch (interval) {
    case "hour": {
      const time = format({ hour: "2-digit", minute: "2-digit" });
      const midnight =
        formatter("en-GB", { timeZone, hour: "2-digit", hourCycle: "h23" }).format(start) === "00";
      return midnight ? format({ day: "numeric", month: "short" }) : time;
    }
    case "day":
    case "week":
      return format({ day: "numeric", month: "short", ...(withYear ? { year: "2-digit" } : {}) });
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
