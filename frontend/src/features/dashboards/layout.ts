// The grid of a dashboard: 12 columns, and as many rows as the cards need. No
// two cards overlap, and none hangs over an empty place that it would fit into.
import type { Card } from "../../api/saved";

export type Layout = Card["layout"];
type Placed = { id: string; layout: Layout };

export const COLUMNS = 12;
export const MIN_WIDTH = 2;
export const MIN_HEIGHT = 2;
export const MAX_HEIGHT = 100;

/** The order in which cards are read: row by row. */
export function byPlace(a: Placed, b: Placed): number {
  return a.layout.y - b.layout.y || a.layout.x - b.layout.x;
}

/** Moves every card up as far as it goes, and those that overlap down. The order of the list stays. */
export function compact<T extends Placed>(cards: readonly T[]): T[] {
  return settle(cards, null);
}

/** A card put at a place: those in its way move down, and all close up. */
export function place<T extends Placed>(cards: readonly T[], id: string, layout: Layout): T[] {
  const moved = cards.map((card) => {
    const next = within(layout);
    return card.id === id && !sameLayout(next, card.layout) ? { ...card, layout: next } : card;
  });
  return settle(moved, id);
}

/** The first is the card that goes before others at the same place. */
function settle<T extends Placed>(cards: readonly T[], first: string | null): T[] {
  const order = cards.toSorted((a, b) => {
    const rows = a.layout.y - b.layout.y;
    if (rows !== 0) return rows;
    if (a.id === first) return -1;
    return b.id === first ? 1 : a.layout.x - b.layout.x;
  });
  const settled = new Map<string, Layout>();
  for (const { id, layout } of order) settled.set(id, rest(within(layout), [...settled.values()]));
  return cards.map((card) => {
    const layout = settled.get(card.id) ?? card.layout;
    return sameLayout(layout, card.layout) ? card : { ...card, layout };
  });
}

/** The layout where it comes to rest: right below the lowest of those above it. */
function rest(layout: Layout, above: readonly Layout[]): Layout {
  const below = above.filter((one) => !besides(layout, one)).map(({ y, h }) => y + h);
  return { ...layout, y: Math.max(0, ...below) };
}

/** Whether two cards have no column in common. */
function besides(a: Layout, b: Layout): boolean {
  return a.x + a.w <= b.x || b.x + b.w <= a.x;
}

/** The layout as it fits into the grid. */
function within({ x, y, w, h }: Layout): Layout {
  const width = clamp(w, MIN_WIDTH, COLUMNS);
  return {
    x: clamp(x, 0, COLUMNS - width),
    y: Math.max(0, y),
    w: width,
    h: clamp(h, MIN_HEIGHT, MAX_HEIGHT),
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

export function sameLayout(a: Layout, b: Layout): boolean {
  return a.x === b.x && a.y === b.y && a.w === b.w && a.h === b.h;
}

/** Where a new card of this size goes: beside the last ones where there is room, else below all. */
export function freePlace(cards: readonly Placed[], w: number, h: number): Layout {
  const bottom = Math.max(0, ...cards.map(({ layout }) => layout.y + layout.h));
  for (let y = Math.max(0, bottom - h); y < bottom; y++) {
    for (let x = 0; x + w <= COLUMNS; x++) {
      const layout = { x, y, w, h };
      const lower = cards.filter(
        (card) => !besides(layout, card.layout) && card.layout.y + card.layout.h > y,
      );
      if (lower.length === 0) {
        return rest(
          layout,
          cards.map((card) => card.layout),
        );
      }
    }
  }
  return { x: 0, y: bottom, w, h };
}

export type Step = "left" | "right" | "up" | "down" | "narrower" | "wider" | "shorter" | "taller";

/**
 * One step of a card, by a key or from its menu. Up and down go past a whole
 * neighbour: half of one would be closed up at once, and nothing had moved.
 */
export function step<T extends Placed>(cards: readonly T[], id: string, by: Step): T[] {
  const card = cards.find((one) => one.id === id);
  if (!card) return [...cards];
  const { layout } = card;
  const to = (change: Partial<Layout>) => place(cards, id, { ...layout, ...change });
  switch (by) {
    case "left":
      return to({ x: layout.x - 1 });
    case "right":
      return to({ x: layout.x + 1 });
    case "up": {
      const upper = neighbours(cards, card).filter((one) => one.y < layout.y);
      return to({ y: Math.max(0, ...upper.map(({ y }) => y)) });
    }
    case "down": {
      const lower = neighbours(cards, card).filter((one) => one.y > layout.y);
      if (lower.length === 0) return [...cards];
      const next = Math.min(...lower.map(({ y }) => y));
      const ends = lower.filter(({ y }) => y === next).map(({ y, h }) => y + h);
      return to({ y: Math.max(...ends) });
    }
    case "narrower":
      return to({ w: layout.w - 1 });
    case "wider":
      return to({ w: layout.w + 1, x: Math.min(layout.x, COLUMNS - Math.min(layout.w + 1, COLUMNS)) });
    case "shorter":
      return to({ h: layout.h - 1 });
    case "taller":
      return to({ h: layout.h + 1 });
  }
}

function neighbours(cards: readonly Placed[], { id, layout }: Placed): Layout[] {
  return cards.filter((one) => one.id !== id && !besides(one.layout, layout)).map((one) => one.layout);
}
