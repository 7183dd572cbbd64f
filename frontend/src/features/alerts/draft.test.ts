import { expect, test } from "vitest";
import type { Alert } from "../../api/alerts";
import { draftOf, linesOf, newDraft, reduce, toBody } from "./draft";
import { conditionText, entryText, statusText, withOwn } from "./texts";

const alert: Alert = {
  id: "a",
  name: "Few",
  description: "d",
  enabled: false,
  insight_id: "i",
  measure: { formula: 1 },
  group: { value: null },
  bucket: "current",
  condition: { type: "falls", threshold: 20, unit: "percent" },
  check_every_minutes: 7,
  check_without_loads: true,
  notify_recovery: false,
  repeat_after_hours: 6,
  destinations: [
    { id: "w", kind: "webhook", url: "https://a.example.com", has_secret: true },
    { id: "s", kind: "sns", topic_arn: "arn:t", has_secret: false },
  ],
  state: { status: "firing", value: 3 },
  version: 2,
  created_at: "2026-01-01T00:00:00Z",
  created_by: "x",
  updated_at: "2026-01-01T00:00:00Z",
  updated_by: "x",
};

test("an alert that is opened and saved stays what it was", () => {
  expect(toBody(draftOf(alert), true)).toEqual({
    name: "Few",
    description: "d",
    enabled: false,
    insight_id: "i",
    measure: { formula: 1 },
    group: { value: null },
    bucket: "current",
    condition: { type: "falls", threshold: 20, unit: "percent" },
    check_every_minutes: 7,
    check_without_loads: true,
    notify_recovery: false,
    repeat_after_hours: 6,
    destinations: [
      { id: "w", kind: "webhook", url: "https://a.example.com" },
      { id: "s", kind: "sns", topic_arn: "arn:t" },
    ],
  });
  expect(draftOf({ ...alert, measure: { series: 2 }, group: { value: "de" } })).toMatchObject({
    line: "series-2",
    group: "de",
    groupMissing: false,
  });
});

test("a draft is nothing to save until it has a name and a threshold", () => {
  const draft = newDraft("i", "");
  expect(toBody({ ...draft, threshold: "5" }, false)).toBeNull();
  for (const threshold of ["", " ", "five", "1e999"]) {
    expect(toBody({ ...draft, name: "n", threshold }, false)).toBeNull();
  }
  const body = toBody({ ...draft, name: "n", threshold: "-2.5", line: "series-1" }, false);
  expect(body).toMatchObject({ measure: { series: 1 }, condition: { type: "below", threshold: -2.5 } });
  expect(body).not.toHaveProperty("group");
  expect(body?.condition).not.toHaveProperty("unit");
});

test("destinations come, change and go", () => {
  let draft = newDraft("i", "n");
  draft = reduce(draft, { type: "add", kind: "webhook", topic: "" });
  draft = reduce(draft, { type: "add", kind: "sns", topic: "arn:t" });
  draft = reduce(draft, { type: "edit", key: "new-1", change: { url: "https://b" } });
  expect(draft.destinations.map(({ key, url, topic }) => [key, url, topic])).toEqual([
    ["new-1", "https://b", ""],
    ["new-2", "", "arn:t"],
  ]);
  draft = reduce(draft, { type: "remove", key: "new-1" });
  draft = reduce(draft, { type: "add", kind: "webhook", topic: "" });
  expect(draft.destinations.map(({ key }) => key)).toEqual(["new-2", "new-1"]);
  expect(reduce(draft, { type: "change", change: { name: "m" } }).name).toBe("m");
});

test("a trend's lines can be watched, and no other kind's", () => {
  const trend = {
    kind: "trend" as const,
    range: { last: "7d" },
    interval: "day" as const,
    series: [
      { event: "e", aggregation: { type: "total" as const } },
      { event: "*", aggregation: { type: "sum" as const, property: "n" } },
    ],
    formulas: [{ name: "Ratio", expression: "A / B" }],
    breakdown: { scope: "event" as const, property: "p", limit: 10 },
  };
  expect(linesOf(trend)).toEqual({
    lines: [
      { id: "series-0", text: "e, total" },
      { id: "series-1", text: "All events, sum of n" },
      { id: "formula-0", text: "Ratio (A / B)" },
    ],
    property: "p",
  });
  expect(
    linesOf({
      kind: "funnel",
      range: { last: "7d" },
      steps: [{ event: "a" }, { event: "b" }],
      window: "1d",
    }),
  ).toBeNull();
});

test("words for how an alert stands", () => {
  expect(statusText({ enabled: true, state: alert.state })).toBe("Firing");
  expect(statusText(alert)).toBe("Off");
  expect(conditionText(alert.condition, "en-GB")).toBe("falls by 20% or more");
  expect(conditionText({ type: "above", threshold: 1000 }, "en-GB")).toBe("is above 1,000");
  const entry = { at: "", status: "ok", previous_status: "ok", value: null, threshold: 1 } as const;
  expect(entryText({ ...entry, reason: "Busy." })).toBe("The check failed");
  expect(entryText({ ...entry, previous_status: "new" })).toBe("OK");
  expect(entryText({ ...entry, event: "alert.recovered" })).toBe("Recovered");
  expect(withOwn([{ id: "5", text: "5 minutes" }], "7", "minutes")).toHaveLength(2);
  expect(withOwn([{ id: "5", text: "5 minutes" }], "5", "minutes")).toHaveLength(1);
});
