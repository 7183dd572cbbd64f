import { expect, it } from "vitest";
import type { RawEvent } from "../../api/activity";
import { MAX_KEPT, NOTHING, liveReducer, merge, type Live } from "./live";

const event = (id: string, second = 0): RawEvent => ({
  event_id: id,
  event: "e",
  user_id: null,
  timestamp: new Date(Date.UTC(2024, 4, 1, 12, 0, second)).toISOString(),
  properties: {},
});
const news = (live: Live, ids: string[], count = ids.length) =>
  liveReducer(live, { type: "news", news: { events: ids.map((id) => event(id)), count } });
const ids = (events: RawEvent[]) => events.map(({ event_id }) => event_id);

it("shows what comes, the newest load first", () => {
  const live = news(news(NOTHING, ["a"]), ["c", "b"]);
  expect(ids(live.shown)).toEqual(["c", "b", "a"]);
  expect(live.gap).toBe(false);
});

it("holds what comes while paused, counts it, and shows it when resumed", () => {
  const paused = news(news(liveReducer(news(NOTHING, ["a"]), { type: "pause" }), ["b"]), ["c"], 3);
  expect(ids(paused.shown)).toEqual(["a"]);
  expect(paused.waiting).toBe(4);
  const resumed = liveReducer(paused, { type: "resume" });
  expect(ids(resumed.shown)).toEqual(["c", "b", "a"]);
  expect(resumed).toMatchObject({ waiting: 0, paused: false, held: [], gap: true });
});

it("keeps no more than it must, and says that there is more", () => {
  const many = Array.from({ length: MAX_KEPT }, (_, n) => String(n));
  const live = news(news(NOTHING, many), ["last"]);
  expect(live.shown).toHaveLength(MAX_KEPT);
  expect(live.shown[0]?.event_id).toBe("last");
  expect(live.gap).toBe(true);
  expect(liveReducer({ ...live, paused: true }, { type: "clear" })).toEqual({ ...NOTHING, paused: true });
});

it("merges by time, and each event once", () => {
  const live = [event("c", 3), event("late", 1)];
  const pages = [event("c", 3), event("b", 2), event("a", 1), event("a", 0)];
  expect(ids(merge(live, pages))).toEqual(["c", "b", "late", "a", "a"]);
});
