import type { Page } from "@playwright/test";
import { accessible, expect, open, settled, test } from "./fixtures";
import type { Server } from "./server";

test.use({ contextOptions: { reducedMotion: "reduce" } });

const question = "/explore?event=order&from=2024-01-01&to=2024-03-31&by=month&tz=UTC&view=table";

async function seed(server: Server): Promise<void> {
  const months = ["01", "02", "02", "03", "03", "03"];
  await server.seed(
    months.map((month, index) => ({
      event: "order",
      user_id: `u${index}`,
      timestamp: `2024-${month}-10T12:00:00Z`,
    })),
  );
}

async function save(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await expect(dialog).toBeHidden();
}

const bar = (page: Page) => page.getByRole("region", { name: "Saved insight" });
const card = (page: Page, name: string) => page.getByRole("article", { name, exact: true });

test("saves a question, changes it, and tells when somebody else was faster", async ({ page, fresh }) => {
  await seed(fresh);
  await open(page, fresh, question);
  await settled(page);
  await save(page, "Orders");
  await expect(bar(page)).toContainText("Orders");
  await expect(page).toHaveURL(/\/insights\/[0-9a-f-]{36}\?event=order/);
  const address = page.url().split("?")[0] ?? "";

  // It opens from its own address alone, as it was.
  await page.goto(address);
  await expect(page.getByRole("region", { name: "Values" })).toContainText("March 2024");
  await expect(page.getByRole("radio", { name: "Table" })).toBeChecked();
  await accessible(page);

  await page.getByRole("radio", { name: "Bar" }).click();
  await expect(bar(page)).toContainText("Not saved");
  await bar(page).getByRole("button", { name: "Save changes" }).click();
  await expect(bar(page)).not.toContainText("Not saved");
  await page.goto(address);
  await expect(page.getByRole("radio", { name: "Bar" })).toBeChecked();

  // Somebody else saves meanwhile.
  const api = `${fresh.url}/api/v1${new URL(address).pathname}`;
  const { query } = (await (await page.request.get(api)).json()) as { query: unknown };
  const theirs = await page.request.put(api, { data: { name: "Their orders", query } });
  expect(theirs.status()).toBe(200);
  await page.getByRole("radio", { name: "Number" }).click();
  await bar(page).getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByRole("alert")).toContainText("Somebody else changed this insight");
  await page.getByRole("alert").getByRole("button", { name: "Save mine as new" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("My orders");
  await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
  await expect(bar(page)).toContainText("My orders");

  await page.getByRole("link", { name: "Insights", exact: true }).first().click();
  const list = page.getByRole("list", { name: "Insights" });
  await expect(list.getByRole("link")).toHaveText(["My orders", "Their orders"]);
  await accessible(page);
  await page.getByLabel("Search insights").fill("THEIR");
  await expect(list.getByRole("link")).toHaveText(["Their orders"]);
  await page.getByRole("button", { name: "More about Their orders" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("No name matches.")).toBeVisible();
});

test("builds a dashboard, moves its cards, and follows one period and every load", async ({
  page,
  fresh,
}) => {
  await seed(fresh);
  await open(page, fresh, question);
  await settled(page);
  await save(page, "Orders a month");
  await page.goto(`${fresh.url}${question.replace("view=table", "view=number")}`);
  await settled(page);
  await save(page, "Orders");

  await page.getByRole("link", { name: "Dashboards", exact: true }).click();
  await page.getByRole("button", { name: "New dashboard" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Shop");
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Shop" })).toBeVisible();

  await page.getByRole("button", { name: "Add insights" }).click();
  await page.getByRole("button", { name: "Add Orders a month" }).click();
  await page.getByRole("button", { name: "Add Orders", exact: true }).click();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Add text" }).click();
  await page.getByRole("dialog").getByLabel("Text").fill("## Note\n\nCounted <b>once</b>.");
  await page.getByRole("dialog").getByRole("button", { name: "Keep" }).click();
  await expect(card(page, "Text")).toContainText("Counted <b>once</b>.");
  await expect(card(page, "Text").getByRole("heading", { level: 2, name: "Note" })).toBeVisible();
  await expect(card(page, "Orders a month")).toContainText("March 2024");
  await expect(card(page, "Orders")).toContainText("6");
  await accessible(page);

  // By keyboard, from the menu, and by dragging.
  const move = (name: string) => card(page, name).getByRole("button", { name: /^Move/ });
  const size = (name: string) => card(page, name).getByRole("button", { name: /^Change the size/ });
  await move("Text").focus();
  await page.keyboard.press("ArrowUp");
  await expect(move("Text")).toBeFocused();
  await expect(move("Text")).toHaveAccessibleName(/Column 1, row 1, 6 wide, 2 high/);
  await expect(move("Orders a month")).toHaveAccessibleName(/Column 1, row 3,/);
  await card(page, "Text").getByRole("button", { name: "Card", exact: true }).click();
  await page.getByRole("menuitem", { name: "Make narrower" }).click();
  await expect(size("Text")).toHaveAccessibleName(/5 wide, 2 high/);
  const grid = await page.locator("[data-grid]").boundingBox();
  const handle = await size("Text").boundingBox();
  if (!grid || !handle) throw new Error("nothing to drag");
  await page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2);
  await page.mouse.down();
  await page.mouse.move(handle.x + handle.width / 2 + grid.width / 12, handle.y + handle.height / 2 + 60, {
    steps: 5,
  });
  await page.mouse.up();
  await expect(size("Text")).toHaveAccessibleName(/Column 1, row 1, 6 wide, 3 high/);

  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("button", { name: "Edit" })).toBeVisible();
  await page.reload();
  await expect(card(page, "Orders a month")).toContainText("March 2024");
  await expect(card(page, "Orders")).toContainText("6");
  await accessible(page);

  // A load brings more, and the cards follow by themselves.
  await fresh.seed([{ event: "order", user_id: "u9", timestamp: "2024-03-11T12:00:00Z" }]);
  await expect(card(page, "Orders")).toContainText("7");

  // One period for all; the address keeps it.
  await page.getByRole("radio", { name: "Last 7 days" }).click();
  await expect(page).toHaveURL(/last=7d/);
  await expect(card(page, "Orders a month")).not.toContainText("March 2024");
  await page.getByRole("radio", { name: "Each card’s own period" }).click();
  await expect(card(page, "Orders a month")).toContainText("March 2024");

  // One card that fails leaves the others be.
  await page.route("**/run", (route) =>
    route.request().postData()?.includes("3mo")
      ? route.fulfill({
          status: 504,
          json: { error: { code: "timeout", message: "It took too long.", field: null } },
        })
      : route.continue(),
  );
  await page.getByRole("radio", { name: "Last 3 months" }).click();
  await expect(page.getByText("This question took too long")).toHaveCount(2);
  await expect(card(page, "Text")).toContainText("Counted");
  await page.unrouteAll({ behavior: "ignoreErrors" });

  // An insight in use is deleted with its cards, or not at all.
  await page.getByRole("link", { name: "Insights", exact: true }).click();
  await page.getByRole("button", { name: "More about Orders a month" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("alertdialog")).toContainText("It is shown on “Shop”.");
  await page.getByRole("button", { name: "Delete it and its cards" }).click();
  await expect(page.getByRole("alertdialog")).toBeHidden();
  await page.getByRole("link", { name: "Dashboards", exact: true }).click();
  await expect(page.getByRole("list", { name: "Dashboards" })).toContainText("2 cards");

  await page.getByRole("button", { name: "More about Shop" }).click();
  await page.getByRole("menuitem", { name: "Duplicate" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Copy of Shop" })).toBeVisible();
  await page.getByRole("button", { name: "More about this dashboard" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("list", { name: "Dashboards" }).getByRole("link")).toHaveText(["Shop"]);
});

test("does not lose what somebody else did to the dashboard", async ({ page, fresh }) => {
  await open(page, fresh, "/dashboards");
  const made = await page.request.post(`${fresh.url}/api/v1/dashboards`, { data: { name: "Shared" } });
  const { id } = (await made.json()) as { id: string };
  await page.goto(`${fresh.url}/dashboards/${id}`);
  await page.getByRole("button", { name: "Edit" }).first().click();
  await page.getByRole("button", { name: "Add text" }).click();
  await page.getByRole("dialog").getByLabel("Text").fill("Mine");
  await page.getByRole("dialog").getByRole("button", { name: "Keep" }).click();
  const layout = { x: 0, y: 0, w: 4, h: 2 };
  const theirs = await page.request.put(`${fresh.url}/api/v1/dashboards/${id}`, {
    data: { name: "Shared", cards: [{ kind: "text", text: "Theirs", layout }] },
  });
  expect(theirs.status()).toBe(200);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("Somebody else changed this dashboard");
  await page.getByRole("button", { name: "Show theirs" }).click();
  await expect(card(page, "Text")).toContainText("Theirs");
});

for (const width of [360, 1440]) {
  test(`the lists and a dashboard fit ${width} pixels`, async ({ page, fresh }) => {
    await page.setViewportSize({ width, height: 800 });
    await open(page, fresh, "/dashboards");
    const name = "Ein_sehr_langer_Name_".repeat(9);
    const layout = { x: 0, y: 0, w: 12, h: 4 };
    const made = await page.request.post(`${fresh.url}/api/v1/dashboards`, {
      data: { name, description: name, cards: [{ kind: "text", text: name.repeat(5), layout }] },
    });
    const { id } = (await made.json()) as { id: string };
    for (const path of ["/dashboards", "/insights", `/dashboards/${id}`]) {
      await page.goto(fresh.url + path);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await page.waitForLoadState("networkidle");
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    await page.getByRole("button", { name: "Edit" }).click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });
}
