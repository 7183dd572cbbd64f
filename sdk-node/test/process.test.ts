import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { realDisk } from "../src/disk.js";
import { handleExit, type Closable, type ProcessLike } from "../src/exit.js";
import { Client } from "../src/index.js";
import { FakeApi, Log, never, rig, track, turns } from "./fake.js";

class FakeProcess extends EventEmitter implements ProcessLike {
  readonly pid = 7;
  readonly killed: string[] = [];

  kill(pid: number, signal: string): void {
    this.killed.push(`${pid} ${signal}`);
  }
}

/** A client whose close and flush end when the test says so. */
class Stub implements Closable {
  readonly calls: string[] = [];
  pending = 1;
  end: () => void = () => undefined;

  #call(name: string): Promise<void> {
    this.calls.push(name);
    return new Promise((resolve) => (this.end = resolve));
  }

  flush(): Promise<void> {
    return this.#call("flush");
  }

  close(): Promise<void> {
    return this.#call("close");
  }

  stats(): { pending: number } {
    return { pending: this.pending };
  }
}

describe("handleExit", () => {
  test("SIGTERM closes, and then ends the process", async () => {
    const process = new FakeProcess();
    const stub = new Stub();
    handleExit(stub, process, new Log());
    process.emit("SIGTERM");
    assert.deepEqual(stub.calls, ["close"]);
    assert.deepEqual(process.killed, []);
    stub.end();
    await turns();
    assert.deepEqual(process.killed, ["7 SIGTERM"]);
    assert.equal(process.listenerCount("SIGTERM"), 0);
  });

  test("a second SIGTERM does not wait", () => {
    const process = new FakeProcess();
    handleExit(new Stub(), process, new Log());
    process.emit("SIGTERM");
    process.emit("SIGTERM");
    assert.deepEqual(process.killed, ["7 SIGTERM"]);
  });

  test("of two clients the later ends the process", async () => {
    const process = new FakeProcess();
    const [first, second] = [new Stub(), new Stub()];
    handleExit(first, process, new Log());
    handleExit(second, process, new Log());
    process.emit("SIGTERM");
    first.end();
    await turns();
    assert.deepEqual(process.killed, []);
    second.end();
    await turns();
    assert.deepEqual(process.killed, ["7 SIGTERM"]);
  });

  test("a program with a listener of its own decides itself", async () => {
    const process = new FakeProcess();
    const stub = new Stub();
    process.on("SIGTERM", () => undefined);
    handleExit(stub, process, new Log());
    process.emit("SIGTERM");
    assert.deepEqual(stub.calls, ["flush"]);
    stub.end();
    await turns();
    assert.deepEqual(process.killed, []);
    process.emit("SIGTERM");
    assert.deepEqual(stub.calls, ["flush", "flush"]);
  });

  test("beforeExit delivers what is queued, and only then", async () => {
    const process = new FakeProcess();
    const stub = new Stub();
    const forget = handleExit(stub, process, new Log());
    process.emit("beforeExit");
    assert.deepEqual(stub.calls, ["flush"]);
    stub.end();
    await turns();
    stub.pending = 0;
    process.emit("beforeExit");
    assert.deepEqual(stub.calls, ["flush"]);
    forget();
    assert.equal(process.listenerCount("beforeExit") + process.listenerCount("SIGTERM"), 0);
  });

  test("what cannot be delivered does not keep the process", async () => {
    const process = new FakeProcess();
    const log = new Log();
    const { api, clock, client, results } = rig({ handleExit: false });
    api.before = () => never();
    handleExit(client, process, log);
    track(client, 1);
    process.emit("beforeExit");
    await clock.advance(30_001);
    assert.equal(results[0]?.status, "dropped");
    assert.match(log.text, /not all was delivered at the end/);
  });

  test("close takes the listeners away", async () => {
    const before = process.listenerCount("SIGTERM") + process.listenerCount("beforeExit");
    const { client } = rig({ handleExit: true });
    assert.equal(process.listenerCount("SIGTERM") + process.listenerCount("beforeExit"), before + 2);
    await client.close();
    assert.equal(process.listenerCount("SIGTERM") + process.listenerCount("beforeExit"), before);
  });
});

