// Runs the examples as they stand, against a stand-in for the API.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startCollector } from "./collector.mjs";

const path = (name) => fileURLToPath(new URL(`../examples/${name}.mjs`, import.meta.url));

function start(t, name, endpoint, more = {}) {
  const child = spawn(process.execPath, [path(name)], {
    env: { ...process.env, DATALOAF_ENDPOINT: endpoint, DATALOAF_API_KEY: "key", ...more },
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const run = { child, output: "" };
  child.stdout.on("data", (chunk) => (run.output += chunk));
  return run;
}

async function collector(t) {
  const started = await startCollector();
  t.after(started.stop);
  return started;
}

test("first-events", async (t) => {
  const { items, endpoint } = await collector(t);
  const run = start(t, "first-events", endpoint);
  assert.deepEqual(await once(run.child, "close"), [0, null]);
  assert.match(
    run.output,
    /^user_id_too_long: user_id has 300 bytes; an id has at most 256\naccepted 3, rejected 0, dropped 0\n$/,
  );
  assert.equal(items.length, 3);
});

test("lambda", async (t) => {
  const { items, endpoint } = await collector(t);
  process.env.DATALOAF_ENDPOINT = endpoint;
  process.env.DATALOAF_API_KEY = "key";
  const { handler } = await import("../examples/lambda.mjs");
  const context = { getRemainingTimeInMillis: () => 3000 };
  for (let n = 1; n <= 3; n++) {
    assert.deepEqual(await handler({ userId: "ada", amount: n }, context), { statusCode: 201 });
    assert.equal(items.length, n, "each invocation has sent its events when it ends");
  }
});

test("http-server", async (t) => {
  const { items, endpoint } = await collector(t);
  const run = start(t, "http-server", endpoint, { PORT: "0" });
  await once(run.child.stdout, "data");
  const port = /listening on (\d+)/.exec(run.output)[1];
  const response = await fetch(`http://127.0.0.1:${port}/bread?token=secret`, {
    headers: { "x-user": "ada" },
  });
  assert.equal(await response.text(), "fresh bread\n");
  run.child.kill("SIGTERM");
  assert.deepEqual(await once(run.child, "close"), [0, null]);
  const { event, user_id, properties } = items[0];
  assert.deepEqual(
    { event, user_id, ...properties, milliseconds: 0 },
    { event: "request served", user_id: "ada", method: "GET", route: "/bread", status: 200, milliseconds: 0 },
  );
});

test("import", async (t) => {
  const { items, endpoint } = await collector(t);
  const run = start(t, "import", endpoint);
  const lines = Array.from({ length: 2000 }, (_, n) =>
    JSON.stringify({ event: "loaf sold", properties: { n } }),
  );
  lines[6] = "{broken";
  lines[9] = '{"event":""}';
  run.child.stdin.end(lines.join("\n"));
  assert.deepEqual(await once(run.child, "close"), [1, null]);
  assert.match(run.output, /1998 of 2000 accepted/);
  assert.equal(items.length, 1998);
});
