import { describe, expect, it } from "vitest";
import { COLUMNS, compact, freePlace, place, step, type Layout, type Step } from "./layout";

type Placed = { id: string; layout: Layout };

const card = (id: string, x: number, y: number, w: number, h: number): Placed => ({
  id,
  layout: { x, y, w, h },
});

const written = (cards: Placed[]) =>
  cards.map(({ id, layout: { x, y, w, h } }) => `${id} ${x},${y} ${w}×${h}`).join("  ");

function overlap(cards: Placed[]): boolean {
  return cards.some(({ layout: a }, index) =>
    cards
      .slice(index + 1)
      .some(({ layout: b }) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h),
  );
}

const two = [card("a", 0, 0, 6, 4), card("b", 6, 0, 6, 4), card("c", 0, 4, 12, 2)];

describe("compact", () => {
  it("closes gaps, and moves what overlaps down", () => {
    expect(written(compact([card("a", 0, 3, 6, 4), card("b", 3, 5, 6, 2)]))).toBe("a 0,0 6×4  b 3,4 6×2");
  });

  it("keeps cards within the grid", () => {
    expect(written(compact([card("a", 11, 0, 12, 1), card("b", 11, 9, 1, 1)]))).toBe(
      "a 0,0 12×2  b 10,2 2×2",
    );
  });

  it("leaves what is in order as it is", () => {
    expect(compact(two)).toEqual(two);
    expect(compact(two)[0]).toBe(two[0]);
  });
});

describe("place", () => {
  it("moves out of the way what is there", () => {
    expect(written(place(two, "c", { x: 0, y: 0, w: 12, h: 2 }))).toBe("a 0,2 6×4  b 6,2 6×4  c 0,0 12×2");
    expect(written(place(two, "b", { x: 0, y: 0, w: 6, h: 4 }))).toBe("a 0,4 6×4  b 0,0 6×4  c 0,8 12×2");
  });

  it("does nothing for a card that there is not", () => {
    expect(place(two, "d", { x: 0, y: 0, w: 6, h: 4 })).toEqual(two);
  });
});

describe("step", () => {
  it.each<[string, Step, string]>([
    ["b", "left", "a 0,4 6×4  b 5,0 6×4  c 0,8 12×2"],
    ["b", "right", "a 0,0 6×4  b 6,0 6×4  c 0,4 12×2"],
    ["a", "down", "a 0,6 6×4  b 6,0 6×4  c 0,4 12×2"],
    ["c", "up", "a 0,2 6×4  b 6,2 6×4  c 0,0 12×2"],
    ["c", "down", "a 0,0 6×4  b 6,0 6×4  c 0,4 12×2"],
    ["a", "narrower", "a 0,0 5×4  b 6,0 6×4  c 0,4 12×2"],
    ["a", "wider", "a 0,0 7×4  b 6,4 6×4  c 0,8 12×2"],
    ["b", "wider", "a 0,4 6×4  b 5,0 7×4  c 0,8 12×2"],
    ["c", "shorter", "a 0,0 6×4  b 6,0 6×4  c 0,4 12×2"],
    ["a", "taller", "a 0,0 6×5  b 6,0 6×4  c 0,5 12×2"],
  ])("%s %s", (id, by, expected) => {
    expect(written(step(two, id, by))).toBe(expected);
  });
});

describe("freePlace", () => {
  it("fills the last rows first", () => {
    expect(freePlace([], 6, 4)).toEqual({ x: 0, y: 0, w: 6, h: 4 });
    expect(freePlace([card("a", 0, 0, 6, 4)], 6, 4)).toEqual({ x: 6, y: 0, w: 6, h: 4 });
    expect(freePlace([card("a", 2, 0, 10, 7)], 2, 4)).toEqual({ x: 0, y: 0, w: 2, h: 4 });
    expect(freePlace(two, 6, 4)).toEqual({ x: 0, y: 6, w: 6, h: 4 });
  });
});

// Whatever is done, cards neither overlap nor leave the grid nor get lost.
it("keeps order through a thousand random steps", () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const steps: Step[] = ["left", "right", "up", "down", "narrower", "wider", "shorter", "taller"];
  let cards: Placed[] = [];
  for (let at = 0; at < 1000; at++) {
    const choice = random(10);
    const id = `card ${random(Math.max(1, cards.length))}`;
    if (choice === 0 && cards.length < 12) {
      const layout = freePlace(cards, 2 + random(11), 2 + random(6));
      cards = [...cards, { id: `card ${cards.length}`, layout }];
    } else if (choice < 4) {
      cards = place(cards, id, { x: random(14) - 1, y: random(30) - 1, w: random(14), h: random(9) });
    } else {
      cards = step(cards, id, steps[random(steps.length)] ?? "up");
    }
    expect(overlap(cards), `after ${at} steps: ${written(cards)}`).toBe(false);
    for (const { layout } of cards) {
      expect(layout.x >= 0 && layout.y >= 0 && layout.x + layout.w <= COLUMNS).toBe(true);
    }
    expect(compact(cards)).toEqual(cards);
  }
  expect(cards).toHaveLength(12);
});
