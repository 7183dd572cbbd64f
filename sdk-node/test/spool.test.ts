import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client, type Config, type Result } from "../src/index.js";
import { crc32c } from "../src/spool.js";
import { MemoryDisk } from "./disk.js";
import { FakeApi, FakeClock, Log, never, rejectsWith, steady, track, turns } from "./fake.js";

const dir = "spool";

interface SpoolRig {
  api: FakeApi;
  clock: FakeClock;
  disk: MemoryDisk;
  results: Result[];
  log: Log;
  random: (bytes: Uint8Array) => void;
}

function spoolRig(): SpoolRig {
  const clock = new FakeClock();
  return {
    api: new FakeApi(() => clock.now()),
    clock,
    disk: new MemoryDisk(),
    results: [],
    log: new Log(),
    random: steady("longest"),
  };
}

/** Opens the next client on the rig's disk. */
function open(on: SpoolRig, change: Partial<Config> = {}): Client {
  return new Client(
    {
      endpoint: "https://api.example.com/prod",
      apiKey: "key-1",
      spool: { dir, ...change.spool },
      callback: (result) => on.results.push(result),
      transport: on.api.transport,
      random: on.random,
      clock: on.clock,
      logger: on.log,
      ...change,
      ...(change.spool === undefined ? {} : { spool: { ...change.spool, dir } }),
    },
    on.disk,
  );
}

