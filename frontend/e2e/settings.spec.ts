import type { Page } from "@playwright/test";
import { accessible, expect, open, select, test } from "./fixtures";
import type { Server } from "./server";

const password = "a password of the member's own";

/** Invites somebody as the first admin, whose page this is, and gives the link. */
async function invite(page: Page, email: string, role?: string): Promise<string> {
  const form = page.getByRole("form", { name: "Invite a member" });
  await form.getByLabel("Email").fill(email);
  if (role !== undefined) await select(page, /Role$/, role);
  await form.getByRole("button", { name: "Invite" }).click();
  return (await page.getByRole("group", { name: `Link for ${email}`, exact: true }).textContent()) ?? "";
}

/** Signs somebody in with a link, in a browser of their own. */
async function accept(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel("New password").fill(password);
  await page.getByLabel("The same again").fill(password);
  await page.getByRole("button", { name: "Set the password and sign in" }).click();
  await expect(page).toHaveURL(/\/explore/);
}

async function session(server: Server, token: string): Promise<number> {
  const response = await fetch(`${server.url}/api/v1/session`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  return response.status;
}

test("a member is invited, chooses a password, changes it, and is locked out", async ({
  page,
  fresh,
  browser,
}) => {
  await open(page, fresh, "/settings");
  const link = await invite(page, "ada@example.com");
  expect(link).toContain(`${fresh.url}/invitation#`);
  const row = page.getByRole("listitem").filter({ hasText: "ada@example.com" });
  await expect(row).toContainText("Invited; the link expires");
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText(link)).toHaveCount(0);

  const theirs = await browser.newContext();
  const ada = await theirs.newPage();
  await ada.goto(link);
  await expect(ada).toHaveURL(`${fresh.url}/invitation`);
  const submit = ada.getByRole("button", { name: "Set the password and sign in" });
  await expect(ada.getByLabel("New password")).toBeFocused();
  await ada.getByLabel("New password").fill("elevenchars");
  await ada.getByLabel("The same again").fill("elevenchars");
  await expect(submit).toBeDisabled();
  await ada.getByLabel("New password").fill(password);
  await expect(ada.getByText("The two are not the same yet.")).toBeVisible();
  await ada.getByLabel("The same again").fill(password);
  await submit.click();
  await expect(ada.getByRole("heading", { name: "No data yet" })).toBeVisible();

  // A viewer sees their own settings alone, and changes their password.
  await ada.getByRole("link", { name: "Settings" }).click();
  await expect(ada.getByText("You are signed in as ada@example.com.")).toBeVisible();
  await expect(ada.getByRole("heading", { name: "Members" })).toHaveCount(0);
  const form = ada.getByRole("form", { name: "Change your password" });
  await form.getByLabel("Current password").fill("not it");
  await form.getByLabel("New password").fill(`${password} now`);
  await form.getByLabel("The same again").fill(`${password} now`);
  await form.getByRole("button").click();
  await expect(form.getByRole("alert")).toContainText("The current password is wrong.");
  await form.getByLabel("Current password").fill(password);
  await form.getByRole("button").click();
  await expect(form.getByRole("status")).toContainText("All your other sessions have ended.");
  await ada.reload();
  await expect(ada.getByText("You are signed in as ada@example.com.")).toBeVisible();

  // The admin makes them an admin, which their page shows when it is next opened.
  await page.reload();
  await select(page, /Role of ada@example.com$/, "Admin");
  await expect(row).toContainText("Admin");
  await ada.reload();
  await expect(ada.getByRole("heading", { name: "Members" })).toBeVisible();

  await row.getByRole("button", { name: "Disable ada@example.com" }).click();
  await expect(row).toContainText("Disabled");
  await ada.getByRole("link", { name: "Pipeline" }).click();
  await expect(ada.getByRole("dialog", { name: "Your session has ended" })).toBeVisible();
  await ada.getByLabel("Email").fill("ada@example.com");
  await ada.getByLabel("Password").fill(`${password} now`);
  await ada.keyboard.press("Enter");
  await expect(ada.getByRole("dialog").getByRole("alert")).toContainText(
    "The password is wrong, or there is no such user.",
  );

  await row.getByRole("button", { name: "Enable ada@example.com" }).click();
  await expect(row.getByRole("button", { name: "Disable ada@example.com" })).toBeVisible();
  await ada.keyboard.press("Enter");
  await expect(ada.getByRole("dialog")).toBeHidden();

  await row.getByRole("button", { name: "Remove ada@example.com" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(row).toHaveCount(0);
  await theirs.close();
});

test("a link works once, and a new one resets the password", async ({ page, fresh, browser }) => {
  await open(page, fresh, "/settings");
  const link = await invite(page, "ada@example.com", "Editor");
  const theirs = await browser.newContext();
  const ada = await theirs.newPage();
  await accept(ada, link);

  await ada.goto("about:blank");
  await ada.goto(link);
  await ada.getByLabel("New password").fill(password);
  await ada.getByLabel("The same again").fill(password);
  await ada.keyboard.press("Enter");
  await expect(ada.getByRole("heading", { name: "This link does not work" })).toBeVisible();
  await accessible(ada);

  await page.reload();
  await page.getByRole("button", { name: "Reset password for ada@example.com" }).click();
  const reset = (await page.getByRole("group", { name: "Link for ada@example.com" }).textContent()) ?? "";
  expect(reset).not.toBe(link);
  await ada.goto("about:blank");
  await accept(ada, reset);
  await theirs.close();
});

test("a token is shown once, works, and is revoked", async ({ page, fresh }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page, fresh, "/settings");
  const form = page.getByRole("form", { name: "Make a token" });
  await form.getByLabel("Name").fill("nightly report");
  await select(page, /May$/, "Read and write");
  await form.getByRole("button", { name: "Make a token" }).click();
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const secret = await page.evaluate(() => navigator.clipboard.readText());
  expect(secret).toBe(await page.getByRole("group", { name: "Token nightly report" }).textContent());
  expect(await session(fresh, secret)).toBe(200);

  await page.reload();
  await expect(page.getByText(secret)).toHaveCount(0);
  const row = page.getByRole("listitem").filter({ hasText: "nightly report" });
  await expect(row).toContainText("Read and write");
  await expect(row).toContainText("last used");
  await row.getByRole("button", { name: "Revoke nightly report" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByText("No token has been made here.")).toBeVisible();
  expect(await session(fresh, secret)).toBe(401);
});

test("says what is wrong with an invitation", async ({ page, fresh }) => {
  await open(page, fresh, "/settings");
  await invite(page, "ada@example.com");
  const form = page.getByRole("form", { name: "Invite a member" });
  await form.getByLabel("Email").fill("ADA@example.com");
  await form.getByRole("button", { name: "Invite" }).click();
  await expect(form.getByRole("alert")).toContainText("There is a member with this address.");
});

for (const scheme of ["light", "dark"] as const) {
  test.describe(scheme, () => {
    test.use({ colorScheme: scheme, contextOptions: { reducedMotion: "reduce" } });

    test("axe finds nothing in the settings", async ({ page, fresh }) => {
      await open(page, fresh, "/settings");
      await invite(page, "ada@example.com");
      const form = page.getByRole("form", { name: "Make a token" });
      await form.getByLabel("Name").fill("nightly report");
      await form.getByRole("button", { name: "Make a token" }).click();
      await expect(page.getByRole("group", { name: "Token nightly report" })).toBeVisible();
      await accessible(page);
      await page.getByRole("button", { name: "Remove ada@example.com" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await accessible(page, "popover");
    });

    test("axe finds nothing where a password is chosen", async ({ page, fresh }) => {
      await page.goto(`${fresh.url}/invitation#token`);
      await expect(page.getByLabel("New password")).toBeVisible();
      await accessible(page);
    });
  });
}

test("keeps long addresses in their place on a narrow page", async ({ page, fresh }) => {
  await page.setViewportSize({ width: 360, height: 800 });
  await open(page, fresh, "/settings");
  await invite(page, `${"very-long-".repeat(6)}x@${"sub.".repeat(10)}example.com`);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});
