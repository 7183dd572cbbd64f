import { expect, open, settled, test } from "./fixtures";
import { PASSWORD } from "./server";

const question = "/explore?event=commit&from=2024-01-01&to=2024-12-31&by=month&tz=UTC&view=table";

test("signs in, after a wrong password too, and lands on the question of the address", async ({
  page,
  sample,
}) => {
  await page.goto(sample.url + question);
  await expect(page.getByRole("heading", { name: "Sign in to DataLoaf" })).toBeVisible();

  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("The password is wrong");

  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "commit, total" })).toBeVisible();
  await expect(page).toHaveURL(sample.url + question);
});

test("keeps the question when the session ends in the middle of work", async ({ page, sample, context }) => {
  await open(page, sample, question);
  await settled(page);
  await context.clearCookies();

  await page.getByRole("button", { name: "Ask again" }).click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await expect(dialog).toBeVisible();
  // The work is still there, behind the form.
  await expect(page.locator("table").first()).toBeVisible();

  await dialog.getByLabel("Password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(dialog).toBeHidden();
  await settled(page);
  await expect(page.getByRole("region", { name: "Values" })).toBeVisible();
  await expect(page).toHaveURL(sample.url + question);
});

test("signs out and asks for the password again", async ({ page, sample }) => {
  await open(page, sample, "/pipeline");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in to DataLoaf" })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Password")).toBeFocused();
});
