// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Result, ResultSeries } from "../answer";
import { hiddenAtFirst, MOST_DRAWN, useShown } from "./use-shown";

function result(names: readonly string[]): Result {
  return {
    buckets: [],
    states: [],
    interval: "day",
    timezone: "UTC",
    grouped: true,
    previousWhole: false,
    series: names.map((name, rank): ResultSeries => ({
      key: String(rank),
      letter: "A",
      event: "a",
      name,
      aggregation: "total",
      count: 1,
      values: [],
      previous: null,
      rank,
    })),
  };
}

const many = Array.from({ length: 300 }, (_, index) => `group ${index}`);

describe("hiddenAtFirst", () => {
  it("hides nothing of a few, and all but the largest twenty of many", () => {
    expect(hiddenAtFirst(result(many.slice(0, 20)).series).size).toBe(0);
    const hidden = hiddenAtFirst(result(many).series);
    expect(hidden.size).toBe(280);
    expect([hidden.has(19), hidden.has(20)]).toEqual([false, true]);
  });

  it("draws the largest groups of each series, not all of the first one", () => {
    const two = [...result(many.slice(0, 30)).series, ...result(many.slice(0, 30)).series];
    const hidden = hiddenAtFirst(two);
    expect([hidden.has(9), hidden.has(10), hidden.has(39), hidden.has(40)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
});

describe("useShown", () => {
  it("hides and shows, all and one, and goes back to the largest", () => {
    const { result: hook } = renderHook(({ of }) => useShown(of), { initialProps: { of: result(many) } });
    act(() => hook.current.toggle(0));
    expect(hook.current.hidden.has(0)).toBe(true);
    act(() => hook.current.hideAll());
    expect(hook.current.hidden.size).toBe(300);
    act(() => hook.current.toggle(299));
    expect(hook.current.hidden.size).toBe(299);
    act(() => hook.current.reset());
    expect(hook.current.hidden.size).toBe(280);
  });

  it("draws so many and no more", () => {
    const { result: hook } = renderHook(({ of }) => useShown(of), { initialProps: { of: result(many) } });
    for (let index = 20; index < 60; index++) act(() => hook.current.toggle(index));
    expect(300 - hook.current.hidden.size).toBe(MOST_DRAWN);
    expect(hook.current.full).toBe(true);
  });

  it("keeps the choice for a fresh answer with the same series, and for no others", () => {
    const { result: hook, rerender } = renderHook(({ of }) => useShown(of), {
      initialProps: { of: result(["a", "b"]) },
    });
    act(() => hook.current.toggle(1));
    rerender({ of: result(["a", "b"]) });
    expect([...hook.current.hidden]).toEqual([1]);
    rerender({ of: result(["a", "c"]) });
    expect([...hook.current.hidden]).toEqual([]);
  });
});
