import { expect, it } from "vitest";
import { ACCESSES, LIFES, accessText, expiry, roleText, scopesOf } from "./roles";

it("names what a token may do as it was chosen", () => {
  expect(ACCESSES.map(({ id }) => accessText(scopesOf(id)))).toEqual([
    "Read",
    "Read and write",
    "Write only",
  ]);
  expect(accessText(["write", "read"])).toBe("Read and write");
});

it("lets tokens expire after whole days, or never", () => {
  const now = new Date("2026-02-27T12:00:00Z");
  expect(LIFES.map(({ id }) => expiry(id, now))).toEqual([
    null,
    "2026-03-29T12:00:00.000Z",
    "2026-05-28T12:00:00.000Z",
    "2027-02-27T12:00:00.000Z",
  ]);
});

it("names roles", () => {
  expect(roleText("viewer")).toBe("Viewer");
});
