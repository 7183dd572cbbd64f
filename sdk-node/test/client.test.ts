import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { describe, test } from "node:test";
import { Client, version, type Config, type Message, type TransportRequest } from "../src/index.js";
import { FakeApi, FakeClock, byTag, never, rejectsWith, rig, track, turns, want } from "./fake.js";

describe("options", () => {
  const cases: [string, object | undefined, RegExp][] = [
    ["none", undefined, /options are missing/],
    ["no endpoint", { apiKey: "k" }, /endpoint is empty/],
    [
      "an endpoint that is no URL",
      { endpoint: "api.example.com", apiKey: "k" },
      /endpoint "api.example.com" is no URL/,
    ],
    ["another scheme", { endpoint: "ftp://api.example.com", apiKey: "k" }, /no http or https URL/],
    ["a query", { endpoint: "https://api.example.com/?", apiKey: "k" }, /query or a fragment/],
    ["a fragment", { endpoint: "https://api.example.com/#a", apiKey: "k" }, /query or a fragment/],
    ["a password", { endpoint: "https://u:p@api.example.com/", apiKey: "k" }, /user name or a password/],
    ["no key", { endpoint: "https://api.example.com" }, /apiKey is empty/],
    [
      "a key with a line break",
      { endpoint: "https://api.example.com", apiKey: "k\n" },
      /apiKey holds a space/,
    ],
    ["a misspelt option", { flushIntervall: 1 }, /there is no option flushIntervall; there are endpoint, /],
    ["too many items", { maxBatchItems: 501 }, /maxBatchItems is 501; the API takes at most 500/],
    ["too large a batch", { maxBatchBytes: 5e6 }, /maxBatchBytes is 5000000; the API takes at most/],
    ["no senders", { senders: 0 }, /senders is 0; it must be a whole number from 1, or absent for 4/],
    ["half a message", { maxQueueItems: 0.5 }, /maxQueueItems is 0.5/],
    ["a number as text", { senders: "4" }, /senders is "4"/],
    ["no time", { flushInterval: 0 }, /flushInterval is 0; it must be a number of milliseconds/],
    ["more than a timer can", { requestTimeout: 2 ** 31 }, /requestTimeout is 2147483648/],
    ["a time that is none", { maxRetryTime: NaN }, /maxRetryTime is NaN/],
    ["a callback that is none", { callback: {} }, /callback must be a function/],
    ["a spool that is a folder", { spool: "/tmp/x" }, /spool must be an object/],
    ["a spool without a folder", { spool: {} }, /spool.dir is empty/],
    [
      "a spool too small",
      { spool: { dir: "x", maxBytes: 7 } },
      /spool.maxBytes is 7; it must be at least 1048576/,
    ],
    ["another sync", { spool: { dir: "x", sync: "often" } }, /spool.sync is "often"/],
    ["a misspelt option of the spool", { spool: { dir: "x", max: 7 } }, /there is no option spool.max/],
  ];
  for (const [name, options, message] of cases) {
    test(`${name} is refused`, () => {
      const sound = { endpoint: "https://api.example.com", apiKey: "k" };
      // Options that name neither are about something else.
      const other = typeof options === "object" && !("endpoint" in options) && !("apiKey" in options);
      const given = other ? { ...sound, ...options } : options;
      assert.throws(() => new Client(given as Config), { code: "config_invalid", message });
    });
  }
});

