import { expect, open, test } from "./fixtures";

test("leads from no data to the first chart, and greets the first event by itself", async ({
  page,
  fresh,
}) => {
  await open(page, fresh, "/");
  await expect(page.getByRole("heading", { name: "No data yet" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Command" })).toContainText(`curl ${fresh.url}/v1/events`);
  await expect(page.getByRole("button", { name: "Waiting for the first event" })).toBeDisabled();

  const event = "🥖 تسجيل Größe";
  await fresh.seed([{ event, user_id: "u1", timestamp: new Date().toISOString() }]);
  await expect(page.getByRole("heading", { name: "Your first event is here" })).toBeVisible();
  await page.getByRole("button", { name: `Ask about “${event}”` }).click();
  await expect(page.getByRole("heading", { level: 1, name: `${event}, total` })).toBeVisible();
  await expect(page.getByRole("table", { name: "Series" }).getByRole("row").nth(1)).toContainText("1");
});

test("says that the server is away, and goes on when it is back", async ({ page, fresh }) => {
  await fresh.seed([{ event: "baked", user_id: "u1", timestamp: new Date().toISOString() }]);
  await open(page, fresh, "/explore?event=baked&last=7d&tz=UTC");
  await expect(page.getByRole("table", { name: "Series" })).toContainText("baked, total");

  await fresh.halt();
  await page.getByRole("radio", { name: "Last 4 weeks" }).click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("The server does not answer");

  await fresh.resume();
  await alert.getByRole("button", { name: "Try again" }).click();
  // A server that keeps its sessions answers at once; one that does not asks for the password over the page.
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await expect(page.getByRole("table", { name: "Series" }).or(dialog)).toBeVisible();
  await expect(page).toHaveURL(/event=baked&last=4w/);
});

test("shows new data without being asked", async ({ page, fresh }) => {
  test.setTimeout(90_000);
  const now = () => new Date().toISOString();
  await fresh.seed([{ event: "baked", user_id: "u1", timestamp: now() }]);
  await open(page, fresh, "/explore?event=baked&last=7d&tz=UTC&view=number");
  const numbers = page.getByRole("list", { name: "Numbers" });
  await expect(numbers).toContainText("1baked, total");
  await fresh.seed([
    { event: "baked", user_id: "u1", timestamp: now() },
    { event: "baked", user_id: "u2", timestamp: now() },
  ]);
  await expect(numbers).toContainText("3baked, total", { timeout: 30_000 });
});
