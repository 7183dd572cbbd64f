import { expect, it } from "vitest";
import { zoomIn, zoomOut, zoomTo } from "./zoom";

it.each([
  [[0, 99], 50, [25, 74]],
  [[0, 99], 0, [0, 49]],
  [[0, 99], 99, [50, 99]],
  [[10, 13], 11, [10, 11]],
  [[4, 5], 5, [4, 5]],
] as const)("shows of %j the half around %d", (sight, around, half) => {
  expect(zoomIn(sight, around)).toEqual(half);
});

it.each([
  [[25, 74], 199, [0, 99]],
  [[100, 149], 199, [75, 174]],
  [[150, 199], 199, [100, 199]],
  [[25, 74], 99, null],
] as const)("shows twice as much as %j of %d, up to everything", (sight, last, more) => {
  expect(zoomOut(sight, last)).toEqual(more);
});

it.each([
  [
    [10.4, 20.2],
    [10, 20],
  ],
  [
    [20, 10],
    [10, 20],
  ],
  [
    [-5, 400],
    [0, 99],
  ],
  [
    [7, 7],
    [7, 8],
  ],
  [
    [99, 99],
    [98, 99],
  ],
] as const)("shows what was dragged over, %j", (places, shown) => {
  expect(zoomTo(places, [0, 99])).toEqual(shown);
});
