import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RequestError } from "../src/index.js";
import { answers, byTag, longest, never, rejectsWith, rig, track, want, type Answer } from "./fake.js";

describe("delivery", () => {
  for (const status of ["broken", 408, 429, 500, 502, 503, 504] as const) {
    test(`${status} is retried`, async () => {
      const { api, clock, client, results } = rig();
      api.before = answers(status, status, status);
      track(client, 3);
      await clock.until(client.flush());
      want(results, 3, "accepted");
      assert.equal(api.requests.length, 4);
      for (const { body } of api.requests)
        assert.equal(body, api.requests[0]?.body, "a retry is another body");
      assert.equal(client.stats().retries, 3);
      assert.equal(client.stats().accepted, 3);
    });
  }

  test("pauses grow up to a cap", async () => {
    const halfway = (bytes: Uint8Array) => {
      bytes.fill(0);
      bytes[7] = 0x80;
    };
    const { api, clock, client, results } = rig({ random: halfway, maxRetryTime: 3_600_000 });
    api.before = answers(...Array.from({ length: 12 }, () => 503));
    track(client, 1);
    await clock.until(client.flush());
    want(results, 1, "accepted");
    const pauses = api.requests.slice(1).map(({ at }, i) => at - (api.requests[i]?.at ?? 0));
    assert.deepEqual(
      pauses,
      pauses.map((_, i) => Math.min(200 * 2 ** i, 30_000) / 2),
    );
  });

  for (const status of [429, 503]) {
    const cases: [string, (now: number) => string, number][] = [
      ["seconds", () => "7", 7_000],
      ["a date", (now) => new Date(now + 90_000).toUTCString(), 90_000],
      [
        "a date as asctime writes it",
        (now) => {
          const [day, date, month, year, time] = new Date(now + 90_000).toUTCString().split(/,? /);
          return `${day} ${month} ${String(Number(date)).padStart(2)} ${time} ${year}`;
        },
        90_000,
      ],
      ["a date that is past", (now) => new Date(now - 3_600_000).toUTCString(), 0],
      ["more than is allowed", () => "86400", 300_000],
      ["nonsense", () => "soon", 0],
      ["a number that Date.parse would take for a year", () => "2030-01-01", 0],
      ["negative", () => "-5", 0],
      ["nothing", () => "", 0],
    ];
    for (const [name, header, pause] of cases) {
      test(`Retry-After of ${status}: ${name}`, async () => {
        const { api, clock, client, results } = rig();
        api.before = (n) =>
          n === 0 ? { status, headers: { "Retry-After": header(clock.now()) } } : undefined;
        track(client, 1);
        await clock.until(client.flush());
        want(results, 1, "accepted");
        const [first = 0, second] = api.requests.map(({ at }) => at);
        assert.equal(second, first + pause);
      });
    }
  }

  test("retries end", async () => {
    const { api, clock, client, results, log } = rig({ maxRetryTime: 60_000, random: longest });
    api.before = () => ({ status: 500 });
    track(client, 5);
    const start = clock.now();
    await clock.until(client.flush());
    assert.ok(clock.now() - start <= 60_000);
    want(results, 5, "dropped");
    assert.equal(results[0]?.error?.code, "http_500");
    assert.match(log.text, /error dataloaf: messages are dropped, the retries are used up messages=5/);
    track(client, 1);
    const error = await rejectsWith(clock.until(client.close({ timeout: 120_000 })), "not_delivered");
    assert.match(error.message, /1 messages could not be delivered in 60000 ms of retries/);
  });

  const refusals: [number, string, string, RegExp][] = [
    [
      400,
      '{"error":{"code":"invalid_shape","message":"the body must be an object"}}',
      "invalid_shape",
      /the body must be an object/,
    ],
    [
      401,
      '{"error":{"code":"key_required","message":"send x-api-key"}}',
      "key_required",
      /send x-api-key; check apiKey/,
    ],
    [403, '{"message":"Forbidden"}', "http_403", /Forbidden; check apiKey/],
    [404, "404 page not found", "http_404", /check endpoint/],
    [301, "", "http_301", /check endpoint/],
    [415, "", "http_415", /Unsupported Media Type/],
    [413, '{"error":{"code":"body_too_large","message":"too large"}}', "body_too_large", /too large/],
  ];
  for (const [status, body, code, mentions] of refusals) {
    test(`${status} is not retried`, async () => {
      const { api, clock, client, results, log } = rig();
      api.before = () => ({ status, body, headers: { Location: "https://elsewhere.example.com/" } });
      track(client, status === 413 ? 1 : 4);
      await clock.until(client.flush());
      want(results, status === 413 ? 1 : 4, "rejected");
      for (const { error } of results) {
        assert.ok(error instanceof RequestError);
        assert.equal(error.status, status);
        assert.equal(error.code, code);
        assert.match(error.message, mentions);
      }
      assert.equal(api.requests.length, 1);
      assert.match(log.text, /^error /);
      assert.match(log.text, mentions);
    });
  }

  test("a batch that is too large is split", async () => {
    const { api, clock, client, results } = rig({ senders: 1 });
    api.before = (_, { ids, body }) =>
      ids.length <= 2 && !body.includes("huge")
        ? undefined
        : { status: 413, body: '{"error":{"code":"body_too_large","message":"too large"}}' };
    track(client, 11);
    client.track({ event: "huge", tag: 11 });
    await clock.until(client.flush());
    const told = byTag(results);
    assert.equal(told.size, 12);
    for (const [tag, { status, error }] of told) {
      assert.equal(status, tag === 11 ? "rejected" : "accepted");
      assert.equal(error?.code, tag === 11 ? "body_too_large" : undefined);
    }
  });

  test("partial rejections keep their messages, and what is unavailable goes again", async () => {
    const { api, clock, client, results } = rig();
    const tries = new Map<string, number>();
    api.refuse = (id) => {
      tries.set(id, (tries.get(id) ?? 0) + 1);
      if (id.endsWith("3")) return "properties_invalid";
      return id.endsWith("5") && (tries.get(id) ?? 0) < 4 ? "unavailable" : undefined;
    };
    track(client, 10); // ids end in 1 to a
    await clock.until(client.flush());
    const told = byTag(results);
    assert.equal(told.size, 10);
    for (const { message, status, error } of told.values()) {
      assert.ok(message.type === "event" && message.eventId);
      const bad = message.eventId.endsWith("3");
      assert.equal(status, bad ? "rejected" : "accepted");
      assert.equal(error?.code, bad ? "properties_invalid" : undefined);
      if (bad) assert.equal(error?.message, `refused ${message.eventId}`);
      assert.equal(tries.get(message.eventId), message.eventId.endsWith("5") ? 4 : 1);
    }
    const { accepted, rejected, pending } = client.stats();
    assert.deepEqual({ accepted, rejected, pending }, { accepted: 9, rejected: 1, pending: 0 });
  });

  test("an item that stays unavailable is dropped", async () => {
    const { api, clock, client, results } = rig({ random: longest });
    api.refuse = () => "unavailable";
    track(client, 2);
    await clock.until(client.flush());
    want(results, 2, "dropped");
    assert.equal(results[0]?.error?.code, "unavailable");
  });

  test("rejections are logged without a callback", async () => {
    const { api, clock, client, log } = rig({ callback: undefined });
    api.refuse = () => "key_invalid";
    track(client, 3);
    await clock.until(client.flush());
    assert.match(log.text, /error dataloaf: messages were rejected messages=3 code=key_invalid/);
  });

  for (const body of [
    "<html>Welcome</html>",
    "{}",
    '{"status":"ok"}',
    "",
    "[]",
    '{"accepted":2,"rejected":7}',
  ]) {
    test(`an answer of something else: ${body}`, async () => {
      const { api, clock, client, results } = rig();
      api.before = () => ({ status: 200, body });
      track(client, 2);
      await clock.until(client.flush());
      want(results, 2, "rejected");
      const error = results[0]?.error;
      assert.equal(error?.code, "not_dataloaf");
      assert.match(error.message, /check endpoint/);
    });
  }

  for (const body of [
    '{"accepted":0,"rejected":[]}',
    '{"accepted":3,"rejected":[]}',
    '{"accepted":1,"rejected":[{"index":2,"code":"x","message":"m"}]}',
    '{"accepted":1,"rejected":[{"index":-1,"code":"x","message":"m"}]}',
    '{"accepted":1,"rejected":[{"index":"0","code":"x","message":"m"}]}',
    '{"accepted":1,"rejected":[null]}',
    '{"accepted":0,"rejected":[{"index":1,"code":"x","message":"m"},{"index":1,"code":"x","message":"m"}]}',
  ]) {
    test(`an answer that does not add up is not believed: ${body}`, async () => {
      const { api, clock, client, results } = rig();
      api.before = (n) => (n === 0 ? { status: 202, body } : undefined);
      track(client, 2);
      await clock.until(client.flush());
      want(results, 2, "accepted");
      assert.equal(api.requests.length, 2);
    });
  }

  test("a server that never answers", async () => {
    const { api, clock, client, results } = rig({ requestTimeout: 10_000 });
    api.before = (n) => (n === 0 ? never<Answer>() : undefined);
    track(client, 1);
    const start = clock.now();
    await clock.until(client.flush());
    want(results, 1, "accepted");
    assert.equal(clock.now() - start, 10_000);
  });

  test("a transport that does not mind its signal holds nobody", async () => {
    const { clock, client, results } = rig({ transport: () => never() });
    track(client, 1);
    await rejectsWith(clock.until(client.close()), "not_delivered");
    want(results, 1, "dropped");
  });

  test("a transport that answers nonsense loses nothing", async () => {
    const { api, clock, client, results } = rig({
      transport: (url, request) =>
        api.requests.length > 0 || nonsense++ > 0
          ? api.transport(url, request)
          : Promise.resolve(undefined as never),
    });
    let nonsense = 0;
    track(client, 1);
    await clock.until(client.flush());
    want(results, 1, "accepted");
  });

  test("close says why before", async () => {
    const { api, clock, client, results } = rig({ random: longest });
    api.before = () => ({ status: 503 });
    track(client, 1);
    await rejectsWith(clock.until(client.close({ timeout: 1000 })), "not_delivered");
    const error = results[0]?.error;
    assert.equal(error?.code, "closed");
    assert.match(error.message, /answered 503/);
  });
});
