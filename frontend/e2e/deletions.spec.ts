import { accessible, expect, open, test } from "./fixtures";

test("an admin deletes a person's data for good, and keeps the receipt", async ({ page, fresh }) => {
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  await fresh.seed([
    { event: "order", user_id: "gone@example.com", timestamp: at(3) },
    { event: "view", user_id: "gone@example.com", timestamp: at(2) },
    { event: "order", user_id: "ada@example.com", timestamp: at(1) },
  ]);
  await open(page, fresh, "/people/user?id=gone%40example.com");
  await page.getByRole("button", { name: "Delete this person’s data…" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Delete for good?" });
  const id = dialog.getByLabel("The person’s id");
  const confirm = dialog.getByRole("button", { name: "Delete for good" });
  await expect(id).toBeFocused();
  await expect(confirm).toBeDisabled();
  await id.fill("Gone@example.com");
  await expect(confirm).toBeDisabled();
  await accessible(page);
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);

  await page.getByRole("button", { name: "Delete this person’s data…" }).click();
  await id.fill("gone@example.com");
  await dialog.getByLabel("Reason (optional)").fill("gone@example.com asked");
  await confirm.click();
  await expect(dialog.getByRole("alert")).toContainText("The reason names the user");
  await dialog.getByLabel("Reason (optional)").fill("ticket 4711");
  await confirm.click();
  await expect(page.getByText("The deletion was asked for")).toBeVisible();
  await page.getByRole("link", { name: "Settings" }).last().click();

  const panel = page.getByRole("region", { name: "Deletions" });
  const receipt = panel.getByRole("list", { name: "Deletions", exact: true }).getByRole("listitem");
  await expect(receipt).toContainText("ticket 4711");
  // Until nothing can be on its way any more, and the last pass was made.
  await expect
    .poll(
      async () => {
        await page.reload();
        await expect(receipt).toBeVisible();
        return receipt.textContent();
      },
      { timeout: 60_000, intervals: [1_000] },
    )
    .toContain("Done");
  await expect(receipt).toContainText("2 events");
  await expect(receipt).toContainText("A user whose hash ends in");
  await expect(receipt).not.toContainText("gone@example.com");
  const look = panel.getByRole("form", { name: "Look for a deletion" });
  await look.getByLabel("Was this person’s data deleted?").fill("gone@example.com");
  await look.getByRole("button", { name: "Look" }).click();
  await expect(look.getByRole("list", { name: "Deletions of this person" })).toContainText("Done");
  await look.getByLabel("Was this person’s data deleted?").fill("ada@example.com");
  await look.getByRole("button", { name: "Look" }).click();
  await expect(look.getByRole("status")).toContainText("No deletion was asked for of this id");
  await accessible(page);
  if (process.env.LOAF_SHOTS !== undefined) {
    for (const [width, scheme] of [
      [360, "light"],
      [1400, "dark"],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme });
      await panel.screenshot({ path: `${process.env.LOAF_SHOTS}/deletions-${width}-${scheme}.png` });
    }
  }

  await page.goto(`${fresh.url}/people/user?id=gone%40example.com`);
  await expect(page.getByText("Nothing is known of this user")).toBeVisible();
  await page.goto(`${fresh.url}/people/user?id=ada%40example.com`);
  await expect(page.getByRole("list", { name: "Events" }).getByRole("listitem")).toHaveCount(1);
  if (process.env.LOAF_SHOTS !== undefined) {
    await page.getByRole("button", { name: "Delete this person’s data…" }).click();
    await page.setViewportSize({ width: 360, height: 740 });
    await page.screenshot({ path: `${process.env.LOAF_SHOTS}/delete-person-360.png` });
  }
});
