import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { Client, type Config, type Result } from "../src/index.js";
import { Broken, FakeApi, Log, byTag, draws, steady, track, want } from "./fake.js";

// What is awaited here is the network, not the clock: pauses are zero.

/** Serves the fake API on a real port. */
async function serve(
  t: TestContext,
  api: FakeApi,
  cut: (response: ServerResponse) => void = cutAtOnce,
): Promise<string> {
  const server = createServer((request, response) => {
    void answer(api, request, response).catch(() => cut(response));
  });
  return listen(t, server);
}

async function listen(t: TestContext, server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function answer(api: FakeApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = request.headers as Record<string, string>;
  const call = `${request.method ?? ""} ${request.url ?? ""}`;
  const { status, headers: answered = {}, body } = await api.handle(call, headers, Buffer.concat(chunks));
  response.writeHead(status, answered).end(body);
}

function cutAtOnce(response: ServerResponse): void {
  response.socket?.destroy();
}

function cutInTheHead(response: ServerResponse): void {
  response.socket?.end("HTTP/1.1 202 Acc");
}

function cutInTheBody(response: ServerResponse): void {
  response.writeHead(202, { "Content-Length": "100" });
  response.write('{"accepted":', () => response.socket?.destroy());
}

function open(
  endpoint: string,
  change: Partial<Config> = {},
): { client: Client; results: Result[]; log: Log } {
  const results: Result[] = [];
  const log = new Log();
  const client = new Client({
    endpoint,
    apiKey: "key-1",
    callback: (result) => results.push(result),
    random: steady(),
    logger: log,
    ...change,
  });
  return { client, results, log };
}

describe("over the network", () => {
  for (const [name, cut] of [
    ["no answer", cutAtOnce],
    ["half a head", cutInTheHead],
    ["half a body", cutInTheBody],
  ] as const) {
    test(`connections that are cut: ${name}`, async (t) => {
      const api = new FakeApi();
      api.before = (n) => {
        if (n < 3) throw new Broken();
        return undefined;
      };
      const { client, results } = open(await serve(t, api, cut));
      track(client, 20);
      await client.close();
      want(results, 20, "accepted");
      assert.ok(api.requests.length >= 4);
    });
  }

  test("a batch over a real connection, packed, with its headers", async (t) => {
    const api = new FakeApi();
    const { client, results } = open(await serve(t, api));
    track(client, 250, { properties: { k: "ü".repeat(50) } });
    await client.close();
    want(results, 250, "accepted");
    const headers = api.requests[0]?.headers ?? {};
    assert.equal(headers["content-encoding"], "gzip");
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["dataloaf-wire-version"], "1");
    assert.equal(headers["x-api-key"], "key-1");
  });

  test("a redirect is not followed", async (t) => {
    const api = new FakeApi();
    api.before = () => ({ status: 307, headers: { Location: "/elsewhere" } });
    const { client, results } = open(await serve(t, api));
    track(client, 2);
    await client.close();
    want(results, 2, "rejected");
    assert.equal(results[0]?.error?.code, "http_307");
    assert.equal(api.requests.length, 1);
  });

  test("nobody listens", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { client, results } = open(`http://127.0.0.1:${port}`, {
      maxRetryTime: 1,
      random: (bytes) => bytes.fill(0xff),
    });
    track(client, 3);
    await client.flush();
    want(results, 3, "dropped");
    const error = results[0]?.error;
    assert.equal(error?.code, "network");
    assert.match(error.message, /ECONNREFUSED/);
    await client.close();
  });

  test("a half-open connection ends by the request's time", async (t) => {
    // It accepts and reads, and never answers; the next connection is served.
    const api = new FakeApi();
    const real = new URL(await serve(t, api));
    const sockets: Socket[] = [];
    let first = true;
    const endpoint = await listen(
      t,
      createTcpServer((socket) => {
        sockets.push(socket);
        socket.on("error", () => undefined);
        if (first) {
          first = false;
          socket.resume();
          return;
        }
        const onward = connect(Number(real.port), real.hostname);
        onward.on("error", () => socket.destroy());
        socket.pipe(onward).pipe(socket);
      }),
    );
    t.after(() => sockets.forEach((socket) => socket.destroy()));
    const { client, results, log } = open(endpoint, { requestTimeout: 100 });
    track(client, 3);
    await client.flush();
    want(results, 3, "accepted");
    assert.match(log.text, /no answer within 100 ms/);
    await client.close();
  });

  test("a slow server does not slow the caller", async (t) => {
    const api = new FakeApi();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    api.before = async () => {
      await gate;
      return undefined;
    };
    const { client, results } = open(await serve(t, api), { maxBatchItems: 10 });
    track(client, 500); // returns while no request has been answered
    assert.equal(client.stats().pending, 500);
    release();
    await client.close();
    want(results, 500, "accepted");
  });

  for (let seed = 0; seed < 6; seed++) {
    test(`nothing is lost or told twice: seed ${seed}`, async (t) => {
      const draw = draws(seed);
      const api = new FakeApi();
      api.before = (_, { ids }) => {
        switch (draw(12)) {
          case 0:
          case 1:
          case 2:
            throw new Broken();
          case 3:
            return { status: [408, 429, 500, 502, 503][draw(5)] ?? 500 };
          case 4:
            return ids.length === 1 ? undefined : { status: 413 };
          default:
            return undefined;
        }
      };
      api.lose = () => draw(10) === 0;
      api.refuse = (id) => {
        if (id.endsWith("7")) return "key_invalid"; // bad stays bad, however often it comes
        return draw(20) === 0 && !api.stored.has(id) ? "unavailable" : undefined;
      };
      const cuts = [cutAtOnce, cutInTheHead, cutInTheBody];
      const endpoint = await serve(t, api, (response) => (cuts[draw(3)] ?? cutAtOnce)(response));
      const { client, results } = open(endpoint, { maxBatchItems: 7, maxQueueItems: 40 });
      const writers = Array.from({ length: 8 }, async (_, w) => {
        for (let i = 0; i < 30; i++) await client.enqueueWait({ type: "event", event: "e", tag: w * 30 + i });
      });
      await Promise.all([...writers, client.flush(), client.flush()]);
      await client.close();
      const told = byTag(results);
      assert.equal(told.size, 240);
      for (const { message, status } of told.values()) {
        assert.ok(message.type === "event");
        assert.equal(status === "accepted", api.stored.has(message.eventId ?? ""), message.eventId ?? "");
      }
    });
  }
});
