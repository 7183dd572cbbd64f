import { useMemo, useState } from "react";
import type { Result, ResultSeries } from "../answer";

/** Of more series than this only the largest are drawn at first: the rest would hide them. */
export const DRAWN_AT_FIRST = 20;

/** More lines than this no eye tells apart, and no browser draws at once. */
export const MOST_DRAWN = 50;

export type Shown = {
  /** The series that are not drawn, by their places. */
  hidden: ReadonlySet<number>;
  /** Whether as many are drawn as can be. */
  full: boolean;
  toggle: (index: number) => void;
  hideAll: () => void;
  /** Back to those that are drawn at first. */
  reset: () => void;
};

/** Which series are drawn. The choice ends with the series that it was about. */
export function useShown(result: Result): Shown {
  const atFirst = useMemo(() => hiddenAtFirst(result.series), [result]);
  const about = JSON.stringify(result.series.map(({ letter, name }) => [letter, name]));
  const [choice, setChoice] = useState<{ about: string; hidden: ReadonlySet<number> } | null>(null);
  const hidden = choice?.about === about ? choice.hidden : atFirst;
  const full = result.series.length - hidden.size >= MOST_DRAWN;
  const choose = (next: ReadonlySet<number>) => setChoice({ about, hidden: next });
  return {
    hidden,
    full,
    toggle: (index) => {
      const next = new Set(hidden);
      if (next.delete(index) && full) return;
      if (!hidden.has(index)) next.add(index);
      choose(next);
    },
    hideAll: () => choose(new Set(result.series.keys())),
    reset: () => setChoice(null),
  };
}

/**
 * All but the largest groups of each series, in turn, until so many are drawn.
 * Where there are formulas, what they are made of is hidden as well: a share of
 * some hundredths has no place on an axis of thousands.
 */
export function hiddenAtFirst(
  series: readonly Pick<ResultSeries, "rank" | "aggregation">[],
): ReadonlySet<number> {
  const calculated = series.some(({ aggregation }) => aggregation === "formula");
  const hidden = (place: number) => calculated && series[place]?.aggregation !== "formula";
  const places = [...series.keys()].sort(
    (one, other) =>
      Number(hidden(one)) - Number(hidden(other)) ||
      (series[one]?.rank ?? 0) - (series[other]?.rank ?? 0) ||
      one - other,
  );
  return new Set(places.filter((place, order) => order >= DRAWN_AT_FIRST || hidden(place)));
}
