import type { KeyboardEvent, RefObject } from "react";

export type Mover = {
  /** Moves an item one place up (-1) or down (1), and the keyboard's place with it. */
  by: (index: number, places: -1 | 1) => void;
  /** Alt with an arrow key does the same from anywhere within the item. */
  onKeyDown: (index: number) => (event: KeyboardEvent) => void;
};

/** Reorders the items of a list whose buttons are marked data-move="up" and "down". */
export function useMover(
  list: RefObject<HTMLElement | null>,
  count: number,
  move: (index: number, to: number) => void,
): Mover {
  const by = (index: number, places: -1 | 1) => {
    const to = index + places;
    if (to < 0 || to >= count) return;
    move(index, to);
    // At the end of the list only the way back is left.
    const back = places < 0 ? to === 0 : to === count - 1;
    const button = places < 0 === back ? "down" : "up";
    list.current?.children[to]?.querySelector<HTMLElement>(`[data-move="${button}"]`)?.focus();
  };
  return {
    by,
    onKeyDown: (index) => (event) => {
      // What opens from a control stands elsewhere in the page, and its keys are its own.
      if (!event.altKey || !event.currentTarget.contains(event.target as Node)) return;
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      event.preventDefault();
      event.stopPropagation();
      by(index, event.key === "ArrowUp" ? -1 : 1);
    },
  };
}
