import { expect, test } from "vitest";
import { ALL_EVENTS } from "../explore/question";
import { exportPath } from "./export-path";

test("an export names its days and their zone, and an event where it is of one", () => {
  const days = { from: "2026-01-01", to: "2026-01-31", timezone: "America/Argentina/Buenos_Aires" };
  expect(exportPath({ ...days, event: ALL_EVENTS })).toBe(
    "/api/v1/export?from=2026-01-01&to=2026-01-31&timezone=America%2FArgentina%2FBuenos_Aires",
  );
  expect(new URL(exportPath({ ...days, event: "a & b=ü" }), "http://x").searchParams.get("event")).toBe(
    "a & b=ü",
  );
});
