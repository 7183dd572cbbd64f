import { expect, it } from "vitest";
import type { Pipeline } from "../../api/pipeline";
import { adviceOn, health, healthText } from "./pipeline-state";

const now = new Date("2026-11-24T12:00:00Z");
const empty: Pipeline = {
  last_load: null,
  lag_seconds: null,
  rows_loaded: 0,
  files_loaded: 0,
  files_waiting: 0,
  files_quarantined: 0,
  quarantined: [],
};

it.each<[Partial<Pipeline>, string, string]>([
  [{}, "nothing", "No data yet"],
  [{ files_waiting: 2 }, "waiting", "Waiting for the first load"],
  [{ last_load: "2026-11-24T11:57:00Z", files_waiting: 2 }, "good", "Loaded 3 minutes ago"],
  [{ last_load: "2026-11-24T11:57:00Z", files_quarantined: 1 }, "trouble", "1 file could not be loaded"],
  [{ files_quarantined: 1200 }, "trouble", "1,200 files could not be loaded"],
])("%j is %s", (rest, word, text) => {
  const pipeline = { ...empty, ...rest };
  expect(health(pipeline)).toBe(word);
  expect(healthText(pipeline, now, "en")).toBe(text);
});

it.each<[Partial<Pipeline>, string | undefined]>([
  [{}, undefined],
  [{ files_waiting: 3 }, undefined],
  [{ files_waiting: 3, last_load: "2026-11-24T11:50:00Z" }, undefined],
  [{ last_load: "2026-11-20T11:50:00Z", lag_seconds: 170 }, undefined],
  [{ files_waiting: 1, last_load: "2026-11-24T11:40:00Z" }, "Files wait, and nothing was loaded for a while"],
  [
    { last_load: "2026-11-24T11:59:00Z", lag_seconds: 3700 },
    "The last load had data that waited for more than an hour",
  ],
])("of %j it says %s", (rest, title) => {
  expect(adviceOn({ ...empty, ...rest }, now)?.title).toBe(title);
});