describe("a spool", () => {
  test("keeps what was enqueued through a crash, in order, as the same events", async () => {
    const on = spoolRig();
    const first = open(on, { transport: () => never() });
    track(first, 5, { userId: "ada", properties: { n: 1 } });
    first.createUser({ userId: "ada" });
    first.updateUser({ userId: "ada", attributes: { plan: "pro" } });
    on.disk.crash();

    await on.clock.advance(3_600_000);
    const second = open(on);
    assert.equal(second.stats().recovered, 7);
    assert.equal(second.stats().pending, 7);
    track(second, 1, { event: "after" });
    await on.clock.until(second.flush());
    assert.deepEqual(
      on.api.requests.map(({ call, items }) => [call, items.map((i) => i.event ?? i.user_id)]),
      [
        ["POST /v1/events", ["e", "e", "e", "e", "e", "after"]],
        ["POST /v1/users", ["ada"]],
        ["PATCH /v1/users", ["ada"]],
      ],
    );
    const { message } = on.results[0] as Result;
    assert.deepEqual(message, {
      type: "event",
      event: "e",
      eventId: on.api.requests[0]?.ids[0],
      userId: "ada",
      timestamp: "2024-05-01T12:00:00.000000Z",
      properties: { n: 1 },
    });
    assert.equal(on.results.length, 8);
    const { enqueued, accepted, pending } = second.stats();
    assert.deepEqual({ enqueued, accepted, pending }, { enqueued: 1, accepted: 8, pending: 0 });
    await on.clock.until(second.close());
    assert.deepEqual(on.disk.list(dir), [], "nothing is left on disk");
  });

  test("what has its result is not sent again", async () => {
    const on = spoolRig();
    const first = open(on, { maxBatchItems: 2, senders: 1 });
    on.api.before = (n) => (n < 2 ? undefined : never());
    track(first, 7);
    await on.clock.advance(0);
    assert.equal(first.stats().accepted, 4);
    on.disk.crash();
    on.api.before = () => undefined;
    const second = open(on);
    assert.equal(second.stats().recovered, 3);
    await on.clock.until(second.close());
    for (const [id, copies] of on.api.stored) assert.equal(copies, 1, id);
    assert.equal(on.api.stored.size, 7);
  });

  test("close leaves the rest on disk, and that is no error", async () => {
    const on = spoolRig();
    on.api.before = () => ({ status: 503 });
    const first = open(on);
    track(first, 3);
    const flush = first.flush();
    const closed = first.close({ timeout: 5000 });
    await rejectsWith(on.clock.until(flush), "closed");
    await on.clock.until(closed);
    assert.equal(first.stats().pending, 3);
    assert.equal(on.results.length, 0);
    assert.equal(on.clock.running, 0);
    on.api.before = () => undefined;
    const second = open(on);
    await on.clock.until(second.close());
    assert.equal(on.api.stored.size, 3);
  });

  test("an outage has no end, but the disk's", async () => {
    const on = spoolRig();
    const back = on.clock.now() + 48 * 3_600_000;
    on.api.before = () => (on.clock.now() < back ? { status: 503 } : undefined);
    const client = open(on);
    track(client, 3);
    await on.clock.until(client.flush());
    assert.equal(client.stats().accepted, 3);
    assert.ok(on.clock.now() >= back);
    await on.clock.until(client.close());
  });

  test("what memory has no room for lies on disk alone, and comes in order", async () => {
    const on = spoolRig();
    let answering = false;
    on.api.before = () => (answering ? undefined : { status: 503 });
    const client = open(on, { maxQueueItems: 10, maxBatchItems: 4, senders: 1 });
    for (let n = 0; n < 1000; n++) client.track({ event: `e${n}` });
    await on.clock.advance(10);
    assert.equal(client.stats().pending, 1000);
    answering = true;
    const flushed = client.flush();
    client.track({ event: "after" });
    await on.clock.until(flushed);
    await on.clock.until(client.close());
    const accepted = on.results.map(({ message }) => (message.type === "event" ? message.event : ""));
    assert.deepEqual(accepted, [...Array.from({ length: 1000 }, (_, n) => `e${n}`), "after"]);
  });

  test("a full one says so", async () => {
    const on = spoolRig();
    on.api.before = () => ({ status: 503 });
    const client = open(on, { spool: { dir, maxBytes: 1 << 20 } });
    let taken = 0;
    while (client.track({ event: "e", properties: { k: "x".repeat(20_000) } }) === undefined) taken++;
    assert.ok(taken > 40 && taken < 53, String(taken));
    assert.equal(client.stats().queueFull, 1);
    assert.ok(on.disk.bytes <= 1 << 20);
    on.api.before = () => undefined;
    await on.clock.until(client.flush());
    assert.equal(client.track({ event: "e", properties: { k: "x".repeat(20_000) } }), undefined);
    // A large body is packed in the background, which the clock knows nothing of: close would run out of time.
    await on.clock.until(client.flush());
    await on.clock.until(client.close());
    assert.equal(on.disk.bytes, 0);
  });

  test("segments that are done are removed", async () => {
    const on = spoolRig();
    const client = open(on, { spool: { dir, maxBytes: 1 << 20 } });
    for (let n = 0; n < 500; n++) {
      await client.enqueueWait({ type: "event", event: "e", properties: { k: "x".repeat(10_000) } });
      if (n % 50 === 0) await on.clock.until(client.flush());
    }
    await on.clock.until(client.flush());
    assert.ok(on.disk.bytes < 1 << 18, String(on.disk.bytes));
    await on.clock.until(client.close());
    assert.equal(on.api.stored.size, 500);
  });

  test("a record that a crash cut short is passed over", async () => {
    for (let cut = 1; cut < 60; cut++) {
      const on = spoolRig();
      const first = open(on, { transport: () => never() });
      track(first, 3);
      on.disk.crash();
      on.disk.shorten(`${dir}/00000000000000000001.log`, cut);
      const second = open(on);
      assert.equal(second.stats().recovered, 2, `cut ${cut}`);
      assert.match(on.log.text, /the spool holds bytes that are no message/);
      await on.clock.until(second.close());
      assert.equal(on.api.stored.size, 2);
    }
  });

  test("bytes that change on disk cost the message they are of, and no other", async () => {
    const on = spoolRig();
    const first = open(on, { transport: () => never() });
    track(first, 5);
    on.disk.crash();
    on.disk.flip(`${dir}/00000000000000000001.log`, 8 + 10 + 150); // in the second record
    const second = open(on);
    assert.equal(second.stats().recovered, 4);
    await on.clock.until(second.close());
    assert.equal(on.api.stored.size, 4);
  });

  test("what the disk loses after the start is counted as dropped", async () => {
    const on = spoolRig();
    const first = open(on, { transport: () => never() });
    track(first, 3);
    on.disk.crash();
    const second = open(on);
    on.disk.flip(`${dir}/00000000000000000001.log`, 8 + 10 + 150);
    await on.clock.until(second.flush());
    const { accepted, dropped, pending } = second.stats();
    assert.deepEqual({ accepted, dropped, pending }, { accepted: 2, dropped: 1, pending: 0 });
    assert.match(on.log.text, /the spool has lost messages/);
  });

  test("what a crash left half made is cleared", async () => {
    const on = spoolRig();
    on.disk.open(`${dir}/00000000000000000004.log`).append(Buffer.from("DL"));
    on.disk.open(`${dir}/00000000000000000005.done`);
    on.disk.open(`${dir}/README`).append(Buffer.from("not ours"));
    const client = open(on);
    assert.deepEqual(on.disk.list(dir).sort(), ["README", "lock"]);
    track(client, 1);
    assert.ok(on.disk.list(dir).includes("00000000000000000006.log"));
    await on.clock.until(client.close());
    assert.deepEqual(on.disk.list(dir), ["README"]);
  });

  test("of another version it is left alone", () => {
    const on = spoolRig();
    on.disk.open(`${dir}/00000000000000000001.log`).append(Buffer.from("DLSPOOL9 and so on"));
    assert.throws(() => open(on), {
      code: "spool_failed",
      message: /segment 1 was written by another version/,
    });
    assert.deepEqual(on.disk.list(dir), ["00000000000000000001.log"], "unlocked, and the file is there");
  });

  test("a folder serves one client at a time", async () => {
    const on = spoolRig();
    const first = open(on);
    assert.throws(() => open(on), { code: "spool_in_use" });
    await first.close();
    await open(on).close();
  });

  test("a disk that fails refuses the message, and nothing else is lost", async () => {
    const on = spoolRig();
    const client = open(on);
    track(client, 1);
    on.disk.failWrites(1, 20);
    assert.equal(client.track({ event: "lost" })?.code, "spool_failed");
    assert.match(on.log.text, /code=spool_failed/);
    assert.equal(client.stats().enqueued, 1);
    client.track({ event: "again" });
    on.disk.crash();
    const second = open(on);
    assert.equal(second.stats().recovered, 2);
    await on.clock.until(second.close());
    assert.deepEqual(
      on.api.requests.flatMap(({ items }) => items.map((i) => i.event)),
      ["e", "again"],
    );
  });

  test("a disk that cannot be read is tried again", async () => {
    const on = spoolRig();
    const first = open(on, { transport: () => never() });
    track(first, 3);
    on.disk.crash();
    const second = open(on);
    on.disk.failReads(2);
    await on.clock.until(second.flush());
    assert.equal(second.stats().accepted, 3);
    assert.match(on.log.text, /the spool cannot be read; it is tried again/);
    await on.clock.until(second.close());
  });

  test("a loss of power costs what was not synced yet, by each policy", async () => {
    for (const [sync, left] of [
      ["interval", 3],
      ["always", 5],
      ["never", 0],
    ] as const) {
      const on = spoolRig();
      const first = open(on, { transport: () => never(), spool: { dir, sync } });
      track(first, 3);
      await on.clock.advance(1000);
      track(first, 2);
      on.disk.losePower();
      const second = open(on, { spool: { dir, sync } });
      assert.equal(second.stats().recovered, left, sync);
      await on.clock.until(second.close());
    }
  });

  test("a sync that fails is logged, and the message is taken", async () => {
    for (const sync of ["always", "interval"] as const) {
      const on = spoolRig();
      const client = open(on, { spool: { dir, sync } });
      track(client, 1);
      on.disk.failSyncs();
      track(client, 1);
      await on.clock.advance(1000);
      assert.match(on.log.text, /could not be synced to disk/);
      on.disk.failSyncs(false);
      await on.clock.until(client.close());
      assert.equal(on.api.stored.size, 2);
    }
  });

  test("beforeSend comes before the disk", async () => {
    const on = spoolRig();
    const client = open(on, {
      beforeSend: (message) => (message.type === "event" ? { ...message, properties: {} } : null),
      transport: () => never(),
    });
    client.track({ event: "e", properties: { secret: "s3cret" } });
    assert.ok(!on.disk.content(`${dir}/00000000000000000001.log`).includes("s3cret"));
    await on.clock.until(client.close({ timeout: 1 }));
  });

  test("flush waits for what was recovered", async () => {
    const on = spoolRig();
    const first = open(on, { transport: () => never() });
    track(first, 1200);
    on.disk.crash();
    const second = open(on);
    await on.clock.until(second.flush());
    assert.equal(on.api.stored.size, 1200);
    await turns();
    await on.clock.until(second.close());
  });

  test("the checksum is CRC-32C", () => {
    assert.equal(crc32c(Buffer.from("123456789"), 0, 9), 0xe3069283);
    assert.equal(crc32c(Buffer.from("123456789"), 4, 9, crc32c(Buffer.from("1234"), 0, 4)), 0xe3069283);
  });
});