describe("requests", () => {
  test("what they carry", async () => {
    const { api, clock, client } = rig();
    track(client, 1);
    await clock.until(client.flush());
    assert.deepEqual(api.requests[0]?.headers, {
      "Content-Type": "application/json",
      "x-api-key": "key-1",
      "User-Agent": `dataloaf-node/${version}`,
      "DataLoaf-Wire-Version": "1",
    });
  });

  test("large ones are packed", async () => {
    const bodies: TransportRequest[] = [];
    const api = new FakeApi();
    const { clock, client, results } = rig({
      transport: (url, request) => {
        bodies.push(request);
        return api.transport(url, request);
      },
    });
    track(client, 1, { properties: { k: "x".repeat(2000) } });
    await clock.until(client.flush());
    want(results, 1, "accepted");
    assert.equal(bodies[0]?.headers["Content-Encoding"], "gzip");
    assert.ok((bodies[0].body as ArrayBuffer).byteLength < 500);
    assert.match(gunzipSync(bodies[0].body).toString(), /^\{"events":\[\{.*\}\]\}$/);
  });

  test("a batch goes when it is full, by count", async () => {
    const { api, clock, client } = rig({ maxBatchItems: 3 });
    track(client, 7);
    await clock.advance(0);
    assert.deepEqual(
      api.requests.map((r) => r.ids.length),
      [3, 3],
    );
    await clock.advance(1000);
    assert.deepEqual(
      api.requests.map((r) => r.ids.length),
      [3, 3, 1],
    );
  });

  test("a batch goes when it is full, by bytes", async () => {
    const { api, clock, client, results } = rig({ maxBatchBytes: 900 });
    for (let tag = 0; tag < 40; tag++)
      client.track({ event: "e", tag, properties: { k: "ü".repeat(tag * 10) } });
    await clock.until(client.flush());
    want(results, 40, "accepted");
    for (const { body, ids } of api.requests) assert.ok(ids.length === 1 || Buffer.byteLength(body) <= 900);
    assert.ok(api.requests.some(({ ids }) => ids.length > 1));
  });

  test("a batch goes when it has waited", async () => {
    const { api, clock, client } = rig({ flushInterval: 200 });
    track(client, 1);
    await clock.advance(199);
    assert.equal(api.requests.length, 0);
    await clock.advance(1);
    assert.equal(api.requests.length, 1);
  });

  test("each type has its call, and order is kept within it", async () => {
    const { api, clock, client } = rig();
    for (let i = 0; i < 3; i++) {
      client.track({ event: `e${i}` });
      client.createUser({ userId: `u${i}` });
      client.updateUser({ userId: `u${i}` });
    }
    await clock.until(client.flush());
    assert.deepEqual(
      api.requests.map(({ call, items }) => [call, items.map((item) => item.event ?? item.user_id)]),
      [
        ["POST /v1/events", ["e0", "e1", "e2"]],
        ["POST /v1/users", ["u0", "u1", "u2"]],
        ["PATCH /v1/users", ["u0", "u1", "u2"]],
      ],
    );
  });

  test("no more are under way than there are senders", async () => {
    let now = 0;
    let most = 0;
    const { api, clock, client, results } = rig({ senders: 3, maxBatchItems: 2 });
    api.before = async () => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
      return undefined;
    };
    track(client, 40);
    await clock.until(client.flush());
    want(results, 40, "accepted");
    assert.equal(most, 3);
  });
});

describe("the queue", () => {
  test("a full one says so, counts and is logged once", async () => {
    const { api, clock, client, log } = rig({ maxQueueItems: 3 });
    api.before = (n) => (n === 0 ? never() : undefined);
    track(client, 3);
    for (let i = 0; i < 5; i++) {
      const error = client.track({ event: "e" });
      assert.equal(error?.code, "queue_full");
      assert.match(error.message, /3 messages wait/);
    }
    const { queueFull, pending, enqueued } = client.stats();
    assert.deepEqual({ queueFull, pending, enqueued }, { queueFull: 5, pending: 3, enqueued: 3 });
    assert.equal(log.lines.filter(({ message }) => message.includes("full")).length, 1);
    await clock.until(client.flush());
    track(client, 1); // there is room again
  });

  test("bytes are bounded, too, and an empty queue takes anything", () => {
    const { client } = rig({ maxQueueBytes: 1000 });
    assert.equal(client.track({ event: "e", properties: { k: "x".repeat(5000) } }), undefined);
    assert.equal(client.track({ event: "e" })?.code, "queue_full");
  });

  test("enqueueWait waits for room", async () => {
    const { api, clock, client, results } = rig({ maxQueueItems: 10, maxBatchItems: 4 });
    const work = async () => {
      for (let tag = 0; tag < 100; tag++) await client.enqueueWait({ type: "event", event: "e", tag });
      await client.flush();
    };
    const start = clock.now();
    await clock.until(work());
    want(results, 100, "accepted");
    assert.equal(client.stats().queueFull, 0);
    assert.ok(clock.now() - start < 1000, "it does not wait for the interval");
    assert.ok(api.requests.length < 50);
  });

  test("those who wait for room do not take it together", async () => {
    const { clock, client, results } = rig({ maxQueueItems: 1 });
    const waiting = Array.from({ length: 20 }, (_, tag) =>
      client.enqueueWait({ type: "event", event: "e", tag }),
    );
    assert.equal(client.stats().pending, 1);
    await clock.until(Promise.all(waiting).then(() => client.flush()));
    want(results, 20, "accepted");
  });

  test("enqueueWait ends", async () => {
    const { api, clock, client } = rig({ maxQueueItems: 1 });
    api.before = () => never();
    track(client, 1);
    const message: Message = { type: "event", event: "e" };
    await rejectsWith(client.enqueueWait({ type: "event", event: "" }), "event_invalid");
    await rejectsWith(clock.until(client.enqueueWait(message, { timeout: 500 })), "timeout");
    const controller = new AbortController();
    const aborted = client.enqueueWait(message, { signal: controller.signal });
    controller.abort();
    await rejectsWith(aborted, "aborted");
    await rejectsWith(client.enqueueWait(message, { signal: AbortSignal.abort() }), "aborted");
    const waiting = client.enqueueWait(message);
    const closing = client.close({ timeout: 0 });
    await rejectsWith(waiting, "closed");
    await rejectsWith(clock.until(closing), "not_delivered");
    await rejectsWith(client.enqueueWait(message), "closed");
  });
});

