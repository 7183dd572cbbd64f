import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ItemError, type Event, type Message, type Update, type User } from "../src/index.js";
import { longest, rig, track } from "./fake.js";

const KiB32 = 32 << 10;
const now = Date.UTC(2024, 4, 1, 12);
const hour = 3_600_000;

function nested(levels: number): object {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = { k: value };
  return value as object;
}

function arrays(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

/** Properties whose JSON has so many bytes. */
function padded(size: number): object {
  return { k: "x".repeat(size - '{"k":""}'.length) };
}

/** Sends one message and gives the item that the API got. */
async function sent(message: Message): Promise<Record<string, unknown>> {
  const { api, clock, client } = rig();
  assert.equal(client.enqueue(message), undefined);
  await clock.until(client.close());
  return api.requests[0]?.items[0] ?? {};
}

/** A message of a program without types. */
const untyped = (message: unknown) => message as Message;
const event = (more: object) => untyped({ type: "event", event: "e", ...more });
const properties = (value: unknown) => event({ properties: value });
const update = (more: object) => untyped({ type: "update", userId: "u", ...more });

describe("what breaks the rules is refused at the call", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const lone = "caf\ud83d";
  const cases: [string, Message, string, string][] = [
    ["nothing", untyped(undefined), "item_invalid", ""],
    ["null", untyped(null), "item_invalid", ""],
    ["text", untyped("e"), "item_invalid", ""],
    ["no type", untyped({ event: "e" }), "item_invalid", "type"],
    ["an inherited type", untyped({ type: "toString" }), "item_invalid", "type"],
    ["a field of the API's name", event({ user_id: "u" }), "unknown_field", "user_id"],
    ["a field of another message", event({ attributes: {} }), "unknown_field", "attributes"],
    ["no name", untyped({ type: "event" }), "event_required", "event"],
    ["a name that is null", event({ event: null }), "event_required", "event"],
    ["an empty name", event({ event: "" }), "event_invalid", "event"],
    ["a name that is a number", event({ event: 7 }), "event_invalid", "event"],
    ["a long name", event({ event: "x".repeat(201) }), "event_too_long", "event"],
    ["half a pair in the name", event({ event: lone }), "invalid_utf8", "event"],
    ["the other half", event({ event: "\ude00" }), "invalid_utf8", "event"],
    ["halves in the wrong order", event({ event: "\ude00\ud83d" }), "invalid_utf8", "event"],
    ["NUL in the name", event({ event: "a\0" }), "nul_character", "event"],
    ["an id that is none", event({ eventId: "1" }), "event_id_invalid", "event_id"],
    ["an id that is a number", event({ eventId: 1 }), "event_id_invalid", "event_id"],
    [
      "an id without hyphens",
      event({ eventId: "018f3a5c7b1e7cc08d5a2f1e9b6c4d3a" }),
      "event_id_invalid",
      "event_id",
    ],
    ["a long user id", event({ userId: "ü".repeat(128) + "x" }), "user_id_too_long", "user_id"],
    ["an empty user id", event({ userId: "" }), "user_id_invalid", "user_id"],
    ["a user id that is a number", event({ userId: 7 }), "user_id_invalid", "user_id"],
    ["NUL in the user id", event({ userId: "\0" }), "nul_character", "user_id"],
    [
      "a time in the future",
      event({ timestamp: new Date(now + 24 * hour + 1) }),
      "timestamp_out_of_range",
      "timestamp",
    ],
    ["a time before 1970", event({ timestamp: new Date(-1) }), "timestamp_out_of_range", "timestamp"],
    [
      "a time in the year 99",
      event({ timestamp: "0099-01-01T00:00:00Z" }),
      "timestamp_out_of_range",
      "timestamp",
    ],
    [
      "1970 with an offset",
      event({ timestamp: "1970-01-01T00:00:00+00:01" }),
      "timestamp_out_of_range",
      "timestamp",
    ],
    ["an invalid Date", event({ timestamp: new Date(NaN) }), "timestamp_invalid", "timestamp"],
    ["a time that is a number", event({ timestamp: now }), "timestamp_invalid", "timestamp"],
    ["a time that is a date", event({ timestamp: "2024-05-01" }), "timestamp_invalid", "timestamp"],
    [
      "a time without an offset",
      event({ timestamp: "2024-05-01T11:00:00" }),
      "timestamp_invalid",
      "timestamp",
    ],
    ["a comma in the time", event({ timestamp: "2024-05-01T11:00:00,5Z" }), "timestamp_invalid", "timestamp"],
    ["no such day", event({ timestamp: "2023-02-29T00:00:00Z" }), "timestamp_invalid", "timestamp"],
    ["month 0", event({ timestamp: "2023-00-10T00:00:00Z" }), "timestamp_invalid", "timestamp"],
    ["hour 24", event({ timestamp: "2024-05-01T24:00:00Z" }), "timestamp_invalid", "timestamp"],
    [
      "an offset of 24 hours",
      event({ timestamp: "2024-05-01T11:00:00+24:00" }),
      "timestamp_invalid",
      "timestamp",
    ],
    [
      "an offset without a colon",
      event({ timestamp: "2024-05-01T11:00:00+0200" }),
      "timestamp_invalid",
      "timestamp",
    ],
    ["an empty fraction", event({ timestamp: "2024-05-01T11:00:00.Z" }), "timestamp_invalid", "timestamp"],
    ["a user without an id", untyped({ type: "user" }), "user_id_required", "user_id"],
    [
      "a user of the future",
      untyped({ type: "user", userId: "u", createdAt: new Date(now + 25 * hour) }),
      "timestamp_out_of_range",
      "created_at",
    ],
    ["an update without an id", untyped({ type: "update" }), "user_id_required", "user_id"],
    ["an update of no time", update({ updatedAt: "yesterday" }), "timestamp_invalid", "updated_at"],
    ["properties too large", properties(padded(KiB32 + 1)), "properties_too_large", "properties"],
    [
      "properties too large in bytes",
      properties({ k: "ü".repeat(KiB32 / 2) }),
      "properties_too_large",
      "properties",
    ],
    [
      "properties of a million",
      properties({ list: Array.from({ length: 1_000_000 }, () => []) }),
      "properties_too_large",
      "properties",
    ],
    ["properties as a list", properties([1]), "properties_invalid", "properties"],
    ["properties as text", properties("{}"), "properties_invalid", "properties"],
    ["properties as a function", properties(() => 1), "properties_invalid", "properties"],
    ["properties as a Date", properties(new Date(0)), "properties_invalid", "properties"],
    ["properties as a Map", properties(new Map()), "properties_invalid", "properties"],
    ["a function", properties({ a: { f: () => 1 } }), "properties_invalid", "properties.a.f"],
    ["a symbol", properties({ s: Symbol("s") }), "properties_invalid", "properties.s"],
    ["a Set", properties({ s: new Set([1]) }), "properties_invalid", "properties.s"],
    ["a promise", properties({ p: Promise.resolve(1) }), "properties_invalid", "properties.p"],
    ["an invalid Date inside", properties({ d: new Date(NaN) }), "properties_invalid", "properties.d"],
    [
      "a getter that throws",
      properties({
        get g(): never {
          throw new Error("lazy");
        },
      }),
      "properties_invalid",
      "properties.g",
    ],
    [
      "a toJSON that throws",
      properties({
        t: {
          toJSON: () => {
            throw new Error("no");
          },
        },
      }),
      "properties_invalid",
      "properties.t",
    ],
    [
      "an object that holds itself",
      properties(circle),
      "properties_too_deep",
      "properties" + ".self".repeat(8),
    ],
    ["nine levels", properties(nested(9)), "properties_too_deep", "properties" + ".k".repeat(8)],
    ["nine levels of arrays", properties({ k: arrays(8) }), "properties_too_deep", "properties.k"],
    ["NaN", properties({ n: NaN }), "number_out_of_range", "properties.n"],
    [
      "infinity in a list",
      properties({ cart: { prices: [1, -Infinity] } }),
      "number_out_of_range",
      "properties.cart.prices",
    ],
    ["a bigint beyond a double", properties({ n: 10n ** 400n }), "number_out_of_range", "properties.n"],
    ["half a pair in a value", properties({ k: lone }), "invalid_utf8", "properties.k"],
    ["half a pair in a key", properties({ a: { [lone]: 1 } }), "invalid_utf8", "properties.a"],
    ["NUL in a value", properties({ a: ["x\0"] }), "nul_character", "properties.a"],
    ["NUL in a key", properties({ "a\0": 1 }), "nul_character", "properties"],
    ["an empty key", properties({ "": 1 }), "key_invalid", "properties"],
    ["a long key", properties({ a: { ["é".repeat(201)]: 1 } }), "key_invalid", "properties.a"],
    ["attributes as a number", update({ attributes: 7 }), "attributes_invalid", "attributes"],
    ["attributes too large", update({ attributes: padded(KiB32 + 1) }), "attributes_too_large", "attributes"],
    [
      "attributes too deep",
      update({ attributes: circle }),
      "attributes_too_deep",
      "attributes" + ".self".repeat(8),
    ],
  ];
  for (const [name, message, code, field] of cases) {
    test(name, () => {
      const { client, log } = rig();
      const error = client.enqueue(message);
      assert.ok(error instanceof ItemError, String(error));
      assert.equal(error.code, code);
      assert.equal(error.field, field);
      assert.ok(error.message.includes(field.slice(0, 100)), error.message);
      assert.equal(client.stats().enqueued, 0);
      assert.equal(client.stats().invalid, 1);
      assert.match(log.text, new RegExp(`^error dataloaf: a message was not taken code=${code}`));
    });
  }

  test("track, createUser and updateUser refuse, too", () => {
    const { client } = rig();
    assert.equal(client.track(undefined as unknown as Event)?.code, "item_invalid");
    assert.equal(client.createUser({} as User)?.code, "user_id_required");
    assert.equal(client.updateUser({} as Update)?.code, "user_id_required");
  });
});

