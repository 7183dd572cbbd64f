import { expect, it } from "vitest";
import { readRange, toPeriod, toRange, writeRange } from "./range";

it.each([
  ["last=30d", { last: "30d" }],
  ["from=2024-01-01&to=2024-02-29", { from: "2024-01-01", to: "2024-02-29" }],
  ["own=", null],
])("reads %s, and writes it again", (search, range) => {
  expect(readRange(new URLSearchParams(search))).toEqual(range);
  expect(new URLSearchParams(writeRange(range)).toString()).toBe(search);
  if (range) expect(toRange(toPeriod(range))).toEqual(range);
});

it.each([
  "",
  "last=soon",
  "from=2024-01-01",
  "from=2024-02-30&to=2024-03-01",
  "from=2024-03-01&to=2024-02-01",
])("takes nothing from %j", (search) => {
  expect(readRange(new URLSearchParams(search))).toBeUndefined();
});
