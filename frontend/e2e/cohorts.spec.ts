import type { Page } from "@playwright/test";
import { accessible, expect, open, pick, select, settled, test } from "./fixtures";
import type { Server } from "./server";

test.use({ contextOptions: { reducedMotion: "reduce" } });

/** Ann ordered twice and Bob once, today; Cid only looked. */
async function seed(server: Server): Promise<void> {
  const at = new Date(Date.now() - 60_000).toISOString();
  await server.seed([
    { event: "order", user_id: "ann", timestamp: at, properties: { amount: 90 } },
    { event: "order", user_id: "ann", timestamp: at, properties: { amount: 10 } },
    { event: "order", user_id: "bob", timestamp: at, properties: { amount: 10 } },
    { event: "view", user_id: "cid", timestamp: at },
  ]);
}

const users = (page: Page) => page.getByRole("list", { name: "Users of the cohort" }).getByRole("link");

test("makes a cohort of what users did and did not do, looks into it and explores it", async ({
  page,
  fresh,
}) => {
  await seed(fresh);
  await open(page, fresh, "/cohorts");
  await expect(page.getByText("No cohort yet")).toBeVisible();
  await page.getByRole("button", { name: "New cohort" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Buyers");
  await pick(page, /^Event of condition 1/, "order");
  await accessible(page);
  await page.getByRole("button", { name: "Create the cohort" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Buyers" })).toBeVisible();
  await expect(page.getByText("They did order in the last 30 days")).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: "2 users" })).toBeVisible();
  await expect(users(page)).toHaveText(["ann", "bob"]);
  await accessible(page);

  // At least twice; and then those who never did.
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Number of times of condition 1").fill("2");
  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("They did order at least 2 times in the last 30 days")).toBeVisible();
  await expect(users(page)).toHaveText(["ann"]);
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Number of times of condition 1").fill("1");
  await page.keyboard.press("Tab");
  await select(page, /Whether it was done, condition 1/, "did not do");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(users(page)).toHaveText(["cid"]);

  await page.getByRole("link", { name: "Explore this cohort" }).click();
  await expect(page).toHaveURL(/where=cohort\.in\./);
  await settled(page);
  await expect(page.getByRole("table", { name: "Series" })).toContainText("1");
  await page.goBack();

  await users(page).first().click();
  await expect(page.getByRole("heading", { level: 1, name: "cid" })).toBeVisible();

  // The list counts it, and keeps it while an insight asks about it.
  await page.goto(`${fresh.url}/cohorts`);
  const list = page.getByRole("list", { name: "Cohorts" });
  await expect(list).toContainText("1 user");
  const { cohorts } = (await (await page.request.get(`${fresh.url}/api/v1/cohorts`)).json()) as {
    cohorts: { id: string }[];
  };
  const conditions = [{ scope: "cohort", operator: "in", value: cohorts[0]?.id }];
  const query = {
    kind: "trend",
    range: { last: "7d" },
    interval: "day",
    series: [{ event: "*", aggregation: { type: "total" } }],
    filters: { match: "all", conditions },
  };
  const saved = await page.request.post(`${fresh.url}/api/v1/insights`, { data: { name: "Idle", query } });
  expect(saved.status()).toBe(201);
  await page.getByRole("button", { name: "More about Buyers" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  const inUse = page.getByRole("dialog", { name: "“Buyers” is in use" });
  await expect(inUse.getByRole("link", { name: "Idle" })).toBeVisible();
  await accessible(page);
  await inUse.getByRole("button", { name: "Keep it" }).click();
  await expect(list).toContainText("Buyers");

  await page.getByRole("button", { name: "More about Buyers" }).click();
  await page.getByRole("menuitem", { name: "Duplicate" }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Copy of Buyers");
});

test("makes a cohort of those who dropped out of a funnel", async ({ page, fresh }) => {
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  await fresh.seed([
    { event: "view", user_id: "ann", timestamp: at(30) },
    { event: "order", user_id: "ann", timestamp: at(20) },
    { event: "view", user_id: "bob", timestamp: at(30) },
    { event: "order", user_id: "cid", timestamp: at(20) },
  ]);
  await open(page, fresh, "/cohorts/new");
  await page.getByLabel("Name", { exact: true }).fill("Dropped out");
  await page.getByRole("button", { name: "Remove condition 1" }).click();
  await page.getByRole("button", { name: "How far they came in a funnel" }).click();
  await pick(page, /^Event of condition 1, step 1/, "view");
  await pick(page, /^Event of condition 1, step 2/, "order");
  await accessible(page);
  await page.getByRole("button", { name: "Create the cohort" }).click();
  await expect(page.getByText(/They began and did not complete view → order/)).toBeVisible();
  await expect(users(page)).toHaveText(["bob"]);
  await page.getByRole("button", { name: "Edit" }).click();
  await select(page, /^Outcome of condition 1|Outcome of condition 1/, "completed");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(users(page)).toHaveText(["ann"]);
});

test("tells when somebody else changed the cohort, and saves mine beside theirs", async ({ page, fresh }) => {
  await seed(fresh);
  await open(page, fresh, "/cohorts");
  const definition = { conditions: [{ type: "attribute", property: "plan", operator: "is_set" }] };
  const made = await page.request.post(`${fresh.url}/api/v1/cohorts`, {
    data: { name: "Paying", definition },
  });
  const { id } = (await made.json()) as { id: string };
  await page.goto(`${fresh.url}/cohorts/${id}`);
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Mine");
  const theirs = await page.request.put(`${fresh.url}/api/v1/cohorts/${id}`, {
    data: { name: "Theirs", definition },
  });
  expect(theirs.status()).toBe(200);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("Somebody else changed this cohort");
  await alert.getByRole("button", { name: "Save mine as new" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Mine (mine)" })).toBeVisible();
  await expect(page.getByText("Nobody belongs to it now")).toBeVisible();
  await page.getByRole("link", { name: "Cohorts" }).first().click();
  await expect(page.getByRole("list", { name: "Cohorts" }).getByRole("link")).toHaveText([
    "Theirs",
    "Mine (mine)",
  ]);
});
