import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { ItemError } from "../src/index.js";
import { eventItem, updateItem, userItem, type ItemRules, type RawEvent, type RawUser } from "../src/item.js";
import { rig, track, want } from "./fake.js";
import { atRoot } from "./root.js";

// The vectors say what the API makes of a body. The SDK applies the same rules at the call, so each of their items is
// given to it: what the API takes it takes, with the same values; what the API rejects it refuses, by the same code.

interface Vector {
  name: string;
  call: string;
  now: string;
  body: string;
  accepted?: string[];
  rejected?: { index: number; code: string }[];
  error?: { status: number; code: string };
}

const vectors = JSON.parse(readFileSync(atRoot("sdk-go/wire/testdata/vectors.json"), "utf8")) as Vector[];

/** Fields of the API that an item may have; the client's own messages are held to their names before. */
const known: Record<string, readonly string[]> = {
  "POST /v1/events": ["event_id", "event", "user_id", "timestamp", "properties"],
  "POST /v1/users": ["user_id", "created_at", "attributes"],
  "PATCH /v1/users": ["user_id", "attributes", "updated_at"],
};

function write(call: string, item: unknown, rules: ItemRules): string {
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    throw new ItemError("item_invalid", "", "no object");
  }
  for (const name of Object.keys(item)) {
    if (known[call]?.includes(name) !== true) throw new ItemError("unknown_field", name, "unknown");
  }
  const raw = item as RawEvent & RawUser & { created_at?: unknown; updated_at?: unknown };
  switch (call) {
    case "POST /v1/events":
      return eventItem(raw, rules).json;
    case "POST /v1/users":
      return userItem({ ...raw, at: raw.created_at }, rules).json;
    default:
      return updateItem({ ...raw, at: raw.updated_at }, rules).json;
  }
}

/** Microseconds since 1970; the vectors' clocks are finer than a Date. */
function microseconds(text: string): number {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  return Date.parse(text.replace(/\.\d+/, "")) * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
}

describe("golden vectors", () => {
  assert.ok(vectors.length > 10);
  for (const { name, call, now, body, accepted = [], rejected = [], error } of vectors) {
    if (error !== undefined) {
      test(`${name}: the answer is understood`, async () => {
        const { api, clock, client, results } = rig();
        api.before = () => ({
          status: error.status,
          body: JSON.stringify({ error: { code: error.code, message: "m" } }),
        });
        track(client, 1);
        await clock.until(client.flush());
        want(results, 1, "rejected");
        assert.equal(results[0]?.error?.code, error.code);
      });
      continue;
    }
    test(name, () => {
      let ids = 0;
      const rules = {
        now: microseconds(now),
        newId: () => `00000000-0000-7000-8000-${String(++ids).padStart(12, "0")}`,
      };
      const parsed = JSON.parse(body) as { events?: unknown[]; users?: unknown[] };
      const written: unknown[] = [];
      const refused: { index: number; code: string }[] = [];
      (parsed.events ?? parsed.users ?? []).forEach((item, index) => {
        try {
          written.push(JSON.parse(write(call, item, rules)));
        } catch (caught) {
          assert.ok(caught instanceof ItemError, String(caught));
          refused.push({ index, code: caught.code });
        }
      });
      assert.deepEqual(refused, rejected);
      const records = accepted.map((record) => {
        const { received_at, ...item } = JSON.parse(record) as Record<string, unknown>;
        assert.ok(received_at);
        return item;
      });
      assert.deepEqual(written, records);
    });
  }
});
