// Pictures of every view and state, in light and dark, wide and narrow, in
// screenshots/ (which git ignores). The server and its answers are real; only
// the states of waiting and failing hold up or cut the network.
import type { Page } from "@playwright/test";
import { expect, open, settled, test } from "./fixtures";

const question =
  "/explore?event=commit&event=merge&agg=unique_users&event=docs_changed&agg=p90&of=files" +
  "&where=user.contains.email_domain.%22mail%22&from=2024-01-01&to=2024-12-31&tz=Europe/Berlin";

const breakdown =
  "/explore?event=commit&split=event.area&top=5&from=2024-01-01&to=2024-12-31&by=month&tz=Europe/Berlin";
const funnel =
  "/explore?kind=funnel&event=commit&event=test_changed&event=docs_changed&if=event.greater_than.files.2" +
  "&event=merge&window=30d&split=user.email_domain&top=5&from=2023-01-01&to=2024-12-31&tz=Europe/Berlin";
const retention =
  "/explore?kind=retention&event=commit&return=commit&periods=12&from=2024-01-01&to=2024-12-31&by=month&tz=Europe/Berlin";

const year = "from=2024-01-01&to=2024-12-31&tz=Europe/Berlin";
const users = {
  stickiness: `/explore?kind=stickiness&event=commit&event=merge&by=month&${year}`,
  lifecycle: `/explore?kind=lifecycle&event=commit&by=month&${year}`,
  paths: `/explore?kind=paths&event=commit&steps=5&top=5&${year}`,
  formula: `/explore?event=commit&event=merge&calc=B%20/%20A%20*%20100&as=Merges%20in%20percent&calc=A%20*&by=month&${year}`,
};

/** Something happened, and is written down once for all pictures of the server. */
const annotated = async (page: Page) => {
  const { origin } = new URL(page.url());
  const kept = await page.request.get(`${origin}/api/v1/annotations`);
  const { annotations } = (await kept.json()) as { annotations: unknown[] };
  for (const [at, text] of [
    ["2024-04-10T09:00:00Z", "Version 1.8 is out"],
    ["2024-04-20T09:00:00Z", "The documentation moved"],
    ["2024-09-01T09:00:00Z", "A conference, after which many people came who had never been here before"],
  ]) {
    if (annotations.length > 0) break;
    await page.request.post(`${origin}/api/v1/annotations`, { data: { at, text } });
  }
  await page.reload();
  await page.getByRole("region", { name: "Annotations" }).getByRole("listitem").first().waitFor();
  await page.getByRole("slider").waitFor();
};

type Shot = {
  name: string;
  path: string;
  signedOut?: boolean;
  empty?: boolean;
  before?: (page: Page) => Promise<void>;
};

const press = (name: RegExp) => async (page: Page) => {
  await settled(page);
  await page.getByRole("button", { name }).click();
};

/** Settings with a member, a link that waits, and a token. */
const staffed = async (page: Page) => {
  const { origin } = new URL(page.url());
  for (const [email, role] of [
    ["ada@example.com", "editor"],
    ["grace.brewster.murray.hopper@navy.example.com", "viewer"],
  ]) {
    await page.request.post(`${origin}/api/v1/invitations`, { data: { email, role } });
  }
  await page.request.post(`${origin}/api/v1/tokens`, {
    data: { name: "nightly report", scopes: ["read", "write"] },
  });
  await page.reload();
  await page.getByRole("button", { name: "New link for ada@example.com" }).click();
  await page.getByRole("group", { name: "Link for ada@example.com" }).waitFor();
};

/** An alert that fires although its receiver is away, and one that was not checked, on the page that is named. */
const watched = (where: "list" | "alert" | "new") => async (page: Page) => {
  const { origin } = new URL(page.url());
  const query = {
    kind: "trend",
    range: { last: "30d" },
    interval: "day",
    series: [{ event: "order placed", aggregation: { type: "unique_users" } }],
  };
  const saved = await page.request.post(`${origin}/api/v1/insights`, { data: { name: "Buyers", query } });
  const { id } = (await saved.json()) as { id: string };
  const alert = {
    name: "Fewer than ten buyers a day",
    description: "Tell the shop's team.",
    insight_id: id,
    measure: { series: 0 },
    condition: { type: "below", threshold: 10 },
    destinations: [{ kind: "webhook", url: "http://127.0.0.1:9/hook" }],
  };
  const made = await page.request.post(`${origin}/api/v1/alerts`, { data: alert });
  const off = { ...alert, name: "Buyers fall", enabled: false, destinations: [] };
  await page.request.post(`${origin}/api/v1/alerts`, {
    data: { ...off, condition: { type: "falls", threshold: 20, unit: "percent" } },
  });
  const own = (await made.json()) as { id: string };
  const history = `${origin}/api/v1/alerts/${own.id}/history`;
  await expect.poll(async () => (await page.request.get(history)).text()).toContain("deliveries");
  if (where === "new") await page.goto(`${origin}/alerts/new?insight=${id}`);
  else if (where === "list") await page.goto(`${origin}/alerts`);
  else await page.goto(`${origin}/alerts/${own.id}`);
};

