// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { Picker } from "./picker";

afterEach(cleanup);

const items = ["commit", "docs_changed", "release"].map((id) => ({ id, text: id }));

function opened(props: Partial<Parameters<typeof Picker>[0]> = {}) {
  const onSelect = vi.fn();
  render(
    <Picker
      label="Event"
      items={items}
      selected={["commit"]}
      onSelect={onSelect}
      value="commit"
      placeholder="Choose"
      {...props}
    />,
  );
  fireEvent.click(screen.getByRole("button", { name: "Event: commit" }));
  return { onSelect, input: screen.getByRole("combobox") };
}

// Fast typing: Enter comes before the list has marked its first option, which it does by a timer.
it("Enter right after typing chooses the first match", () => {
  const { onSelect, input } = opened();
  fireEvent.change(input, { target: { value: "docs" } });
  fireEvent.keyDown(input, { key: "Enter" });
  expect(onSelect).toHaveBeenCalledExactlyOnceWith(["docs_changed"]);
  expect(screen.queryByRole("combobox")).toBeNull();
});

it("Enter right after typing adds to several, and takes away again", () => {
  const { onSelect, input } = opened({ multiple: true });
  fireEvent.change(input, { target: { value: "docs" } });
  fireEvent.keyDown(input, { key: "Enter" });
  expect(onSelect).toHaveBeenLastCalledWith(["commit", "docs_changed"]);
  fireEvent.change(input, { target: { value: "commit" } });
  fireEvent.keyDown(input, { key: "Enter" });
  expect(onSelect).toHaveBeenLastCalledWith([]);
});

it("Enter chooses nothing where nothing matches, or is typed", () => {
  const { onSelect, input } = opened();
  fireEvent.keyDown(input, { key: "Enter" });
  fireEvent.change(input, { target: { value: "zebra" } });
  fireEvent.keyDown(input, { key: "Enter" });
  expect(onSelect).not.toHaveBeenCalled();
});
