// How a dashboard behaves as a whole: what it costs, that nothing moves, and
// that it is made without a mouse.
import type { Locator, Page } from "@playwright/test";
import { expect, open, settled, test } from "./fixtures";
import { PASSWORD, type Server } from "./server";

test.use({ contextOptions: { reducedMotion: "reduce" } });

const range = { from: "2024-01-01", to: "2024-12-31" };

/** Two years of a shop's events, and the insights and the dashboard that are made of them. */
async function shop(server: Server, page: Page): Promise<{ dashboard: string; insight: string }> {
  await server.seed(
    Array.from({ length: 480 }, (_, index) => ({
      event: ["visit", "basket filled", "order placed"][index % 3] ?? "visit",
      user_id: `u${index % 60}`,
      timestamp: new Date(Date.UTC(2024, index % 12, 1 + (index % 28), index % 24)).toISOString(),
    })),
  );
  await open(page, server, "/dashboards");
  const post = async (path: string, data: unknown) => {
    const answer = await page.request.post(`${server.url}/api/v1${path}`, { data });
    expect(answer.status(), await answer.text()).toBe(201);
    return ((await answer.json()) as { id: string }).id;
  };
  const series = [{ event: "visit", aggregation: { type: "total" } }];
  const trend = { kind: "trend", range, timezone: "UTC", interval: "month", series };
  const steps = [{ event: "visit" }, { event: "order placed" }];
  const retention = { cohort_event: "visit", return_event: "visit", interval: "month", periods: 6 };
  const questions = [
    ...["line", "area", "bar", "stacked", "table", "number"].map((view) => ({ query: trend, view })),
    { query: { kind: "funnel", range, timezone: "UTC", steps, window: "7d" }, view: "" },
    { query: { kind: "retention", range, timezone: "UTC", ...retention }, view: "percent" },
  ];
  const ids: string[] = [];
  for (const [index, { query, view }] of questions.entries())
    ids.push(await post("/insights", { name: `Insight ${index}`, query, display: { view } }));
  const at = (index: number) => ({ x: (index % 3) * 4, y: Math.floor(index / 3) * 4, w: 4, h: 4 });
  const cards = [
    ...ids.map((id, index) => ({ kind: "insight", insight_id: id, layout: at(index) })),
    { kind: "text", text: "# Shop\n\nAll of **2024**.", layout: at(ids.length) },
  ];
  return { dashboard: await post("/dashboards", { name: "Shop", cards }), insight: ids[0] ?? "" };
}

/** Waits until every card has its answer, and each chart its canvas. */
async function answered(page: Page): Promise<void> {
  await expect(page.locator("[data-grid] canvas")).toHaveCount(4);
  await expect(page.getByText("The answer is on its way")).toHaveCount(0);
  await expect(page.getByRole("list", { name: "Steps" })).toBeVisible();
  await expect(page.getByRole("heading", { level: 2, name: "Shop" })).toBeVisible();
}

/** Adds up what moves on the page from now on, as browsers reckon it. */
async function watchShifts(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        shifts.push((entry as PerformanceEntry & { value: number }).value);
    }).observe({ type: "layout-shift", buffered: true });
  });
  return () =>
    page.evaluate(() =>
      (window as unknown as { shifts: number[] }).shifts.reduce((sum, value) => sum + value, 0),
    );
}

test("costs less than a second of the processor where the answers are kept", async ({ page, fresh }) => {
  const { dashboard } = await shop(fresh, page);
  await page.setViewportSize({ width: 1440, height: 1_400 });
  await page.goto(`${fresh.url}/dashboards/${dashboard}`);
  await answered(page);

  // The time that the page's thread worked, which a busy machine does not change.
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const worked = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN;
  };
  const hits: string[] = [];
  page.on("response", (response) => {
    if (response.url().endsWith("/run")) hits.push(response.headers()["cache-status"] ?? "");
  });
  await page.goto("about:blank");
  const before = await worked();
  await page.goto(`${fresh.url}/dashboards/${dashboard}`);
  await answered(page);
  const cost = (await worked()) - before;
  expect(hits).toEqual(Array.from({ length: 8 }, () => "dataloaf; hit"));
  test.info().annotations.push({ type: "seconds of the processor", description: cost.toFixed(3) });
  expect(cost).toBeGreaterThan(0.01);
  expect(cost).toBeLessThan(1);
});

test("moves nothing while a dashboard and an insight come", async ({ page, fresh }) => {
  const { dashboard, insight } = await shop(fresh, page);
  const moved = await watchShifts(page);
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 1_400 });
    await page.goto(`${fresh.url}/dashboards/${dashboard}`);
    await expect(page.locator("[data-grid] canvas").first()).toBeVisible();
    await page.waitForLoadState("networkidle");
    expect(await moved(), `the dashboard at ${width} pixels`).toBeLessThan(0.02);
    await page.goto(`${fresh.url}/insights/${insight}`);
    await settled(page);
    await expect(page.locator("canvas")).toBeVisible();
    expect(await moved(), `the insight at ${width} pixels`).toBeLessThan(0.02);
  }
});

