import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client, type Config, type Message, type Result } from "../src/index.js";
import { MemoryDisk } from "./disk.js";
import { Broken, FakeApi, FakeClock, Log, draws, never, type Answer } from "./fake.js";

// A thousand seeded runs against a model: a server that fails in every way, a client that is flushed, closed and, with a
// spool, killed at any moment. Afterwards what was enqueued is exactly what the server stored or the callback reported.

const runs = 1000;
const shares = 10;

/** Randomness from a seed. */
function seeded(draw: (n: number) => number): (bytes: Uint8Array) => void {
  return (bytes) => {
    for (let i = 0; i < bytes.length; i++) bytes[i] = draw(256);
  };
}

async function run(seed: number): Promise<void> {
  const draw = draws(seed);
  const spooled = draw(2) === 0;
  const clock = new FakeClock();
  const disk = new MemoryDisk();
  const api = new FakeApi(() => clock.now());
  let fails = true;
  api.before = (_, { ids }): Answer | undefined | Promise<Answer> => {
    if (!fails) return undefined;
    switch (draw(14)) {
      case 0:
      case 1:
        throw new Broken();
      case 2:
        return never();
      case 3:
        return { status: [408, 429, 500, 502, 503][draw(5)] ?? 500 };
      case 4:
        return { status: 503, headers: { "Retry-After": String(draw(100)) } };
      case 5:
        return {
          status: 429,
          headers: { "Retry-After": new Date(clock.now() + draw(100_000)).toUTCString() },
        };
      case 6:
        return ids.length === 1 ? undefined : { status: 413 };
      case 7:
        return { status: 202, body: '{"accepted":1,"rejected":[{"index":7}]}' };
      default:
        return undefined;
    }
  };
  api.lose = () => fails && draw(8) === 0;
  const isBad = (id: string) => id.endsWith("7");
  api.refuse = (id) => {
    if (isBad(id)) return "key_invalid";
    return fails && draw(10) === 0 && !api.stored.has(id) ? "unavailable" : undefined;
  };

  const results: Result[] = [];
  let life = 0;
  const options: Config = {
    endpoint: "https://api.example.com",
    apiKey: "k",
    maxBatchItems: 1 + draw(5),
    maxQueueItems: 3 + draw(30),
    senders: 1 + draw(3),
    flushInterval: 1 + draw(2000),
    requestTimeout: 1000,
    maxRetryTime: spooled ? undefined : 1 + draw(200_000),
    transport: (url, request) => api.transport(url, request),
    random: seeded(draw),
    clock,
    logger: new Log(),
    spool: spooled ? { dir: "spool", sync: (["interval", "always", "never"] as const)[draw(3)] } : undefined,
  };
  const open = () => {
    const own = ++life;
    // A process that is gone tells nothing more.
    const callback = (result: Result) => {
      if (own === life) results.push(result);
    };
    const transport: Config["transport"] = (url, request) =>
      own === life ? api.transport(url, request) : never();
    return new Client({ ...options, callback, transport }, disk);
  };

  const enqueued = new Set<string>();
  let made = 0;
  let client = open();
  const messages = (): Message => {
    const n = ++made;
    const eventId = `018f3a5c-7b1e-7cc0-8d5a-${String(n).padStart(12, "0")}`;
    return { type: "event", event: "e", eventId, properties: { n } };
  };
  for (let step = 0; step < 30; step++) {
    switch (draw(8)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const message = messages();
        if (spooled && draw(15) === 0) disk.failWrites(1, draw(150));
        if (client.enqueue(message) === undefined && message.type === "event")
          enqueued.add(message.eventId ?? "");
        disk.failWrites(0, 0);
        break;
      }
      case 4:
        await clock.advance(draw(5000));
        break;
      case 5:
        await clock.until(client.flush({ timeout: draw(3000) }).catch(() => undefined));
        break;
      case 6:
        await clock.until(client.close({ timeout: draw(3000) }).catch(() => undefined));
        client = open();
        break;
      case 7:
        if (!spooled) break; // what a crash costs without a spool is known: all that was not sent
        disk.crash();
        client = open();
        break;
    }
  }
  fails = false;
  await clock.until(client.flush());
  assert.equal(client.stats().pending, 0);
  await clock.until(client.close());
  if (spooled) assert.deepEqual(disk.list("spool"), []);

  const told = new Map<string, Set<string>>();
  for (const { message, status, error } of results) {
    assert.ok(message.type === "event");
    const id = message.eventId ?? "";
    assert.ok(enqueued.has(id), `${id} was told and never enqueued`);
    assert.equal(status === "accepted", error === undefined);
    if (status === "accepted") assert.ok(api.stored.has(id), `${id} is told as accepted and not stored`);
    if (status === "rejected") assert.ok(isBad(id), `${id} was rejected: ${error?.message ?? ""}`);
    told.set(id, (told.get(id) ?? new Set()).add(status));
  }
  for (const id of enqueued) {
    const statuses = told.get(id);
    if (spooled) {
      // A crash between the answer and the note of it makes the next client send again; it counts once. Between the
      // callback and the note it tells again.
      assert.ok(statuses !== undefined || api.stored.has(id), `${id} is lost`);
      assert.ok(!statuses?.has("dropped"), `${id} was dropped, with a spool`);
    } else {
      assert.equal(statuses?.size, 1, `${id} has ${statuses?.size ?? 0} results`);
      assert.equal(
        results.filter(({ message }) => message.type === "event" && message.eventId === id).length,
        1,
      );
    }
  }
}

describe("a model of the server agrees with what the client reports", () => {
  for (let share = 0; share < shares; share++) {
    const from = (share * runs) / shares;
    const to = ((share + 1) * runs) / shares;
    test(`seeds ${from} to ${to - 1}`, async () => {
      for (let seed = from; seed < to; seed++) {
        try {
          await run(seed);
        } catch (error) {
          throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
        }
      }
    });
  }
});