describe("what keeps the rules is taken", () => {
  const cases: [string, Message][] = [
    ["a name of 200 characters", event({ event: "ü".repeat(200) })],
    ["a name of 200 pairs", event({ event: "😀".repeat(200) })],
    ["a user id of 256 bytes", event({ userId: "ü".repeat(128) })],
    ["nulls", event({ userId: null, eventId: null, timestamp: null, properties: null, tag: null })],
    ["32 KiB", properties(padded(KiB32))],
    ["32 KiB of many", properties({ list: Array.from({ length: (KiB32 - 10) / 2 }, () => 1) })],
    ["32 KiB in two-byte characters", properties({ k: "ü".repeat((KiB32 - 8) / 2) })],
    ["eight levels", properties(nested(8))],
    ["arrays as levels", properties({ k: arrays(7) })],
    ["a key of 200", properties({ ["é".repeat(200)]: 1 })],
    ["a backslash before u0000", properties({ a: "\\u0000" })],
    ["24 h ahead", event({ timestamp: new Date(now + 24 * hour) })],
    ["1970", event({ timestamp: new Date(0) })],
  ];
  for (const [name, message] of cases) {
    test(name, () => {
      const { client } = rig();
      assert.equal(client.enqueue(message), undefined);
    });
  }
});

describe("what is sent", () => {
  test("an event in full, byte for byte", async () => {
    const { api, clock, client } = rig();
    client.track({
      event: 'Grüße 😀 "</b>" \t',
      eventId: "018F3A5C-7B1E-7CC0-8D5A-2F1E9B6C4D3A",
      userId: "ada",
      timestamp: "2024-05-01T13:30:00.1234567+05:30",
      properties: { amount: 12.5, express: true, none: null },
      tag: "stays here",
    });
    client.createUser({ userId: "ada", createdAt: new Date(now - 1) });
    client.updateUser({ userId: "ada", attributes: { plan: null } });
    await clock.until(client.close());
    assert.deepEqual(
      api.requests.map(({ call, body }) => [call, body]),
      [
        [
          "POST /v1/events",
          '{"events":[{"event_id":"018f3a5c-7b1e-7cc0-8d5a-2f1e9b6c4d3a","event":"Grüße 😀 \\"</b>\\" \\t","user_id":"ada","timestamp":"2024-05-01T08:00:00.123456Z","properties":{"amount":12.5,"express":true,"none":null}}]}',
        ],
        [
          "POST /v1/users",
          '{"users":[{"user_id":"ada","created_at":"2024-05-01T11:59:59.999000Z","attributes":{}}]}',
        ],
        [
          "PATCH /v1/users",
          '{"users":[{"user_id":"ada","attributes":{"plan":null},"updated_at":"2024-05-01T12:00:00.000000Z"}]}',
        ],
      ],
    );
  });

  test("id and time are those of the call", async () => {
    const { api, clock, client, results } = rig({ random: longest, flushInterval: 5000 });
    const time = now.toString(16).padStart(12, "0");
    const id = `${time.slice(0, 8)}-${time.slice(8)}-7fff-bfff-ffffffffffff`;
    track(client, 1);
    await clock.advance(4000);
    await clock.until(client.close());
    assert.deepEqual(api.requests[0]?.items[0], {
      event_id: id,
      event: "e",
      timestamp: "2024-05-01T12:00:00.000000Z",
      properties: {},
    });
    const message = results[0]?.message;
    assert.ok(message?.type === "event");
    assert.equal(message.eventId, id);
    assert.deepEqual(message.timestamp, new Date(now));
  });

  test("a dropped message is the same event when it is enqueued again", async () => {
    const { api, clock, client, results } = rig({ maxRetryTime: 1, random: longest });
    api.before = (n) => (n === 0 ? { status: 500 } : undefined);
    client.track({ event: "e" });
    await clock.until(client.flush());
    const [first] = results;
    assert.ok(first?.status === "dropped");
    await clock.advance(60_000);
    assert.equal(client.enqueue(first.message), undefined);
    await clock.until(client.flush());
    assert.equal(api.requests.length, 2);
    assert.equal(api.requests[0]?.body, api.requests[1]?.body);
  });

  test("ids are unique, in order of time and of version 7", async () => {
    const { api, clock, client } = rig({ random: undefined, maxBatchItems: 500 });
    for (let i = 0; i < 1000; i++) {
      await clock.advance(1);
      client.track({ event: "e" });
    }
    await clock.until(client.flush());
    const ids = api.requests.flatMap((r) => r.ids);
    assert.equal(new Set(ids).size, 1000);
    assert.deepEqual(ids, [...ids].sort());
    for (const id of ids)
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("properties are what JSON.stringify writes", async () => {
    class Order {
      total = 12.5;
      #secret = 1;
      get secret(): number {
        return this.#secret;
      }
    }
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    const value = {
      nothing: undefined,
      none: null,
      yes: true,
      text: 'rye <b> & \u2028 "crust" \u007f \u001f',
      numbers: [0, -0, 1e21, 1e-7, 5e-324, 0.1, -3, 2 ** 53],
      list: [undefined, [], {}, [1, "two", null]],
      date: new Date(now),
      url: new URL("https://example.com/a"),
      json: { toJSON: (key: string) => `of ${key}` },
      gone: { toJSON: () => undefined },
      bytes: Buffer.from("ab"),
      boxed: [new Number(1), new String("s"), new Boolean(false)],
      order: new Order(),
      bare,
      ["__proto__"]: 1,
      constructor: 2,
    };
    const item = await sent(properties(value));
    assert.deepEqual(item.properties, JSON.parse(JSON.stringify(value)));
    assert.equal(JSON.stringify(item.properties), JSON.stringify(value));
  });

  test("a bigint keeps its digits", async () => {
    const { api, clock, client } = rig();
    client.track({ event: "e", properties: { a: 12345678901234567890n, b: -1n, c: 10n ** 40n } });
    await clock.until(client.close());
    assert.ok(api.requests[0]?.body.includes('"properties":{"a":12345678901234567890,"b":-1,"c":1e+40}'));
  });

  test("what a message refers to may be changed after the call", async () => {
    const { api, clock, client } = rig();
    const shared = { n: 1 };
    const message = { event: "e", properties: shared };
    client.track(message);
    shared.n = 2;
    message.event = "f";
    await clock.until(client.close());
    const item = api.requests[0]?.items[0];
    assert.deepEqual(item?.properties, { n: 1 });
    assert.equal(item.event, "e");
  });
});
