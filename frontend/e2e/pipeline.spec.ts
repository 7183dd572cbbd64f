import { accessible, expect, open, test } from "./fixtures";

test.use({ contextOptions: { reducedMotion: "reduce" } });

test("shows what was loaded, and the proof that it is all, or how to get one", async ({ page, fresh }) => {
  const at = new Date(Date.now() - 60_000).toISOString();
  await open(page, fresh, "/pipeline");
  const proof = page.getByRole("region", { name: "Proof" });
  await expect(proof).toContainText("Nobody has audited yet");
  await expect(proof).toContainText("loafctl audit --from 24h");
  await expect(page.getByText("Nothing was loaded in these days.")).toBeVisible();
  await accessible(page);

  const id = "01890000-0000-7000-8000-000000000001";
  const event = { event_id: id, event: "order", user_id: "ann", timestamp: at };
  await fresh.seed([event, { event: "view", timestamp: at }]);
  await fresh.audit();
  await page.reload();
  await expect(proof).toContainText("Proven");
  await expect(proof).toContainText("2 accepted = 2 loaded + 0 duplicates + 0 set aside + 0 waiting");
  await expect(page.getByRole("region", { name: "What arrived, by day" })).toContainText("In all");
  await expect(page.getByRole("region", { name: "Newest loads" }).getByRole("row")).toHaveCount(2);
  await expect(page.getByRole("img", { name: /^2 rows were loaded/ })).toBeVisible();
  await accessible(page);
  await page.getByRole("radio", { name: "Last 30 days" }).click();
  await expect(page.getByRole("heading", { name: "Rows loaded, by day" })).toBeVisible();
});
