import { useRef, type PointerEvent, type KeyboardEvent } from "react";
import type { Card } from "../../api/saved";
import type { DraftAction } from "./dashboard-reducer";
import { COLUMNS, type Layout, type Step } from "./layout";

/** How high a row is, and how far apart cards are, in pixels; dashboard.module.css says the same. */
export const ROW = 44;
export const GAP = 12;

type Drag = {
  pointer: number;
  x: number;
  y: number;
  layout: Layout;
  from: readonly Card[];
  /** A column's width with its gap. */
  column: number;
};

type Way = "move" | "resize";

const KEYS: Record<Way, Record<string, Step>> = {
  move: { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" },
  resize: { ArrowLeft: "narrower", ArrowRight: "wider", ArrowUp: "shorter", ArrowDown: "taller" },
};

/** What a handle does: it is dragged, or moved with the arrow keys; Escape takes a drag back. */
export function useDrag(
  card: Card,
  cards: readonly Card[],
  way: Way,
  dispatch: (action: DraftAction) => void,
) {
  const drag = useRef<Drag | null>(null);
  const { id, layout } = card;

  const to = (next: Layout, from: readonly Card[]) =>
    dispatch({ type: "card/place", id, layout: next, from });

  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      const grid = event.currentTarget.closest<HTMLElement>("[data-grid]");
      if (event.button !== 0 || !grid) return;
      event.preventDefault();
      event.currentTarget.focus();
      event.currentTarget.setPointerCapture(event.pointerId);
      drag.current = {
        pointer: event.pointerId,
        x: event.clientX,
        // The page may scroll meanwhile.
        y: event.clientY + window.scrollY,
        layout,
        from: cards,
        column: (grid.clientWidth + GAP) / COLUMNS,
      };
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const begun = drag.current;
      if (begun?.pointer !== event.pointerId) return;
      const across = Math.round((event.clientX - begun.x) / begun.column);
      const down = Math.round((event.clientY + window.scrollY - begun.y) / (ROW + GAP));
      const { x, y, w, h } = begun.layout;
      to(
        way === "move"
          ? { ...begun.layout, x: x + across, y: y + down }
          : { ...begun.layout, w: Math.min(w + across, COLUMNS - x), h: h + down },
        begun.from,
      );
    },
    onPointerUp: () => {
      drag.current = null;
    },
    onPointerCancel: () => {
      drag.current = null;
    },
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
      const begun = drag.current;
      if (begun && event.key === "Escape") {
        event.preventDefault();
        drag.current = null;
        to(begun.layout, begun.from);
        return;
      }
      const by = KEYS[way][event.key];
      if (!by || begun) return;
      event.preventDefault();
      dispatch({ type: "card/step", id, by });
    },
  };
}
