// Sends to a real stack: `loafctl dev` with its collection API, load and warehouse. LOAFCTL names the program, which
// scripts/build makes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Client } from "@dataloaf/node";

const loafctl = process.env.LOAFCTL ?? fileURLToPath(new URL("../../bin/loafctl", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "dataloaf-e2e-"));
const apiKey = "key-of-the-test";
let stack;
let endpoint;

before(async () => {
  assert.ok(existsSync(loafctl), `${loafctl} is missing; scripts/build loafctl makes it`);
  const flags = ["--addr", "127.0.0.1:0", "--data-dir", folder, "--api-key", apiKey, "--load-every", "200ms"];
  stack = spawn(loafctl, ["dev", ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  for await (const chunk of stack.stdout) {
    printed += chunk;
    endpoint = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
    if (endpoint) break;
  }
  assert.ok(endpoint, printed);
  // The iteration ended the stream; what comes later is read by nobody, and need not be.
});

after(async () => {
  const gone = once(stack, "close");
  stack.kill("SIGTERM");
  await gone;
  rmSync(folder, { recursive: true, force: true });
});

function open(results, more = {}) {
  return new Client({ endpoint, apiKey, callback: (result) => results.push(result), ...more });
}

test("what the SDK takes the API accepts", async () => {
  const results = [];
  const client = open(results);
  const values = [
    undefined,
    { amount: 12.5, big: 12345678901234567890n, huge: 1e308, tiny: 5e-324, minus: -0 },
    { text: 'Grüße 😀 "</b>" \u2028 \u0001', list: [undefined, null, [[[[[1]]]]]], when: new Date(0) },
    { k: "ü".repeat((32 << 10) / 2 - 4) },
    { ["é".repeat(200)]: true },
  ];
  for (const properties of values) {
    assert.equal(client.track({ event: "😀".repeat(200), userId: "ü".repeat(128), properties }), undefined);
  }
  assert.equal(client.track({ event: "e", timestamp: new Date(Date.now() + 86_300_000) }), undefined);
  assert.equal(client.createUser({ userId: "ada", attributes: { plan: "free", seats: 3 } }), undefined);
  assert.equal(client.updateUser({ userId: "ada", attributes: { plan: "pro", seats: null } }), undefined);
  for (let n = 0; n < 1200; n++) assert.equal(client.track({ event: "many", properties: { n } }), undefined);
  await client.close();
  assert.deepEqual(
    results.filter(({ status }) => status !== "accepted"),
    [],
  );
  assert.equal(results.length, values.length + 3 + 1200);
});

test("the items of the golden vectors fare as they say", async () => {
  const file = new URL("../../sdk-go/wire/testdata/vectors.json", import.meta.url);
  const results = [];
  const client = open(results);
  let taken = 0;
  for (const { body, call, accepted = [], rejected = [] } of JSON.parse(readFileSync(file, "utf8"))) {
    if (call !== "POST /v1/events" || accepted.length === 0) continue;
    const bad = new Set(rejected.map(({ index }) => index));
    JSON.parse(body).events.forEach((item, index) => {
      if (bad.has(index)) return;
      const { event, user_id, event_id, timestamp, properties } = item;
      assert.equal(
        client.track({ event, userId: user_id, eventId: event_id, timestamp, properties }),
        undefined,
      );
      taken++;
    });
  }
  assert.ok(taken > 5);
  await client.close();
  assert.equal(client.stats().accepted, taken);
  assert.equal(results.length, taken);
});

test("an event that is sent twice counts once", async () => {
  const event = {
    event: "once",
    eventId: "018f3a5c-7b1e-7cc0-8d5a-2f1e9b6c4d3b",
    timestamp: "2024-05-01T12:00:00.123456Z",
  };
  for (let i = 0; i < 2; i++) {
    const client = open([]);
    client.track(event);
    await client.close();
    assert.equal(client.stats().accepted, 1);
  }
  const running = JSON.parse(readFileSync(join(folder, "running.json"), "utf8"));
  assert.ok(running.pid > 0);
  // The load follows by itself; query answers once it has run.
  let count;
  for (let tries = 0; tries < 100 && count !== 1; tries++) count = await countOf("once");
  assert.equal(count, 1);
});

async function countOf(event) {
  const question = {
    range: { from: "2024-05-01", to: "2024-05-01" },
    interval: "day",
    series: [{ event, aggregation: { type: "total" } }],
  };
  const child = spawn(loafctl, ["query", "--data-dir", folder, "--format", "json", "-"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.end(JSON.stringify(question));
  let printed = "";
  for await (const chunk of child.stdout) printed += chunk;
  try {
    return JSON.parse(printed).series[0].count;
  } catch {
    return undefined; // there is no data yet
  }
}

test("a wrong key is told, and not retried", async () => {
  const results = [];
  const lines = [];
  const logger = { warn: () => {}, error: (message) => lines.push(message) };
  const client = open(results, { apiKey: "wrong", logger });
  client.track({ event: "e" });
  await client.close();
  assert.equal(results[0].status, "rejected");
  assert.equal(results[0].error.code, "key_wrong");
  assert.match(results[0].error.message, /check apiKey/);
  assert.equal(client.stats().retries, 0);
  assert.deepEqual(lines, ["dataloaf: messages were rejected"]);
});
