import assert from "node:assert/strict";
import { test } from "node:test";
import type { Analytics } from "../src/index.js";
import { NoopClient, RecordingClient } from "../src/testing.js";
import { rejectsWith } from "./fake.js";

test("a recording client keeps what the API would take", async () => {
  const now = Date.UTC(2024, 4, 1);
  const client = new RecordingClient({ now: () => now, random: (bytes) => bytes.fill(0) });
  const analytics: Analytics = client;
  assert.equal(
    analytics.track({ event: "bread baked", userId: "ada", properties: { loaves: 3 } }),
    undefined,
  );
  assert.equal(analytics.createUser({ userId: "ada" }), undefined);
  assert.equal(analytics.updateUser({ userId: "ada", attributes: { plan: "pro" } }), undefined);
  await analytics.enqueueWait({ type: "event", event: "bread sold" });
  assert.equal(analytics.track({ event: "" })?.code, "event_invalid");
  await rejectsWith(analytics.enqueueWait({ type: "event", event: "" }), "event_invalid");
  assert.deepEqual(
    client.events.map(({ event }) => event),
    ["bread baked", "bread sold"],
  );
  assert.deepEqual(client.events[0], {
    type: "event",
    event: "bread baked",
    userId: "ada",
    eventId: "018f311c-ac00-7000-8000-000000000000".replace(/^.{13}/, uuidHead(now)),
    timestamp: new Date(now),
    properties: { loaves: 3 },
  });
  assert.equal(client.users.length, 1);
  assert.deepEqual(client.updates[0]?.attributes, { plan: "pro" });
  const { enqueued, accepted, invalid } = client.stats();
  assert.deepEqual({ enqueued, accepted, invalid }, { enqueued: 4, accepted: 4, invalid: 2 });
  client.messages.length = 0;
  await analytics.flush();
  await analytics.close();
  assert.equal(analytics.track({ event: "e" })?.code, "closed");
  assert.equal(client.messages.length, 0);
});

function uuidHead(ms: number): string {
  const hex = ms.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

test("a no-op client checks and forgets", async () => {
  const client = new NoopClient();
  assert.equal(client.track({ event: "e" }), undefined);
  assert.equal(client.createUser({ userId: "ada" }), undefined);
  assert.equal(client.updateUser({ userId: "ada" }), undefined);
  assert.equal(client.track({ event: "e", userId: "x".repeat(257) })?.code, "user_id_too_long");
  await client.flush();
  await client.close();
  assert.equal(client.stats().accepted, 3);
  assert.equal(client.track({ event: "e" })?.code, "closed");
});
