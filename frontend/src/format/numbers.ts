// Numbers as the reader's locale writes them.

/** The reader's locale: the browser's. */
export function userLocale(): string {
  return navigator.language;
}

const formatters = new Map<string, Intl.NumberFormat>();

function formatter(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale + JSON.stringify(options);
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.NumberFormat(locale, options);
    formatters.set(key, found);
  }
  return found;
}

/** A value in full; a fraction to two places, a small one to three digits. */
export function formatNumber(value: number, locale: string): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1) {
    return formatter(locale, { maximumFractionDigits: 2 }).format(value);
  }
  return formatter(locale, { maximumSignificantDigits: 3 }).format(value);
}

/** A value where there is little room: 28.8K. */
export function formatCompact(value: number, locale: string): string {
  if (Math.abs(value) < 10_000) return formatNumber(value, locale);
  return formatter(locale, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** A share of 1 as a percentage: "12.3%". */
export function formatShare(share: number, locale: string): string {
  return formatter(locale, { style: "percent", maximumFractionDigits: 1 }).format(share);
}

/** A difference as a share of what was before, with its sign: "+12.3%". */
export function formatChange(share: number, locale: string): string {
  const options: Intl.NumberFormatOptions = {
    style: "percent",
    maximumFractionDigits: 1,
    signDisplay: "exceptZero",
  };
  return formatter(locale, options).format(share);
}

/** A size of time: 12 ms, 1.4 s, 3 min, 2 h. */
export function formatDuration(milliseconds: number, locale: string): string {
  const unit = (value: number, name: string, digits: number) =>
    formatter(locale, {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      maximumFractionDigits: digits,
    }).format(value);
  if (milliseconds < 1000) return unit(Math.round(milliseconds), "millisecond", 0);
  const seconds = milliseconds / 1000;
  if (seconds < 60) return unit(seconds, "second", seconds < 10 ? 1 : 0);
  if (seconds < 3600) return unit(seconds / 60, "minute", 0);
  if (seconds < 172_800) return unit(seconds / 3600, "hour", 0);
  return unit(seconds / 86_400, "day", 0);
}

/** How long ago an instant was: "12 seconds ago". */
export function formatAgo(instant: Date, now: Date, locale: string): string {
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
  const seconds = Math.max(0, Math.round((now.getTime() - instant.getTime()) / 1000));
  if (seconds < 60) return relative.format(-seconds, "second");
  if (seconds < 3600) return relative.format(-Math.round(seconds / 60), "minute");
  if (seconds < 172_800) return relative.format(-Math.round(seconds / 3600), "hour");
  return relative.format(-Math.round(seconds / 86_400), "day");
}
