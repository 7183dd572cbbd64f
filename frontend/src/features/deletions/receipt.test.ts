import { expect, test } from "vitest";
import type { Deletion } from "../../api/deletions";
import { confirms, deletedText, remainsText, stateText, whose } from "./receipt";

const format = { at: (time: string) => `<${time}>`, number: (n: number) => n.toLocaleString("en") };

const asked: Deletion = {
  id: "1",
  user_id: "ada",
  user_hash: "pbkdf2-sha256$600000$c2FsdA$aGFzaGhhc2g",
  reason: "",
  state: "requested",
  phase: null,
  requested_at: "t0",
  requested_by: "admin",
  settles_at: null,
  finished_at: null,
  deleted: { event_rows: 0, user_rows: 0, objects: 0, lines: 0, versions: 0 },
  objects_seen: 0,
  unreadable: [],
  remains: [],
  error: null,
};

test.each<[Partial<Deletion>, string]>([
  [{}, "Waits for the next load"],
  [{ state: "running", phase: "objects", objects_seen: 1200 }, "Runs: 1,200 raw objects looked into"],
  [{ state: "running", phase: "versions" }, "Runs: older versions of raw objects"],
  [
    { state: "running", phase: "settling", settles_at: "t1" },
    "Deleted; waits until <t1> for what was on its way",
  ],
  [{ state: "done", finished_at: "t2" }, "Done <t2>"],
  [{ state: "failed" }, "Given up after many tries; ask again"],
])("the state of %o", (change, text) => {
  expect(stateText({ ...asked, ...change }, format)).toBe(text);
});

test("what was deleted", () => {
  expect(deletedText(asked, format)).toBe("Nothing was found");
  const deleted = { event_rows: 1200, user_rows: 1, objects: 1, lines: 1300, versions: 2 };
  expect(deletedText({ ...asked, deleted }, format)).toBe(
    "1,200 events, 1 user row, 1,300 lines of 1 raw object, 2 older versions",
  );
});

test("what is left", () => {
  expect(remainsText({ what: "recovery points", until: "t3" }, format)).toBe("Recovery points: until <t3>");
  expect(remainsText({ what: "logs", until: null }, format)).toBe("Logs");
});

test("whose data it was", () => {
  expect(whose(asked)).toBe("ada");
  expect(whose({ ...asked, user_id: null })).toBe("A user whose hash ends in zaGhhc2g");
});

test("only the id itself confirms", () => {
  expect(confirms("ada", "ada")).toBe(true);
  expect(confirms("Ada", "ada")).toBe(false);
  expect(confirms(" ada", "ada")).toBe(false);
  expect(confirms("", "")).toBe(false);
});
