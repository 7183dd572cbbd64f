import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { expect, test } from "./fixtures";
import { Nginx } from "./nginx";
import { freePort, PASSWORD } from "./server";

// The browser warns of a certificate that nobody else signed; people click it away once.
test.use({ ignoreHTTPSErrors: true });

const running: { stop: () => Promise<void> }[] = [];

test.afterEach(async () => {
  for (const process of running.splice(0)) await process.stop();
});

async function inFrontOf(host: string): Promise<Nginx> {
  const nginx = await Nginx.start({ tls: "self-signed", upstream: host });
  running.push(nginx);
  return nginx;
}

test("comes over TLS, signs in and answers a question", async ({ page, fresh }) => {
  const at = new Date().toISOString();
  await fresh.seed(["u1", "u2", "u3"].map((user_id) => ({ event: "baked", user_id, timestamp: at })));
  const nginx = await inFrontOf(new URL(fresh.url).host);

  const response = await page.goto(`${nginx.url}/explore?event=baked&last=7d&tz=UTC&view=number`);
  expect(response?.headers()["content-security-policy"]).toContain("default-src 'self'");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("list", { name: "Numbers" })).toContainText("3baked, total");
  await page.getByRole("radio", { name: "Line" }).click();
  await expect(page.locator("canvas")).toBeVisible();

  const loaded = await page.evaluate(() =>
    performance.getEntriesByType("resource").map((entry) => {
      const { name, nextHopProtocol, encodedBodySize, decodedBodySize } = entry as PerformanceResourceTiming;
      return { name, nextHopProtocol, encodedBodySize, decodedBodySize };
    }),
  );
  const script = loaded.find(({ name }) => /\/assets\/index-.*\.js$/.test(name));
  expect(script?.nextHopProtocol).toBe("h2");
  expect(script?.encodedBodySize ?? 0).toBeLessThan((script?.decodedBodySize ?? 0) / 2);

  expect(nginx.said).toBe("");
});

test("leads from plain HTTP to the same view over TLS", async ({ page, fresh }) => {
  const nginx = await inFrontOf(new URL(fresh.url).host);
  await page.goto(`${nginx.plainURL}/explore?event=baked&last=7d&tz=UTC`);
  await expect(page.getByRole("heading", { name: "Sign in to DataLoaf" })).toBeVisible();
  expect(page.url()).toBe(`${nginx.url}/explore?event=baked&last=7d&tz=UTC`);
});

test("loads while the server is away, and says so", async ({ page, fresh }) => {
  const nginx = await inFrontOf(new URL(fresh.url).host);
  await fresh.halt();
  await page.goto(nginx.url);
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByRole("alert")).toContainText(/server|try again/i);
});

test("keeps a session in a cookie that is for TLS alone", async ({ page, context }) => {
  const port = await freePort();
  const program = resolve(
    process.env.LOAF_INSIGHTS_SERVER ?? join(import.meta.dirname, "../../bin/insights-server"),
  );
  const nginx = await inFrontOf(`127.0.0.1:${port}`);
  const server = spawn(program, {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      LOAF_ADDR: `127.0.0.1:${port}`,
      // Nobody listens there: signing in does not need the warehouse.
      LOAF_WAREHOUSE_URL: "postgres://x@127.0.0.1:1/x?sslmode=disable",
      LOAF_ADMIN_PASSWORD: PASSWORD,
      LOAF_PUBLIC_URL: nginx.url,
      LOAF_TRUSTED_PROXIES: "127.0.0.1",
    },
  });
  running.push({
    stop: async () => {
      if (server.exitCode !== null) return;
      const gone = once(server, "exit");
      server.kill("SIGTERM");
      await gone;
    },
  });
  let log = "";
  server.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  await expect.poll(async () => (await nginx.ask("/healthz")).status).toBe(200);

  await page.goto(nginx.url);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByLabel("Password")).toBeHidden();
  const cookies = await context.cookies();
  expect(cookies).toHaveLength(1);
  expect(cookies[0]).toMatchObject({ secure: true, httpOnly: true, path: "/" });
  expect(cookies[0]?.name).toMatch(/^__Host-/);

  // Whoever says that the request came from elsewhere is not believed.
  const { headers } = await nginx.ask("/api/v1/session", { headers: { "X-Forwarded-For": "203.0.113.5" } });
  const id = String(headers["x-request-id"]);
  await expect
    .poll(() => log.split("\n").find((line) => line.includes(id)))
    .toContain('"client":"127.0.0.1"');
});