const shots: Shot[] = [
  { name: "sign-in", path: "/", signedOut: true },
  ...["line", "area", "bar", "stacked", "table", "number"].map((view) => ({
    name: view,
    path: `${question}&view=${view}`,
  })),
  ...["line", "stacked", "table", "number"].flatMap((view) => [
    { name: `breakdown-${view}`, path: `${breakdown}&view=${view}` },
    { name: `compare-${view}`, path: `${question}&compare=previous&view=${view}` },
  ]),
  {
    name: "breakdown-many",
    path: "/explore?event=*&split=user.email_domain&top=100&from=2023-01-01&to=2024-12-31&by=week&tz=UTC",
  },
  { name: "funnel", path: funnel },
  { name: "retention", path: retention },
  { name: "retention-users", path: `${retention}&show=users` },
  ...Object.entries(users).map(([name, path]) => ({ name, path })),
  { name: "stickiness-table", path: `${users.stickiness}&view=table` },
  { name: "paths-before", path: `${users.paths}&direction=before` },
  ...["stickiness", "lifecycle", "paths"].map((kind) => ({
    name: `${kind}-nothing`,
    path: `/explore?kind=${kind}&event=commit&from=1999-01-01&to=1999-12-31&tz=UTC`,
  })),
  { name: "annotations", path: users.lifecycle, before: annotated },
  { name: "default", path: "/" },
  { name: "first-run", path: "/", empty: true },
  { name: "nothing", path: "/explore?event=commit&from=1999-01-01&to=1999-12-31&tz=UTC" },
  { name: "unfinished", path: "/explore?event=commit&agg=sum&last=7d&tz=UTC" },
  { name: "pipeline", path: "/pipeline" },
  { name: "settings", path: "/settings", empty: true, before: staffed },
  { name: "alerts", path: "/alerts", empty: true, before: watched("list") },
  { name: "alert", path: "/alerts", empty: true, before: watched("alert") },
  { name: "alert-new", path: "/alerts", empty: true, before: watched("new") },
  { name: "invitation", path: "/invitation#token", signedOut: true },
  { name: "event-picker", path: question, before: press(/^Event of A/) },
  { name: "filter-picker", path: question, before: press(/^Property of filters, 1/) },
  { name: "aggregation", path: question, before: press(/Aggregation of B/) },
  { name: "breakdown-picker", path: breakdown, before: press(/^Break down by/) },
  { name: "range", path: question, before: press(/^Custom range/) },
  { name: "pipeline-popover", path: question, before: press(/^Pipeline:/) },
  {
    name: "tooltip",
    path: question,
    before: async (page) => {
      await settled(page);
      await page.getByRole("slider").focus();
      await page.keyboard.press("Home");
      for (let step = 0; step < 5; step++) await page.keyboard.press("ArrowRight");
    },
  },
];

for (const scheme of ["light", "dark"] as const) {
  for (const width of [1440, 390]) {
    test.describe(`${scheme}, ${width}`, () => {
      test.use({
        colorScheme: scheme,
        viewport: { width, height: width > 500 ? 900 : 844 },
        contextOptions: { reducedMotion: "reduce" },
      });

      const picture = async (page: Page, name: string) => {
        await page.waitForLoadState("networkidle");
        await expect(page.getByText("The answer is on its way")).toHaveCount(0);
        await page.screenshot({ path: `screenshots/${name}-${width}-${scheme}.png`, fullPage: width < 500 });
      };

      for (const { name, path, signedOut, empty, before } of shots) {
        test(name, async ({ page, sample, fresh }) => {
          const server = empty ? fresh : sample;
          if (signedOut) await page.goto(server.url + path);
          else await open(page, server, path);
          await before?.(page);
          await picture(page, name);
        });
      }

      test("loading", async ({ page, sample }) => {
        await page.route("**/api/v1/query", () => undefined);
        await open(page, sample, question);
        await page.getByRole("button", { name: "Cancel the query" }).waitFor();
        await page.screenshot({ path: `screenshots/loading-${width}-${scheme}.png`, fullPage: width < 500 });
        await page.unrouteAll({ behavior: "ignoreErrors" });
      });

      test("failed", async ({ page, sample }) => {
        await page.route("**/api/v1/query", (route) => route.abort());
        await open(page, sample, question);
        await page.getByRole("alert").waitFor();
        await picture(page, "failed");
      });

      for (const [kind, path] of Object.entries(users)) {
        test(`failed ${kind}`, async ({ page, sample }) => {
          await page.route("**/api/v1/query", (route) => route.abort());
          await open(page, sample, path);
          await page.getByRole("alert").waitFor();
          await picture(page, `${kind}-failed`);
        });
      }

      test("session ended", async ({ page, sample, context }) => {
        await open(page, sample, question);
        await settled(page);
        await context.clearCookies();
        await page.getByRole("button", { name: "Ask again" }).click();
        await page.getByRole("dialog").waitFor();
        await picture(page, "session-ended");
      });
    });
  }
}
