import { accessible, expect, open, test } from "./fixtures";

test.use({ contextOptions: { reducedMotion: "reduce" } });

test("describes, verifies and hides names, and finds what is odd about them", async ({ page, fresh }) => {
  const at = new Date(Date.now() - 60_000).toISOString();
  await fresh.seed([
    { event: "sign_up", user_id: "ann", timestamp: at, properties: { email: "a@example.com", size: 3 } },
    { event: "Sign up", user_id: "bob", timestamp: at, properties: { size: "3" } },
    { event: "internal ping", timestamp: at },
  ]);
  await open(page, fresh, "/data");
  const row = (name: string) => page.getByRole("listitem", { name, exact: true });
  await expect(row("sign_up")).toContainText("Likely duplicate");
  await expect(row("sign_up")).toContainText("1 event");
  await accessible(page);

  await page.getByRole("button", { name: "Define sign_up" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Description" }).fill("A new customer.");
  await dialog.getByText("Verified:").click();
  await accessible(page);
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await expect(row("sign_up")).toContainText("A new customer.");
  await expect(row("sign_up")).toContainText("Verified");

  await page.getByRole("button", { name: "Define internal ping" }).click();
  await dialog.getByText("Hidden:").click();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(row("internal ping")).toContainText("Hidden");

  // Planned, and never seen.
  await page.getByRole("button", { name: "Define a name" }).click();
  await dialog.getByRole("textbox", { name: "Name" }).fill("order placed");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(row("order placed")).toContainText("Never seen");

  await page.getByRole("searchbox", { name: "Search names and descriptions" }).fill("CUSTOMER");
  await expect(page.getByRole("list", { name: "Events" }).getByRole("listitem")).toHaveCount(1);
  await page.getByRole("searchbox", { name: "Search names and descriptions" }).fill("");

  await page.getByRole("radio", { name: "Properties" }).click();
  await expect(row("email")).toContainText("Looks personal");
  await expect(row("email")).not.toContainText("a@example.com");
  await expect(row("size")).toContainText("Mixed types");
  await row("size").getByText("Which events carry it").click();
  await expect(page.getByRole("table", { name: "Events with size" })).toContainText("Sign up");
  await accessible(page);

  // What is hidden leaves the picker, until it is asked for.
  await page.getByRole("radio", { name: "Events" }).click();
  await row("sign_up").getByRole("link", { name: "sign_up" }).click();
  await expect(page).toHaveURL(/event=sign_up/);
  await page.getByRole("button", { name: /^Event of A/ }).click();
  await expect(page.getByRole("option", { name: /^Sign up/ })).toBeVisible();
  await expect(page.getByRole("option", { name: /^internal ping/ })).toHaveCount(0);
  await page.getByText("Show 1 hidden name").click();
  await expect(page.getByRole("option", { name: /^internal ping/ })).toBeVisible();
});

test("shows what a load brought without being asked again", async ({ page, fresh }) => {
  const at = new Date(Date.now() - 60_000).toISOString();
  await fresh.seed([{ event: "sign_up", user_id: "ann", timestamp: at }]);
  await open(page, fresh, "/data");
  const row = (name: string) => page.getByRole("listitem", { name, exact: true });
  await expect(row("sign_up")).toContainText("1 event");

  await fresh.seed([
    { event: "sign_up", user_id: "bob", timestamp: at },
    { event: "order placed", user_id: "bob", timestamp: at, properties: { size: 3 } },
  ]);
  await expect(row("sign_up")).toContainText("2 events");
  await expect(row("order placed")).toContainText("1 event");
});