/** Serves a fake API; gives its address. */
async function serve(t: TestContext, api: FakeApi): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const call = `${request.method ?? ""} ${request.url ?? ""}`;
      void api
        .handle(call, {}, Buffer.concat(chunks))
        .then(({ status, body }) => response.writeHead(status).end(body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "dataloaf-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Runs a program with a client; what it prints is gathered. */
function start(
  t: TestContext,
  options: object,
  program: string,
): { child: ChildProcess; output: () => string } {
  const source = new URL("../src/index.js", import.meta.url).href;
  const code = `import { Client } from ${JSON.stringify(source)};
    const client = new Client(${JSON.stringify({ apiKey: "k", ...options })});
    ${program}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { child, output: () => text };
}

async function ended(child: ChildProcess): Promise<string> {
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return signal ?? String(code);
}

describe("real processes", () => {
  test("a program ends although its client is open", async (t) => {
    const endpoint = await serve(t, new FakeApi());
    const { child, output } = start(
      t,
      { endpoint, flushInterval: 3_600_000 },
      `client.track({ event: "e" });`,
    );
    assert.equal(await ended(child), "0", output());
  });

  test("with handleExit nothing is lost at its end", async (t) => {
    const api = new FakeApi();
    const options = { endpoint: await serve(t, api), flushInterval: 3_600_000, handleExit: true };
    const { child, output } = start(
      t,
      options,
      `for (let i = 0; i < 250; i++) client.track({ event: "e" });`,
    );
    assert.equal(await ended(child), "0", output());
    assert.equal(api.stored.size, 250);
  });

  test("a flush keeps the process alive through a pause", async (t) => {
    const api = new FakeApi();
    api.before = (n) => (n < 2 ? { status: 503 } : undefined);
    const { child, output } = start(
      t,
      { endpoint: await serve(t, api) },
      `client.track({ event: "e" }); await client.flush(); console.log(client.stats().accepted);`,
    );
    assert.equal(await ended(child), "0", output());
    assert.match(output(), /^1$/m);
  });

  test("SIGTERM delivers what is queued", { skip: process.platform === "win32" }, async (t) => {
    const api = new FakeApi();
    const options = { endpoint: await serve(t, api), flushInterval: 3_600_000, handleExit: true };
    const { child } = start(
      t,
      options,
      `client.track({ event: "e" }); setInterval(() => {}, 1000); console.log("up");`,
    );
    await once(child.stdout as NonNullable<typeof child.stdout>, "data");
    child.kill("SIGTERM");
    assert.equal(await ended(child), "SIGTERM");
    assert.equal(api.stored.size, 1);
  });

  test("a killed process leaves its spool to the next", async (t) => {
    const api = new FakeApi();
    const dir = folder(t);
    const endpoint = await serve(t, api);
    const taken: string[] = [];
    for (let round = 0; round < 5; round++) {
      api.before = () => ({ status: 503 });
      const { child } = start(
        t,
        { endpoint, spool: { dir } },
        `for (let i = 0; ; i++) {
          const eventId = crypto.randomUUID();
          if (client.track({ event: "e", eventId }) === undefined) process.stdout.write(eventId + "\\n");
          if (i % 10 === 0) await new Promise(setImmediate);
        }`.replace("crypto.", `(await import("node:crypto")).`),
      );
      let printed = "";
      for await (const chunk of child.stdout as NonNullable<typeof child.stdout>) {
        printed += (chunk as Buffer).toString();
        if (printed.length > 37 * (20 + 50 * round)) child.kill("SIGKILL");
      }
      taken.push(...printed.split("\n").filter((line) => line.length === 36));
    }
    assert.ok(taken.length > 500);
    api.before = () => undefined;
    const client = new Client({ endpoint, apiKey: "k", spool: { dir }, logger: new Log() });
    assert.ok(client.stats().recovered >= taken.length);
    await client.close();
    for (const id of taken) assert.ok(api.stored.has(id), `${id} is lost`);
    assert.deepEqual(readdirSync(dir), []);
  });
});

describe("the lock of a folder", () => {
  test("is held, released, and taken from one who is gone", (t) => {
    const path = join(folder(t), "lock");
    const unlock = realDisk.lock(path);
    assert.throws(() => realDisk.lock(path), { code: "spool_in_use" });
    unlock();
    for (const gone of [
      { pid: 2 ** 22 + 1, started: "" }, // above what Linux gives
      { pid: process.pid, started: "of an earlier start" },
      "no JSON",
      {},
    ]) {
      writeFileSync(path, typeof gone === "string" ? gone : JSON.stringify(gone));
      realDisk.lock(path)();
    }
    assert.deepEqual(readdirSync(join(path, "..")), []);
  });
});
