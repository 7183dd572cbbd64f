import { readFile } from "node:fs/promises";
import { accessible, expect, open, pick, test } from "./fixtures";

const SHOTS = process.env.LOAF_SHOTS;

/** So many events of one user, a minute apart, the last one a minute ago. */
function timeline(user: string, count: number) {
  const now = Date.now();
  return Array.from({ length: count }, (_, n) => ({
    event: n % 2 === 0 ? "view" : "purchase",
    user_id: user,
    timestamp: new Date(now - (count - n) * 60_000).toISOString(),
    properties: { number: n, page: `/p/${n}` },
  }));
}

test("finds a person, reads the timeline to its end, and goes on to explore", async ({ page, sample }) => {
  await open(page, sample, "/people");
  await page.getByRole("searchbox", { name: "Search people" }).fill("GMAIL.com");
  const found = page.getByRole("region", { name: "People found" });
  await expect(found).toContainText("email_domain: gmail.com");
  await expect(page).toHaveURL(/search=GMAIL/);
  const gmail = found.getByRole("listitem").filter({ hasText: "email_domain: gmail.com" });
  await gmail.first().getByRole("link").click();
  await expect(page.getByRole("region", { name: "About" })).toContainText("First seen");
  await accessible(page);
  await page.getByRole("link", { name: "Explore people with this email_domain" }).click();
  await expect(page).toHaveURL(/where=user\.equals\.email_domain\.%22gmail\.com%22/);
});

test("pages through a long timeline without a gap, whatever the id", async ({ page, fresh }) => {
  const id = "a/b %2F ü?#&";
  await fresh.seed(timeline(id, 130));
  await open(page, fresh, "/people");
  await page.getByRole("link", { name: id }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(id);
  const rows = page.getByRole("list", { name: "Events" }).getByRole("listitem");
  await expect
    .poll(async () => {
      await page.mouse.wheel(0, 20_000);
      return rows.count();
    })
    .toBe(130);
  await expect(page.getByRole("button", { name: "Show more" })).toHaveCount(0);
  const numbers = await rows
    .locator("dd:first-of-type")
    .evaluateAll((all) => all.map((one) => one.textContent));
  expect(numbers.filter((text) => /^\d+$/.test(text))).toEqual(
    Array.from({ length: 130 }, (_, n) => String(129 - n)),
  );
  await page.goto(`${fresh.url}/people/user?id=nobody`);
  await expect(page.getByText("Nothing is known of this user")).toBeVisible();
});

test("shows what happens as it is loaded, holds it while paused, and comes back after a restart", async ({
  page,
  fresh,
}) => {
  const now = () => new Date().toISOString();
  await fresh.seed([{ event: "old", user_id: "ann", timestamp: now() }]);
  await open(page, fresh, "/activity");
  const list = page.getByRole("list", { name: "Newest events" });
  await expect(list).toContainText("old");
  await expect(page.getByRole("button", { name: "Live", exact: true })).toBeVisible();
  await fresh.seed([{ event: "new", user_id: "bob", timestamp: now(), properties: { n: 1 } }]);
  await expect(list.getByRole("listitem").first()).toContainText("new");

  await page.getByRole("button", { name: "Pause" }).click();
  await fresh.seed([
    { event: "held", user_id: "bob", timestamp: now() },
    { event: "held", timestamp: now() },
  ]);
  const show = page.getByRole("button", { name: "Show 2 new events" });
  await expect(show).toBeVisible();
  await expect(list).not.toContainText("held");
  await accessible(page);
  await show.click();
  await expect(list.getByRole("listitem")).toHaveCount(4);

  await fresh.halt();
  await expect(page.getByRole("button", { name: "Live: connecting…" })).toBeVisible();
  await fresh.resume();
  await expect(page.getByRole("button", { name: "Live", exact: true })).toBeVisible();
  await fresh.seed([{ event: "after", user_id: "ann", timestamp: now() }]);
  await expect(list.getByRole("listitem").first()).toContainText("after");

  await pick(page, /^Event:/, "held");
  await expect(page).toHaveURL(/event=held/);
  await expect(list.getByRole("listitem")).toHaveCount(2);
  await page.getByRole("button", { name: "Live", exact: true }).click();
  await expect(page.getByRole("button", { name: "Live: off" })).toBeVisible();
});

test("gives raw events of some days as a file", async ({ page, fresh }) => {
  const events = [
    { event: "order placed", user_id: "ann", timestamp: "2026-01-10T23:30:00Z", properties: { n: 1 } },
    { event: "order placed", user_id: "bob", timestamp: "2026-01-11T00:30:00Z", properties: { n: 2 } },
    { event: "signup", user_id: "bob", timestamp: "2026-01-11T01:00:00Z" },
  ];
  await fresh.seed(events);
  await open(page, fresh, "/activity?event=order+placed");
  await page.getByRole("button", { name: "Export…" }).click();
  const dialog = page.getByRole("dialog", { name: "Export raw events" });
  await pick(page, /^Time zone/, "Europe/Berlin");
  await dialog.getByRole("button", { name: /^Days/ }).click();
  for (const label of ["From", "To"]) {
    await page.getByRole("group", { name: label, exact: true }).getByRole("spinbutton").first().click();
    await page.keyboard.type("11012026");
  }
  await page.getByRole("button", { name: "Show this period" }).click();
  await accessible(page);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    dialog.getByRole("link", { name: "Download" }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("events.ndjson");
  const text = await readFile(await file.path(), "utf8");
  // Half an hour before midnight in UTC is the 11th in Berlin.
  expect(
    text
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { user_id: string }).user_id),
  ).toEqual(["ann", "bob"]);
});

test("tells what is empty and what failed", async ({ page, fresh }) => {
  await page.route("**/api/v1/users*", (route) =>
    route.fulfill({ status: 503, json: { error: { code: "unavailable", message: "away", field: null } } }),
  );
  await open(page, fresh, "/people");
  await expect(page.getByRole("alert")).toContainText("The warehouse does not answer");
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("Nobody yet")).toBeVisible();
  await page.goto(`${fresh.url}/activity`);
  await expect(page.getByText("Nothing has happened yet")).toBeVisible();
});

for (const scheme of ["light", "dark"] as const) {
  for (const width of [390, 1440]) {
    test(`fits ${width} pixels, ${scheme}`, async ({ page, sample }) => {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 900 });
      await open(page, sample, "/people");
      await page.getByRole("region", { name: "People found" }).getByRole("link").first().waitFor();
      const look = async (name: string) => {
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        await accessible(page);
        if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}-${width}-${scheme}.png` });
      };
      await look("people");
      await page.getByRole("region", { name: "People found" }).getByRole("link").first().click();
      await page.getByRole("list", { name: "Events" }).getByRole("listitem").first().waitFor();
      await look("person");
      await page.goto(`${sample.url}/activity`);
      await page.getByRole("list", { name: "Newest events" }).getByRole("listitem").first().waitFor();
      await look("activity");
    });
  }
}