describe("flush", () => {
  test("waits for what was before it, and no more", async () => {
    const { api, clock, client } = rig({ maxBatchItems: 2, senders: 1 });
    let answer: () => void = () => undefined;
    api.before = (n) => (n < 2 ? undefined : new Promise((resolve) => (answer = () => resolve(undefined))));
    track(client, 3);
    const flushed = client.flush();
    track(client, 1);
    const later = client.flush();
    await clock.until(flushed);
    assert.equal(client.stats().pending, 1);
    await turns();
    answer();
    await clock.until(later);
    assert.equal(client.stats().pending, 0);
  });

  test("of nothing is over at once, and leaves no timer", async () => {
    const { clock, client } = rig();
    await client.flush({ timeout: 1000 });
    assert.equal(clock.running, 0);
    track(client, 1);
    await clock.until(client.flush({ timeout: 1000 }));
    await turns();
    assert.equal(clock.running, 0);
  });

  test("ends, and the messages go on", async () => {
    const { api, clock, client, results } = rig({ requestTimeout: 5000 });
    api.before = (n) => (n === 0 ? never() : undefined);
    track(client, 2);
    const error = await rejectsWith(clock.until(client.flush({ timeout: 100 })), "timeout");
    assert.match(error.message, /flush: 2 messages are not delivered yet: 100 ms are over/);
    const controller = new AbortController();
    const flush = client.flush({ signal: controller.signal });
    controller.abort(new Error("enough"));
    const aborted = await rejectsWith(flush, "aborted");
    assert.equal((aborted.cause as Error).message, "enough");
    await clock.until(client.flush());
    want(results, 2, "accepted");
  });
});

describe("close", () => {
  test("delivers, and then takes nothing", async () => {
    const { clock, client, results } = rig();
    track(client, 3);
    const closing = client.close();
    assert.equal(client.track({ event: "e" })?.code, "closed");
    await clock.until(closing);
    want(results, 3, "accepted");
    assert.equal(client.close(), closing);
    assert.equal(clock.running, 0);
    await client.flush();
  });

  test("takes 30 s at most, and says what is lost", async () => {
    const { api, clock, client, results } = rig({ maxBatchItems: 1 });
    api.before = () => never();
    track(client, 10); // more than the senders have under way
    const start = clock.now();
    const error = await rejectsWith(clock.until(client.close()), "not_delivered");
    assert.match(error.message, /close: 10 messages were not delivered and are dropped/);
    assert.equal((error.cause as { code?: string }).code, "timeout");
    assert.equal(clock.now() - start, 30_000);
    want(results, 10, "dropped");
    for (const result of results) assert.equal(result.error?.code, "closed");
    assert.equal(client.stats().dropped, 10);
    assert.equal(clock.running, 0);
  });

  test("cuts pauses short, but not those that the server asked for", async () => {
    for (const [headers, waited] of [
      [{}, 0],
      [{ "Retry-After": "7" }, 7000],
    ] as const) {
      const { api, clock, client, results } = rig({ random: (bytes) => bytes.fill(0xff) });
      api.before = (n) => (n < 2 ? { status: 503 } : n === 2 ? { status: 503, headers } : undefined);
      track(client, 1);
      while (api.requests.length < 3) await clock.advance(100);
      const start = api.requests[2]?.at ?? 0;
      await clock.until(client.close());
      want(results, 1, "accepted");
      const pause = (api.requests[3]?.at ?? 0) - start;
      assert.ok(waited === 0 ? pause <= 100 : pause >= waited, `${pause} ms`);
    }
  });

  test("asks often while it closes", async () => {
    const { api, clock, client, results } = rig({ random: (bytes) => bytes.fill(0xff) });
    const back = clock.now() + 25_000;
    api.before = () => (clock.now() < back ? { status: 503 } : undefined);
    track(client, 1);
    await clock.until(client.close());
    want(results, 1, "accepted");
    assert.ok(clock.now() - back <= 1000);
  });

  test("its waits may be aborted", async () => {
    const { api, clock, client, results } = rig();
    api.before = () => never();
    track(client, 1);
    await rejectsWith(clock.until(client.close({ signal: AbortSignal.abort() })), "not_delivered");
    want(results, 1, "dropped");
  });
});

