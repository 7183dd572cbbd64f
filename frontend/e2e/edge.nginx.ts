import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect as connectTLS } from "node:tls";
import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { Nginx, Upstream, type Question, type Reply } from "./nginx";
import { Server } from "./server";

const policyHeaders = [
  "content-security-policy",
  "x-content-type-options",
  "referrer-policy",
  "cross-origin-opener-policy",
  "cross-origin-resource-policy",
];

/** Every value of a header, as it came. */
function values(reply: Reply, name: string): string[] {
  return reply.rawHeaders.filter(([found]) => found === name).map(([, value]) => value);
}

async function assets(): Promise<string[]> {
  return readdir(resolve(import.meta.dirname, "../../insights-server/page/dist/assets"));
}

test.describe("before a real server", () => {
  let server: Server;
  let nginx: Nginx;

  test.beforeAll(async () => {
    server = await Server.start();
    nginx = await Nginx.start({ tls: "self-signed", upstream: new URL(server.url).host });
  });
  test.afterAll(async () => {
    await nginx.stop();
    await server.stop();
    // A warning of nginx, or an error at "crit", would stand here.
    expect(nginx.said).toBe("");
  });

  test("every answer has the server's policy, once", async () => {
    const direct = await fetch(`${server.url}/api/v1/session`);
    const [asset] = await assets();
    const asked: [number, string, Question?][] = [
      [200, "/"],
      [200, "/explore?event=x"],
      [200, `/assets/${asset}`],
      [200, "/favicon.svg"],
      [200, "/healthz"],
      [200, "/readyz"],
      [301, "/explore", { plain: true }],
      [401, "/api/v1/session"],
      [401, "/api/v1/no-such-call"],
      [404, "/api/no-such-version"],
      [404, "/assets/no-such-file.js"],
      [404, "/no-such-file.css"],
      [404, "/metrics"],
      [405, "/explore", { method: "POST" }],
      [405, "/assets/x.js", { method: "DELETE" }],
      [413, "/api/v1/query", { method: "POST", body: "x".repeat(300 * 1024) }],
      [414, `/api/v1/${"x".repeat(9000)}`],
      [431, "/api/v1/session", { headers: { Cookie: "x".repeat(9000) } }],
    ];
    for (const [status, path, question] of asked) {
      await test.step(`${status} ${path.slice(0, 40)}`, async () => {
        const reply = await nginx.ask(path, question);
        expect(reply.status).toBe(status);
        for (const header of policyHeaders) {
          expect(values(reply, header)).toEqual([direct.headers.get(header)]);
        }
        for (const once of ["cache-control", "x-request-id"]) expect(values(reply, once)).toHaveLength(1);
        expect(values(reply, "server")).toEqual(["nginx"]);
        // A browser would not let its user past the warning any more.
        expect(values(reply, "strict-transport-security")).toEqual([]);
      });
    }
  });

  test("tells files, views and what is missing apart as the server does", async () => {
    const [asset] = await assets();
    const paths = [
      "/",
      "/index.html",
      "/explore",
      "/explore/deep/view",
      "/a.b",
      "/v1.2",
      "/.env",
      "/assetsx/y",
      "/apix",
      "/metrics/x",
      "/healthz/",
      "//explore",
      `/assets/${asset}`,
      `/assets//${asset}`,
      "/assets",
      "/assets/",
      "/assets/x",
      "/assets/x.js",
      "/x.js",
      "/deep/x.woff2",
      "/x.js/",
      "/favicon.svg",
      "/favicon.ico",
      "/.vite/manifest.json",
      "/api",
      "/api/",
      "/api/x",
      "/api/v1/session",
    ];
    for (const path of paths) {
      await test.step(path, async () => {
        const direct = await fetch(server.url + path, { headers: { "Accept-Encoding": "identity" } });
        const body = await direct.text();
        const reply = await nginx.ask(path);
        expect(reply.status).toBe(direct.status);
        if (direct.status !== 200) return;
        expect(reply.headers["content-type"]).toBe(direct.headers.get("content-type"));
        expect(reply.headers["cache-control"]).toBe(direct.headers.get("cache-control"));
        expect(Buffer.from(reply.body, "latin1").toString()).toBe(body);
      });
    }
  });

  test("compresses the page where it is asked to", async () => {
    const script = (await assets()).find((name) => name.endsWith(".js")) ?? "";
    const plain = await nginx.ask(`/assets/${script}`);
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(plain.headers.vary).toBe("Accept-Encoding");
    const zipped = await nginx.ask(`/assets/${script}`, { headers: { "Accept-Encoding": "gzip, br" } });
    expect(zipped.headers["content-encoding"]).toBe("gzip");
    expect(zipped.headers.vary).toBe("Accept-Encoding");
    expect(zipped.body.length).toBeLessThan(plain.body.length / 2);
    expect(gunzipSync(Buffer.from(zipped.body, "latin1")).toString("latin1")).toBe(plain.body);
    // 345 bytes would not become fewer.
    const icon = await nginx.ask("/favicon.svg", { headers: { "Accept-Encoding": "gzip" } });
    expect(icon.headers["content-encoding"]).toBeUndefined();
  });

  test("lets browsers keep what never changes, and nothing else", async () => {
    const [asset] = await assets();
    const file = await nginx.ask(`/assets/${asset}`);
    expect(file.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    const again = await nginx.ask(`/assets/${asset}`, {
      headers: { "If-None-Match": String(file.headers.etag) },
    });
    expect(again.status).toBe(304);
    expect(values(again, "cache-control")).toEqual(["public, max-age=31536000, immutable"]);
    expect((await nginx.ask("/assets/gone.js")).headers["cache-control"]).toBe("no-store");

    // All files of a bundle have one time, so it must not decide.
    const index = await nginx.ask("/");
    expect(index.headers["cache-control"]).toBe("no-cache");
    expect(index.headers.etag).toBeUndefined();
    const index2 = await nginx.ask("/", {
      headers: { "If-Modified-Since": String(index.headers["last-modified"]) },
    });
    expect(index2.status).toBe(200);
  });

  test("takes bodies as large as the API does", async () => {
    const largest = 256 * 1024;
    const query = { method: "POST", headers: { "Content-Type": "application/json" } };
    const fits = await nginx.ask("/api/v1/query", { ...query, body: "x".repeat(largest) });
    expect(fits.status).toBe(401);
    const over = await nginx.ask("/api/v1/query", { ...query, body: "x".repeat(largest + 1) });
    expect(over.status).toBe(413);
    expect(over.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(over.body)).toEqual({
      error: {
        code: "body_too_large",
        message: "The body has more than 256 KiB, the most that is taken.",
        field: null,
      },
    });
  });

  test("answers in the API's shape what it refuses by itself", async () => {
    const long = await nginx.ask(`/api/v1/events?x=${"x".repeat(9000)}`);
    expect(JSON.parse(long.body)).toMatchObject({ error: { code: "uri_too_long", field: null } });
    const large = await nginx.ask("/api/v1/events", { headers: { Cookie: "x".repeat(9000) } });
    expect(JSON.parse(large.body)).toMatchObject({ error: { code: "headers_too_large", field: null } });
  });

  test("leads plain HTTP to TLS, on its own port too", async () => {
    const moved = await nginx.ask("/explore?event=x&last=7d", { plain: true });
    expect(moved.status).toBe(301);
    expect(moved.headers.location).toBe(`${nginx.url}/explore?event=x&last=7d`);
    // Whatever host the client names.
    const other = await nginx.ask("/", { plain: true, headers: { Host: "evil.example" } });
    expect(other.headers.location).toBe(`${nginx.url}/`);
    const wrong = await fetch(`${nginx.url.replace("https:", "http:")}/x`, { redirect: "manual" });
    expect(wrong.status).toBe(301);
    expect(wrong.headers.get("location")).toBe(`${nginx.url}/x`);
  });

  test("speaks TLS 1.2 and 1.3 and nothing older", async () => {
    const { hostname, port } = new URL(nginx.url);
    const speaks = (version: "TLSv1.1" | "TLSv1.2" | "TLSv1.3") =>
      new Promise<string | null>((done) => {
        const socket = connectTLS({
          host: hostname,
          port: Number(port),
          ca: nginx.certificate,
          minVersion: version,
          maxVersion: version,
          // OpenSSL would not even try the old one.
          ciphers: "ALL:@SECLEVEL=0",
        });
        socket.once("secureConnect", () => {
          done(socket.getProtocol());
          socket.destroy();
        });
        socket.once("error", () => done(null));
      });
    expect(await speaks("TLSv1.3")).toBe("TLSv1.3");
    expect(await speaks("TLSv1.2")).toBe("TLSv1.2");
    expect(await speaks("TLSv1.1")).toBeNull();
  });
});

test.describe("with a server made for the test", () => {
  let upstream: Upstream;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const running: Nginx[] = [];

  test.beforeEach(async () => {
    answer = (request, response) => {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(request.headers));
    };
    upstream = await Upstream.start((request, response) => answer(request, response));
  });
  test.afterEach(async () => {
    for (const nginx of running.splice(0)) {
      await nginx.stop();
      expect(nginx.said).toBe("");
    }
    await upstream.stop();
  });

  async function start(tls: "self-signed" | "load-balancer", trusted = ""): Promise<Nginx> {
    const nginx = await Nginx.start({ tls, trusted, upstream: upstream.host });
    running.push(nginx);
    return nginx;
  }

  test("tells the server itself where a request came from", async () => {
    const nginx = await start("self-signed");
    const reply = await nginx.ask("/api/v1/echo", {
      headers: {
        "X-Forwarded-For": "203.0.113.5",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "203.0.113.5",
        Forwarded: "for=203.0.113.5",
        "X-Request-Id": "chosen-by-the-client",
      },
    });
    const seen = JSON.parse(reply.body) as Record<string, string>;
    expect(seen).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "https",
      host: new URL(nginx.url).host,
    });
    for (const header of ["x-forwarded-host", "x-real-ip", "forwarded"]) expect(seen[header]).toBeUndefined();
    expect(seen["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(values(reply, "x-request-id")).toEqual([seen["x-request-id"]]);
    const log = await nginx.log();
    expect(log.at(-1)).toMatchObject({
      msg: "nginx",
      path: "/api/v1/echo",
      status: 200,
      client: "127.0.0.1",
      request_id: seen["x-request-id"],
    });
  });

  test("believes a load balancer, as far as its own words go", async () => {
    const nginx = await start("load-balancer", "10.0.0.0/8,127.0.0.0/8");
    const viaTLS = { "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.66, 203.0.113.5" };
    const reply = await nginx.ask("/api/v1/echo", { headers: viaTLS });
    expect(JSON.parse(reply.body)).toMatchObject({
      "x-forwarded-for": "203.0.113.5",
      "x-forwarded-proto": "https",
    });
    expect((await nginx.log()).at(-1)).toMatchObject({ client: "203.0.113.5" });

    // A client in the load balancer's own network does not vouch for others.
    const inside = { ...viaTLS, "X-Forwarded-For": "203.0.113.5, 10.0.0.7" };
    expect(JSON.parse((await nginx.ask("/api/v1/echo", { headers: inside })).body)).toMatchObject({
      "x-forwarded-for": "10.0.0.7",
    });

    for (const path of ["/api/v1/echo", "/", "/assets/none.js", "/metrics"]) {
      const { rawHeaders } = await nginx.ask(path, { headers: viaTLS });
      expect(rawHeaders).toContainEqual(["strict-transport-security", "max-age=31536000"]);
    }

    const plain = await nginx.ask("/explore?event=x", { headers: { "X-Forwarded-Proto": "http" } });
    expect(plain.status).toBe(301);
    expect(plain.headers.location).toBe("https://loaf.example.com/explore?event=x");
    expect(plain.headers["strict-transport-security"]).toBeUndefined();
    // It asks for health without TLS, and says nothing of it.
    expect((await nginx.ask("/healthz")).status).toBe(200);
  });

  test("believes nobody but the load balancer", async () => {
    const nginx = await start("load-balancer", "10.0.0.0/8");
    const claims = { "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.5" };
    expect((await nginx.ask("/api/v1/echo", { headers: claims })).status).toBe(301);
    const health = await nginx.ask("/healthz", { headers: claims });
    expect(JSON.parse(health.body)).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
    });
  });

  test("hides the metrics, by whatever path they are asked for", async () => {
    const nginx = await start("self-signed");
    const paths = [
      "/metrics",
      "/metrics?x",
      "//metrics",
      "/%6detrics",
      "/metrics%3f",
      "/./metrics",
      "/x/../metrics",
      "/api/../metrics",
      "/api/%2e%2e/metrics",
      "/api/..%2fmetrics",
      "/api/v1/..%2f..%2fmetrics",
      "/api//..//metrics",
      "/api/v1/../../metrics/",
    ];
    for (const path of paths) await nginx.ask(path);
    expect(upstream.seen.map(({ url }) => url)).toEqual([]);
    expect((await nginx.ask("/metrics")).status).toBe(404);
  });

  test("leaves the server's own headers to the server", async () => {
    answer = (_, response) => {
      response.writeHead(429, {
        "Content-Security-Policy": "default-src 'none'",
        "Cache-Control": "private",
        "Retry-After": "7",
        "X-Request-Id": "of-the-server",
      });
      response.end();
    };
    const nginx = await start("self-signed");
    const reply = await nginx.ask("/api/v1/events");
    expect(reply.status).toBe(429);
    expect(values(reply, "content-security-policy")).toEqual(["default-src 'none'"]);
    expect(values(reply, "cache-control")).toEqual(["private"]);
    expect(values(reply, "retry-after")).toEqual(["7"]);
    expect(values(reply, "x-request-id")).toEqual(["of-the-server"]);
    expect(values(reply, "x-content-type-options")).toEqual(["nosniff"]);
  });

  for (const [path, headers] of [
    ["/api/v1/activity", {}],
    ["/api/v1/anything", { "X-Accel-Buffering": "no" }],
  ] as const) {
    test(`passes a stream on as it comes: ${path}`, async () => {
      let stream: ServerResponse | undefined;
      answer = (_, response) => {
        response.writeHead(200, {
          "Content-Type": "text/event-stream",
          "Cache-Control": "no-store",
          ...headers,
        });
        response.write("data: 1\n\n");
        stream = response;
      };
      const nginx = await start("self-signed");
      const response = await nginx.open(path, {
        headers: { Accept: "text/event-stream", "Accept-Encoding": "gzip" },
      });
      response.setEncoding("utf8");
      expect(response.headers["content-encoding"]).toBeUndefined();
      expect(await once(response, "data")).toEqual(["data: 1\n\n"]);
      // Only now that the first has come does the server say the second.
      stream?.write("data: 2\n\n");
      expect(await once(response, "data")).toEqual(["data: 2\n\n"]);
      response.destroy();
    });
  }

  test("ends the server's work when the client goes", async () => {
    const closed = new Promise((done) => {
      answer = (_, response) => {
        response.on("close", done);
        response.writeHead(200, { "Content-Type": "text/event-stream" });
        response.write("data: 1\n\n");
      };
    });
    const nginx = await start("self-signed");
    (await nginx.open("/api/v1/activity")).destroy();
    await closed;
  });

  test("hands a large CSV through at the client's pace, without storing it", async () => {
    const size = 64 << 20;
    const lines = Array.from({ length: size / (64 << 10) }, () => Buffer.alloc(64 << 10, "x"));
    let sent = () => 0;
    answer = (_, response) => {
      response.writeHead(200, { "Content-Type": "text/csv; charset=utf-8" });
      const { socket } = response;
      sent = () => socket?.bytesWritten ?? 0;
      Readable.from(lines).pipe(response);
    };
    const nginx = await start("self-signed");
    const response = await nginx.open("/api/v1/query", { method: "POST", body: "{}" });
    // As long as the client does not read, the server comes to a stop.
    let before = 0;
    await expect
      .poll(
        () => {
          const stopped = before > 0 && sent() === before;
          before = sent();
          return stopped;
        },
        { intervals: [300] },
      )
      .toBe(true);
    expect(before).toBeLessThan(size);
    let received = 0;
    for await (const chunk of response) received += (chunk as Buffer).length;
    expect(received).toBe(size);
  });

  test("cuts off clients that are slow on purpose", async () => {
    test.setTimeout(60_000);
    const nginx = await start("self-signed");
    const { hostname, port } = new URL(nginx.url);
    const slow = async (says: string) => {
      const socket = connectTLS({ host: hostname, port: Number(port), ca: nginx.certificate });
      await once(socket, "secureConnect");
      const started = Date.now();
      // It may be reset, which is an error before it is closed.
      const closed = new Promise((done) => socket.on("error", () => undefined).on("close", done));
      socket.write(says);
      socket.resume();
      await closed;
      return Date.now() - started;
    };
    const took = await Promise.all([
      slow("GET /api/v1/events HTTP/1.1\r\nHost: x\r\nX-Slow:"),
      slow("POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"),
    ]);
    for (const time of took) {
      expect(time).toBeGreaterThan(5_000);
      expect(time).toBeLessThan(20_000);
    }
    // Nothing half said reaches the server.
    expect(upstream.seen).toEqual([]);
  });

  test("says in each form that the server is away, and logs it without what was asked", async () => {
    const nginx = await start("self-signed");
    await upstream.stop();
    const api = await nginx.ask("/api/v1/property-values?search=secret-word");
    expect(api.status).toBe(503);
    expect(api.headers["content-type"]).toBe("application/json");
    expect(values(api, "retry-after")).toEqual(["5"]);
    expect(JSON.parse(api.body)).toEqual({
      error: {
        code: "unavailable",
        message: "The server does not answer just now. Try again in a moment.",
        field: null,
      },
    });
    const health = await nginx.ask("/healthz");
    expect(health.status).toBe(503);
    expect(health.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(health.body).not.toMatch(/style|script/);
    expect((await nginx.ask("/explore")).status).toBe(200);

    await nginx.ask("/api/v1/users/ada@example.com?x=secret-word");
    const log = JSON.stringify(await nginx.log());
    expect(log).toContain('"path":"/api/v1/property-values"');
    expect(log).toContain('"path":"/api/v1/users/{user_id}"');
    expect(log).toContain('"server_status":"502"');
    expect(log).not.toContain("secret-word");
    expect(log).not.toContain("ada@example.com");
    upstream = await Upstream.start((request, response) => answer(request, response));
  });
});
