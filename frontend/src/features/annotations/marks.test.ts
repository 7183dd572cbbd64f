import { describe, expect, it } from "vitest";
import type { Annotation } from "../../api/annotations";
import { annotationsWithin, toMarks } from "./marks";

const annotation = (at: string, text: string): Annotation => ({
  id: text,
  version: 1,
  created_at: at,
  created_by: "a@example.com",
  updated_at: at,
  updated_by: "a@example.com",
  at,
  text,
});

const chart = {
  buckets: ["2024-03-30T00:00:00+01:00", "2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+02:00"].map(
    (start) => new Date(start),
  ),
  interval: "day" as const,
  timezone: "Europe/Berlin",
};

describe("annotations", () => {
  const all = [
    annotation("2024-04-01T23:59:59+02:00", "last"),
    annotation("2024-04-02T00:00:00+02:00", "after"),
    annotation("2024-03-29T23:59:59+01:00", "before"),
    annotation("2024-03-30T00:00:00+01:00", "first"),
    annotation("2024-03-30T12:00:00+01:00", "second"),
  ];

  it("are those within the buckets, in order", () => {
    expect(annotationsWithin(all, chart).map(({ text }) => text)).toEqual(["first", "second", "last"]);
    expect(annotationsWithin(all, { ...chart, buckets: [] })).toEqual([]);
  });

  it("stand in their buckets, those of one together", () => {
    expect(toMarks(annotationsWithin(all, chart), chart)).toEqual([
      { bucket: 0, label: "1–2", texts: ["first", "second"] },
      { bucket: 2, label: "3", texts: ["last"] },
    ]);
  });
});
