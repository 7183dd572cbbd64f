import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { accessible, expect, open, select, test } from "./fixtures";
import type { Server } from "./server";

test.use({ contextOptions: { reducedMotion: "reduce" } });

type Call = { headers: IncomingHttpHeaders; body: string };

/** A receiver of webhooks on this machine. */
class Receiver {
  readonly calls: Call[] = [];
  /** The status that it answers with. */
  status = 204;
  readonly #server: HttpServer;

  private constructor(server: HttpServer) {
    this.#server = server;
  }

  static async start(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on("request", (request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        receiver.calls.push({ headers: request.headers, body });
        response.writeHead(receiver.status).end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  stop(): void {
    this.#server.close();
  }

  ofType(type: string): Call[] {
    return this.calls.filter(({ body }) => (JSON.parse(body) as { type: string }).type === type);
  }
}

/** Checks a call as a receiver does, by the specification of Standard Webhooks. */
function signed({ headers, body }: Call, secret: string): boolean {
  const id = String(headers["webhook-id"]);
  const at = String(headers["webhook-timestamp"]);
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const mac = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
  return headers["webhook-signature"] === `v1,${mac}` && Math.abs(Date.now() / 1000 - Number(at)) < 300;
}

const query = {
  kind: "trend",
  range: { last: "30d" },
  interval: "day",
  series: [{ event: "order", aggregation: { type: "total" } }],
};

async function seed(server: Server, count: number, id: string): Promise<void> {
  const timestamp = new Date(Date.now() - 1000).toISOString();
  await server.seed(
    Array.from({ length: count }, (_, index) => ({ event: "order", user_id: `${id}${index}`, timestamp })),
  );
}

test("an alert is made, fires, tells a webhook, and is deleted", async ({ page, fresh }) => {
  const receiver = await Receiver.start();
  await seed(fresh, 3, "a");
  await open(page, fresh, "/alerts");
  await expect(page.getByText("Nothing is watched yet")).toBeVisible();
  const saved = await page.request.post(`${fresh.url}/api/v1/insights`, {
    data: { name: "Orders by day", query },
  });
  const { id } = (await saved.json()) as { id: string };

  await page.goto(`${fresh.url}/insights/${id}`);
  await page.getByRole("button", { name: "Alert me…" }).click();
  const form = page.getByRole("form", { name: "New alert" });
  await expect(form.getByRole("button", { name: "Make the alert" })).toBeDisabled();
  await form.getByLabel("Name").fill("Many orders");
  await select(page, /Of the$/, "Current interval");
  await select(page, /Fires when it$/, "is above");
  await form.getByLabel("Threshold").fill("2");
  await form.getByRole("button", { name: "Add a webhook" }).press("Enter");
  await form.getByLabel("Webhook 1").fill("http://10.0.0.1/");
  await form.getByRole("button", { name: "Make the alert" }).click();
  await expect(form.getByRole("alert")).toContainText("not on the internet");
  await form.getByLabel("Webhook 1").fill(receiver.url);
  await accessible(page);
  await form.getByRole("button", { name: "Make the alert" }).click();

  const secret = (await page.getByRole("group", { name: /^Signing secret of/ }).textContent()) ?? "";
  expect(secret).toMatch(/^whsec_/);
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("heading", { name: "Many orders" })).toBeVisible();
  await expect.poll(() => receiver.ofType("alert.firing").length).toBe(1);
  for (const call of receiver.calls) expect(signed(call, secret)).toBe(true);
  await page.reload();
  await expect(page.getByText(secret)).toHaveCount(0);
  await expect(page.getByText("Firing", { exact: true })).toBeVisible();
  await expect(page.getByRole("list", { name: "History" })).toContainText("Fired");
  await expect(page.getByRole("list", { name: "History" })).toContainText("delivered");
  await accessible(page);

  // A test tells what the receiver answers.
  receiver.status = 500;
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByRole("status", { name: "What became of the test" })).toContainText("status 500");
  receiver.status = 204;
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByRole("status", { name: "What became of the test" })).toContainText(": delivered");
  expect(receiver.ofType("alert.test")).toHaveLength(2);

  // A changed threshold is checked at once, and the webhook keeps its secret.
  const change = page.getByRole("form", { name: "Change the alert" });
  await change.getByLabel("Threshold").fill("100");
  await change.getByRole("button", { name: "Save changes" }).click();
  await expect.poll(() => receiver.ofType("alert.recovered").length).toBe(1);
  for (const call of receiver.ofType("alert.recovered")) expect(signed(call, secret)).toBe(true);

  await page.goto(`${fresh.url}/alerts`);
  await expect(page.getByRole("list", { name: "Alerts" })).toContainText("OK");
  await accessible(page);
  await page.getByRole("link", { name: "Many orders" }).click();
  await page.getByRole("button", { name: "Delete Many orders" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("Nothing is watched yet")).toBeVisible();
  receiver.stop();
});

test("an alert is read and made at 360 pixels", async ({ page, fresh }) => {
  await page.setViewportSize({ width: 360, height: 800 });
  await seed(fresh, 1, "a");
  await open(page, fresh, "/alerts");
  const saved = await page.request.post(`${fresh.url}/api/v1/insights`, {
    data: { name: "Orders by day", query },
  });
  const { id } = (await saved.json()) as { id: string };
  const made = await page.request.post(`${fresh.url}/api/v1/alerts`, {
    data: {
      name: "An-alert-with-a-very-long-name-".repeat(4),
      insight_id: id,
      measure: { series: 0 },
      condition: { type: "falls", threshold: 20, unit: "percent" },
      destinations: [{ kind: "webhook", url: `https://example.com/${"x".repeat(200)}` }],
    },
  });
  expect(made.status()).toBe(201);
  const alert = (await made.json()) as { id: string };
  for (const path of ["/alerts", `/alerts/${alert.id}`, `/alerts/new?insight=${id}`]) {
    await page.goto(fresh.url + path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  }
});
