// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useDraft } from "./use-draft";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function render(value: string) {
  const commit = vi.fn<(text: string) => void>();
  const hook = renderHook(({ text }) => useDraft(text, commit), { initialProps: { text: value } });
  return { ...hook, commit };
}

it("commits a typed text after a pause, once", () => {
  const { result, commit } = render("");
  act(() => result.current.change("a"));
  act(() => result.current.change("ab"));
  expect(result.current.draft).toBe("ab");
  expect(commit).not.toHaveBeenCalled();
  act(() => {
    vi.advanceTimersByTime(1000);
  });
  expect(commit.mock.calls).toEqual([["ab"]]);
});

it("commits at once when it is flushed, and not again after the pause", () => {
  const { result, commit } = render("");
  act(() => result.current.change("a"));
  act(() => result.current.flush());
  act(() => {
    vi.advanceTimersByTime(1000);
  });
  expect(commit.mock.calls).toEqual([["a"]]);
});

it("keeps what is typed on while its own commit comes back", () => {
  const { result, rerender } = render("");
  act(() => result.current.change("a"));
  act(() => result.current.flush());
  act(() => result.current.change("ab"));
  rerender({ text: "a" });
  expect(result.current.draft).toBe("ab");
});

it("takes a value from outside, such as Back brings", () => {
  const { result, rerender } = render("old");
  rerender({ text: "new" });
  expect(result.current.draft).toBe("new");
});

it("commits nothing for a field that is gone", () => {
  const { result, commit, unmount } = render("");
  act(() => result.current.change("a"));
  unmount();
  act(() => {
    vi.advanceTimersByTime(1000);
  });
  expect(commit).not.toHaveBeenCalled();
});