describe("hooks", () => {
  test("beforeSend changes and drops messages before they are checked", async () => {
    const { api, clock, client } = rig({
      beforeSend: (message) => {
        if (message.type !== "event") return null;
        const { email, ...rest } = message.properties as { email?: string };
        return { ...message, properties: { ...rest, hasEmail: email !== undefined } };
      },
    });
    assert.equal(client.track({ event: "e", properties: { email: "ada\0@example.com", n: 1 } }), undefined);
    assert.equal(client.createUser({ userId: "ada" }), undefined);
    await client.enqueueWait({ type: "update", userId: "ada" });
    await clock.until(client.flush());
    assert.deepEqual(api.requests[0]?.items[0]?.properties, { n: 1, hasEmail: true });
    assert.equal(api.requests.length, 1);
    const { enqueued, filtered, invalid } = client.stats();
    assert.deepEqual({ enqueued, filtered, invalid }, { enqueued: 1, filtered: 2, invalid: 0 });
  });

  test("what beforeSend throws lets nothing slip through", () => {
    const { client, log } = rig({
      beforeSend: () => {
        throw new Error("no redaction today");
      },
    });
    for (let i = 0; i < 3; i++) assert.equal(client.track({ event: "e" })?.code, "hook_failed");
    assert.equal(client.stats().invalid, 3);
    assert.equal(log.lines.length, 1, "each kind is logged once");
    assert.match(log.text, /no redaction today/);
  });

  test("a callback that throws takes no other result with it", async () => {
    let called = 0;
    const { clock, client, log } = rig({
      callback: () => {
        called++;
        throw new Error("mine");
      },
    });
    track(client, 3);
    await clock.until(client.flush());
    assert.equal(called, 3);
    assert.equal(client.stats().accepted, 3);
    assert.match(log.text, /the callback failed error=Error: mine/);
  });

  test("an async callback that fails is logged", async () => {
    const { clock, client, log } = rig({
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- a program without types may
      callback: () => Promise.reject(new Error("later")),
    });
    track(client, 1);
    await clock.until(client.flush());
    assert.match(log.text, /the callback failed error=Error: later/);
  });

  test("a callback may enqueue", async () => {
    let again = true;
    const { api, clock, client } = rig({
      callback: () => {
        if (again) client.track({ event: "again" });
        again = false;
      },
    });
    track(client, 1);
    await clock.until(client.flush().then(() => client.flush()));
    assert.equal(api.requests.length, 2);
  });

  test("a logger that throws stops nothing", async () => {
    const fail = () => {
      throw new Error("full disk");
    };
    const { api, clock, client, results } = rig({ logger: { warn: fail, error: fail } });
    api.before = (n) => (n === 0 ? { status: 500 } : undefined);
    track(client, 1);
    await clock.until(client.flush());
    want(results, 1, "accepted");
  });

  test("without randomness a call fails, and pauses are long", async () => {
    let works = true;
    const { api, clock, client, results } = rig({
      random: (bytes) => {
        if (!works) throw new Error("no entropy");
        bytes.fill(1);
      },
    });
    track(client, 1);
    works = false;
    assert.equal(client.track({ event: "e" })?.code, "hook_failed");
    assert.equal(
      client.track({ event: "e", eventId: "018f3a5c-7b1e-7cc0-8d5a-2f1e9b6c4d3a", tag: 1 }),
      undefined,
    );
    api.before = (n) => (n === 0 ? { status: 500 } : undefined);
    await clock.until(client.flush());
    want(results, 2, "accepted");
    assert.equal((api.requests[1]?.at ?? 0) - (api.requests[0]?.at ?? 0), 200);
  });
});

test("the clock may stand on a fraction, or go back", async () => {
  const clock = new FakeClock(Date.UTC(2024, 4, 1) + 0.5);
  const api = new FakeApi(() => clock.now());
  const client = new Client({
    endpoint: "https://api.example.com",
    apiKey: "k",
    clock,
    transport: api.transport,
  });
  track(client, 1);
  await clock.until(client.close());
  assert.equal(api.requests[0]?.items[0]?.timestamp, "2024-05-01T00:00:00.000000Z");
});

test("tags come back", async () => {
  const { clock, client, results } = rig();
  const tag = { line: 7 };
  client.createUser({ userId: "ada", tag });
  await clock.until(client.flush());
  assert.equal(byTag(results).get(tag)?.status, "accepted");
});