/** Goes on with the Tab key until the focus is there, as one without a mouse does. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target.first()).toBeVisible();
  for (let presses = 0; presses < 80; presses++) {
    if (await target.first().evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the Tab key does not lead to ${target.toString()}`);
}

test("is made without a mouse, from the question to the last card", async ({ page, fresh }) => {
  const { keyboard } = page;
  await fresh.seed(
    ["visit", "order placed"].map((event) => ({ event, user_id: "u1", timestamp: "2024-03-10T12:00:00Z" })),
  );
  await open(page, fresh, "/explore?event=visit&from=2024-01-01&to=2024-12-31&by=month&tz=UTC");
  await settled(page);

  await tabTo(page, page.getByRole("button", { name: /^Event of A/ }));
  await keyboard.press("Enter");
  await keyboard.type("order");
  await expect(page.getByRole("option", { name: /^order placed/ })).toBeVisible();
  await keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "order placed, total" })).toBeVisible();

  // The ways of drawing are one stop, and the arrow keys go along them.
  await tabTo(page, page.getByRole("radio", { name: "Line" }));
  await keyboard.press("ArrowRight");
  await keyboard.press("Space");
  await expect(page).toHaveURL(/view=area/);

  await tabTo(page, page.getByRole("button", { name: "Save", exact: true }));
  await keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByLabel("Name")).toBeFocused();
  await keyboard.press("ControlOrMeta+a");
  await keyboard.type("Orders");
  await keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Saved insight" })).toContainText("Orders");

  await tabTo(page, page.getByRole("link", { name: "Dashboards", exact: true }));
  await keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "New dashboard" }));
  await keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByLabel("Name")).toBeFocused();
  await keyboard.type("Shop");
  await keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Shop" })).toBeVisible();

  await tabTo(page, page.getByRole("button", { name: "Add insights" }));
  await keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Add Orders" }));
  await keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Done" }));
  await keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);

  const card = page.getByRole("article", { name: "Orders", exact: true });
  await tabTo(page, card.getByRole("button", { name: /^Move/ }));
  await keyboard.press("ArrowRight");
  await tabTo(page, card.getByRole("button", { name: /^Change the size/ }));
  await keyboard.press("ArrowRight");
  await keyboard.press("ArrowDown");
  await expect(card.getByRole("button", { name: /^Move/ })).toHaveAccessibleName(
    /Column \d, row 1, 7 wide, 7 high/,
  );
  // Its menu has the rest.
  await keyboard.press("Shift+Tab");
  await tabTo(page, card.getByRole("button", { name: "Card", exact: true }));
  await keyboard.press("Enter");
  await expect(page.getByRole("menu")).toBeVisible();
  await keyboard.type("Dup");
  await keyboard.press("Enter");
  await expect(card).toHaveCount(2);

  await tabTo(page, page.getByRole("button", { name: "Save", exact: true }));
  await keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Edit" })).toBeVisible();
  await page.reload();
  await expect(card).toHaveCount(2);
  await expect(card.first().locator("canvas")).toBeVisible();
});

test("keeps what is being edited when the session ends", async ({ page, fresh, context }) => {
  await open(page, fresh, "/dashboards");
  const made = await page.request.post(`${fresh.url}/api/v1/dashboards`, { data: { name: "Shop" } });
  const { id } = (await made.json()) as { id: string };
  await page.goto(`${fresh.url}/dashboards/${id}`);
  await page.getByRole("button", { name: "Edit" }).first().click();
  await page.getByRole("button", { name: "Add text" }).click();
  await page.getByRole("dialog").getByLabel("Text").fill("## Ours\n\nNot *lost*.");
  await page.getByRole("dialog").getByRole("button", { name: "Keep" }).click();
  await context.clearCookies();
  await page.getByRole("button", { name: "Save", exact: true }).click();

  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.getByLabel("Password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("heading", { level: 2, name: "Ours" })).toBeVisible();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("button", { name: "Edit" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("article", { name: "Text" })).toContainText("Not lost.");
});

test("tells which card failed, and asks for that one again", async ({ page, fresh }) => {
  const { dashboard, insight } = await shop(fresh, page);
  let away = true;
  let others = 0;
  await page.route("**/run", (route) => {
    if (!route.request().url().includes(insight)) others++;
    else if (away)
      return route.fulfill({
        status: 504,
        json: { error: { code: "timeout", message: "too long", field: null } },
      });
    return route.continue();
  });
  await page.setViewportSize({ width: 1440, height: 1_400 });
  await page.goto(`${fresh.url}/dashboards/${dashboard}`);
  const card = page.getByRole("article", { name: "Insight 0", exact: true });
  await expect(card.getByRole("alert")).toContainText("This question took too long");
  await expect(page.locator("[data-grid] canvas")).toHaveCount(3);
  const asked = others;
  away = false;
  await card.getByRole("button", { name: "Try again" }).click();
  await expect(card.locator("canvas")).toBeVisible();
  expect(others).toBe(asked);

  // One that has an answer keeps it when the next one fails.
  away = true;
  await fresh.seed([{ event: "visit", user_id: "u1", timestamp: "2024-03-10T12:00:00Z" }]);
  await expect(card.getByRole("status")).toContainText("May be out of date");
  await expect(card.locator("canvas")).toBeVisible();
  away = false;
  await card.getByRole("button", { name: "Try again" }).click();
  await expect(card.getByText("May be out of date")).toHaveCount(0);
});

for (const motion of ["reduce", "no-preference"] as const) {
  test(`stands still where that is wanted, motion: ${motion}`, async ({ page, gallery }) => {
    await page.emulateMedia({ reducedMotion: motion });
    await gallery.show(page, "dashboard-cards-loading");
    const moving = await page.evaluate(
      () => document.getAnimations().filter(({ playState }) => playState === "running").length,
    );
    if (motion === "reduce") expect(moving).toBe(0);
    else expect(moving).toBeGreaterThan(0);
  });
}
