import { expect, it } from "vitest";
import type { AuditRecord, LoadHour } from "../../api/audit";
import { adviceFor, equation, isOld } from "./audit-text";
import { barsOf, daysOf, unitOf } from "./loads";

const now = new Date("2026-11-24T02:30:00Z");
const hour = (at: string, rows: number, lag: number | null): LoadHour => {
  return { hour: at, loads: 1, rows, lines: rows, lag_seconds: lag };
};

it("asks for whole days of UTC, today included", () => {
  expect(daysOf("1", now)).toEqual({ from: "2026-11-24", to: "2026-11-24" });
  expect(daysOf("7", now)).toEqual({ from: "2026-11-18", to: "2026-11-24" });
  expect(daysOf("30", new Date("2026-03-01T23:59:59Z"))).toEqual({ from: "2026-01-31", to: "2026-03-01" });
});

it("has a bar for each hour or day up to now, and the longest lag in each", () => {
  const hours = [
    hour("2026-11-23T00:00:00Z", 5, 10),
    hour("2026-11-23T23:00:00Z", 7, 90),
    hour("2026-11-24T02:00:00Z", 1, null),
  ];
  const byDay = barsOf(hours, "2026-11-22", now, "day");
  expect(byDay.map(({ rows, loads, lag }) => [rows, loads, lag])).toEqual([
    [0, 0, null],
    [12, 2, 90],
    [1, 1, null],
  ]);
  const byHour = barsOf(hours, "2026-11-23", now, "hour");
  expect(byHour).toHaveLength(27);
  expect(byHour[23]).toMatchObject({ rows: 7, lag: 90 });
  expect(byHour[26]).toMatchObject({ rows: 1, lag: null });
  expect([unitOf("1"), unitOf("7"), unitOf("30")]).toEqual(["hour", "hour", "day"]);
});

it("leaves out what lies outside the period", () => {
  const bars = barsOf([hour("2026-11-20T00:00:00Z", 5, 1)], "2026-11-24", now, "hour");
  expect(bars.every(({ rows }) => rows === 0)).toBe(true);
});

const totals: AuditRecord["totals"] = [
  {
    kind: "events",
    objects: 3,
    accepted: 78_000,
    loaded: 77_999,
    duplicates: 1,
    quarantined: 0,
    waiting: 0,
    quarantined_objects: 0,
    waiting_objects: 0,
  },
  {
    kind: "users",
    objects: 1,
    accepted: 831,
    loaded: 800,
    duplicates: 0,
    quarantined: 30,
    waiting: 1,
    quarantined_objects: 1,
    waiting_objects: 1,
  },
];

it("says what an audit came to", () => {
  expect(equation({ totals }, "en")).toBe(
    "78,831 accepted = 78,799 loaded + 1 duplicate + 30 set aside + 1 waiting",
  );
  const [events] = totals;
  expect(events && equation({ totals: [{ ...events, loaded: 77_000 }] }, "en")).toContain(
    "78,000 accepted ≠ 77,000 loaded",
  );
});

it("knows when a proof is old, and what to do about a finding", () => {
  expect(isOld({ at: "2026-11-20T00:00:00Z" }, now)).toBe(false);
  expect(isOld({ at: "2026-11-17T00:00:00Z" }, now)).toBe(true);
  expect(adviceFor("replay")).toContain("loafctl replay");
  expect(adviceFor("restore")).toContain("older versions");
  expect(adviceFor("report")).toContain("defect");
});
