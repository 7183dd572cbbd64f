/** The first and the last bucket in sight. */
export type Zoom = readonly [number, number];

/** The half of what is in sight around a bucket; never less than two buckets. */
export function zoomIn([from, to]: Zoom, around: number): Zoom {
  const size = Math.max(2, Math.ceil((to - from + 1) / 2));
  const first = Math.min(Math.max(around - Math.floor(size / 2), from), to - size + 1);
  return [first, first + size - 1];
}

/** Twice of what is in sight; null once that is everything. */
export function zoomOut([from, to]: Zoom, last: number): Zoom | null {
  const size = (to - from + 1) * 2;
  if (size >= last + 1) return null;
  const first = Math.min(Math.max(from - Math.floor(size / 4), 0), last - size + 1);
  return [first, first + size - 1];
}

/** What lies between two places of a drag, in whichever order; two buckets at least, of those in sight. */
export function zoomTo(places: Zoom, [from, to]: Zoom): Zoom {
  const clamp = (place: number) => Math.min(Math.max(Math.round(place), from), to);
  const [first, last] = places.map(clamp).sort((one, other) => one - other) as [number, number];
  if (first < last) return [first, last];
  return last < to ? [first, last + 1] : [Math.max(first - 1, from), last];
}
