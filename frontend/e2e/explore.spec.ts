import { readFile } from "node:fs/promises";
import { expect, open, pick, select, settled, tableValues, test, written } from "./fixtures";
import { PASSWORD } from "./server";

test("asks the four-part question, reads the numbers off the table, and finds them again at the address", async ({
  page,
  sample,
}) => {
  await page.goto(sample.url);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();

  // The event, out of the catalogue, with how often it happened.
  await page.getByRole("button", { name: /^Event of A/ }).click();
  await page.getByRole("combobox", { name: /^Search/ }).fill("comm");
  const commit = page.getByRole("option", { name: /^commit/ });
  await expect(commit).toContainText("28.8K", { ignoreCase: true });
  await commit.click();

  // The aggregation, over a numeric property.
  await select(page, /Aggregation of A/, "Sum");
  await expect(page.getByText("Choose the property to calculate with.")).toBeVisible();
  await pick(page, /^Property of A/, "files");

  // The period: a custom range, its interval and its time zone.
  await page.getByRole("button", { name: /^Custom range/ }).click();
  const range = page.getByRole("dialog", { name: "Custom range" });
  await range.getByRole("group", { name: "From" }).getByRole("spinbutton").first().click();
  await page.keyboard.type("01012024");
  await range.getByRole("group", { name: "To" }).getByRole("spinbutton").first().click();
  await page.keyboard.type("31122024");
  await range.getByRole("button", { name: "Show this period" }).click();
  await select(page, /Interval$/, "By quarter");
  await pick(page, /^Time zone/, "Asia/Kolkata", "kolkata");

  // A filter on the user.
  await page.getByRole("button", { name: "Add a filter" }).click();
  await pick(page, /^Property of filters, 1/, "email_domain");
  await select(page, /Operator of filters, 1$/, "is not");
  await pick(page, /^Value of filters, 1/, "gmail.com");

  await page.getByRole("radio", { name: "Table" }).click();
  await settled(page);
  const shown = await tableValues(page);

  const answer = await sample.ask({
    kind: "trend",
    range: { from: "2024-01-01", to: "2024-12-31" },
    timezone: "Asia/Kolkata",
    interval: "quarter",
    series: [{ event: "commit", aggregation: { type: "sum", property: "files" } }],
    filters: {
      match: "all",
      conditions: [{ scope: "user", property: "email_domain", operator: "not_equals", value: "gmail.com" }],
    },
  });
  expect(shown).toHaveLength(4);
  expect(shown).toEqual(answer.series[0]?.values.map((value) => [written(value)]));
  expect(answer.series[0]?.values.every((value) => value !== null && value > 0)).toBe(true);

  const address = page.url();
  await page.reload();
  await settled(page);
  expect(await tableValues(page)).toEqual(shown);
  expect(page.url()).toBe(address);
});

test("counts every commit of the sample", async ({ page, sample }) => {
  await open(page, sample, "/explore?event=commit&from=2014-01-01&to=2026-12-31&tz=UTC&view=number");
  await expect(page.getByRole("list", { name: "Numbers" })).toContainText("28,775");
});

test("shows the unique users of a whole period as one number, not as the sum of its days", async ({
  page,
  sample,
}) => {
  await open(
    page,
    sample,
    "/explore?event=commit&agg=unique_users&from=2024-03-01&to=2024-06-30&by=month&tz=UTC&view=number",
  );
  const answer = await sample.ask({
    range: { from: "2024-03-01", to: "2024-06-30" },
    interval: "year",
    series: [{ event: "commit", aggregation: { type: "unique_users" } }],
  });
  await expect(page.getByRole("list", { name: "Numbers" })).toContainText(
    written(answer.series[0]?.values[0] ?? null),
  );
});

test("goes back and forward through questions", async ({ page, sample }) => {
  await open(page, sample, "/explore?event=commit&last=4w&tz=UTC");
  await page.getByRole("radio", { name: "Last 12 months" }).click();
  await expect(page).toHaveURL(/last=12mo/);
  await page.getByRole("radio", { name: "Bar" }).click();
  await expect(page).toHaveURL(/view=bar/);
  await page.goBack();
  await expect(page).not.toHaveURL(/view=bar/);
  await page.goBack();
  await expect(page).toHaveURL(/last=4w/);
  await expect(page.getByRole("radio", { name: "Last 4 weeks" })).toBeChecked();
  await page.goForward();
  await expect(page.getByRole("radio", { name: "Last 12 months" })).toBeChecked();
});

test("puts series over each other: adds, duplicates, hides and removes them", async ({ page, sample }) => {
  await open(page, sample, "/explore?event=commit&from=2024-01-01&to=2024-12-31&tz=UTC");
  await page.getByRole("button", { name: "Add a series" }).click();
  await pick(page, /^Event of B/, "merge");
  await page.getByRole("button", { name: "Duplicate series B" }).click();
  await select(page, /Aggregation of C/, "Unique users");

  const legend = page.getByRole("table", { name: "Series" });
  await expect(legend.getByRole("row")).toHaveCount(4);
  await expect(legend).toContainText("merge, unique users");
  const answer = await sample.ask({
    range: { from: "2024-01-01", to: "2024-12-31" },
    interval: "month",
    series: [{ event: "merge", aggregation: { type: "total" } }],
  });
  await expect(legend.getByRole("row", { name: /merge, total/ })).toContainText(
    written(answer.series[0]?.count ?? null),
  );

  const show = legend.getByRole("button", { name: "Show merge, total" });
  await show.click();
  await expect(show).toHaveAttribute("aria-pressed", "false");

  await page.getByRole("button", { name: "Remove series B" }).click();
  await expect(page.getByRole("button", { name: "Remove series C" })).toBeHidden();
  await expect(page.getByRole("button", { name: /^Event of B: merge/ })).toBeVisible();
  await expect(page).toHaveURL(/event=commit&event=merge&agg=unique_users/);
});

test("stops at ten series", async ({ page, sample }) => {
  const series = Array.from({ length: 10 }, () => "event=commit").join("&");
  await open(page, sample, `/explore?${series}&last=7d&tz=UTC`);
  await expect(page.getByRole("button", { name: "10 series are the most" })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Duplicate series A" })).toBeDisabled();
});

test("filters with the control of each type", async ({ page, sample }) => {
  await open(page, sample, "/explore?event=commit&from=2024-01-01&to=2024-12-31&by=year&tz=UTC&view=table");

  await page.getByRole("button", { name: "Add a filter" }).click();
  await pick(page, /^Property of filters, 1/, "merge");
  await select(page, /Value of filters, 1$/, "false");

  await page.getByRole("button", { name: "Add a filter" }).click();
  await pick(page, /^Property of filters, 2/, "files");
  await select(page, /Operator of filters, 2$/, "is at least");
  await page.getByRole("textbox", { name: "Value of filters, 2" }).fill("3");
  await page.keyboard.press("Enter");

  await page.getByRole("button", { name: "Add a filter" }).click();
  await pick(page, /^Property of filters, 3/, "area");
  await select(page, /Operator of filters, 3$/, "is one of");
  await page.getByRole("button", { name: /^Value of filters, 3/ }).click();
  await page.getByRole("option", { name: /^internal/ }).click();
  await page.getByRole("combobox", { name: /^Search/ }).fill("not an area");
  await page.getByRole("option", { name: "Use not an area" }).click();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Add a filter" }).click();
  await pick(page, /^Property of filters, 4/, "email_domain");
  await select(page, /Operator of filters, 4$/, "contains");
  await page.getByRole("textbox", { name: "Value of filters, 4" }).fill("GMAIL");

  const conditions = [
    { scope: "event", property: "merge", operator: "equals", value: false },
    { scope: "event", property: "files", operator: "greater_or_equal", value: 3 },
    { scope: "event", property: "area", operator: "in", value: ["internal", "not an area"] },
    { scope: "user", property: "email_domain", operator: "contains", value: "GMAIL" },
  ];
  const query = {
    range: { from: "2024-01-01", to: "2024-12-31" },
    interval: "year",
    series: [{ event: "commit", aggregation: { type: "total" } }],
  };
  const all = await sample.ask({ ...query, filters: { match: "all", conditions } });
  expect(all.series[0]?.count).toBeGreaterThan(0);
  await expect.poll(() => tableValues(page)).toEqual([[written(all.series[0]?.values[0] ?? null)]]);

  await select(page, /How filters match$/, "any of these");
  const any = await sample.ask({ ...query, filters: { match: "any", conditions } });
  expect(any.series[0]?.count).not.toBe(all.series[0]?.count);
  await expect.poll(() => tableValues(page)).toEqual([[written(any.series[0]?.values[0] ?? null)]]);

  await page.getByRole("button", { name: "Remove filters, 4" }).click();
  await expect(page.getByRole("button", { name: "Add a filter" })).toBeFocused();
});

test("cancels a running query, and the old one when a new question is asked", async ({ page, sample }) => {
  // The network is held up; the answers are the server's own.
  let release: () => void = () => undefined;
  const held = new Promise<void>((done) => {
    release = done;
  });
  await page.route("**/api/v1/query", async (route) => {
    await held;
    await route.continue().catch(() => undefined);
  });
  const cancelled: string[] = [];
  page.on("requestfailed", (request) => {
    if (request.url().endsWith("/query")) cancelled.push(request.postData() ?? "");
  });

  await open(page, sample, "/explore?event=commit&from=2024-01-01&to=2024-12-31&tz=UTC");
  await page.getByRole("button", { name: "Cancel the query" }).click();
  await expect(page.getByText("The query was cancelled before it had an answer.")).toBeVisible();
  expect(cancelled).toHaveLength(1);

  await page.getByRole("button", { name: "Ask again" }).first().click();
  await pick(page, /^Event of A/, "merge");
  await expect.poll(() => cancelled.length).toBe(2);
  release();
  await page.getByRole("radio", { name: "Table" }).click();
  await settled(page);
  await expect(page.getByRole("columnheader", { name: "merge, total" })).toBeVisible();
});

test("hands out the answer as the server's CSV", async ({ page, sample }) => {
  await open(page, sample, "/explore?event=commit&from=2024-01-01&to=2024-03-31&by=month&tz=UTC");
  await settled(page);
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV" }).click();
  const file = await waiting;
  expect(file.suggestedFilename()).toBe("dataloaf-commit-2024-01-01-to-2024-03-31.csv");
  const lines = (await readFile(await file.path(), "utf8")).trim().split(/\r?\n/);
  const answer = await sample.ask({
    range: { from: "2024-01-01", to: "2024-03-31" },
    interval: "month",
    series: [{ event: "commit", aggregation: { type: "total" } }],
  });
  expect(lines).toHaveLength(4);
  expect(lines.slice(1).map((line) => line.split(",")[1])).toEqual(answer.series[0]?.values.map(String));
});

test("tells how new the data is and how long the answer took", async ({ page, sample }) => {
  await open(page, sample, "/explore?event=commit&from=2024-01-01&to=2024-12-31&tz=UTC");
  await expect(page.getByText(/Data up to .*, last load .* ago/)).toBeVisible();
  await expect(page.getByText(/Answered in \d+/)).toBeVisible();
});

test("leads from a period without events to where they are", async ({ page, sample }) => {
  await open(page, sample, "/explore?event=commit&from=1999-01-01&to=1999-12-31&tz=UTC");
  await expect(page.getByText("No events in this period")).toBeVisible();
  await page.getByRole("button", { name: "Show all of it" }).click();
  await expect(page.getByRole("table", { name: "Series" })).toContainText("28,775");
});

test("leaves out what it cannot read of an address, and says so", async ({ page, sample }) => {
  await open(page, sample, "/explore?event=commit&where=event.like.area.1&view=pie&last=7d&tz=UTC");
  await expect(page.getByText("“pie” is no way to show an answer.")).toBeVisible();
  await expect(page).toHaveURL(sample.url + "/explore?event=commit&last=7d&tz=UTC");
});

test("draws the values that the arrow keys walk along", async ({ page, sample }) => {
  await open(page, sample, "/explore?event=commit&from=2024-01-01&to=2024-12-31&by=month&tz=UTC");
  const answer = await sample.ask({
    range: { from: "2024-01-01", to: "2024-12-31" },
    interval: "month",
    series: [{ event: "commit", aggregation: { type: "total" } }],
  });
  const values = answer.series[0]?.values ?? [];
  const chart = page.getByRole("slider", { name: "Chart, by month" });
  await chart.focus();
  await page.keyboard.press("Home");
  await expect(chart).toHaveAttribute(
    "aria-valuetext",
    `January 2024. commit, total: ${written(values[0] ?? null)}`,
  );
  await page.keyboard.press("ArrowRight");
  await expect(chart).toHaveAttribute(
    "aria-valuetext",
    `February 2024. commit, total: ${written(values[1] ?? null)}`,
  );
});

test("is asked with the keyboard alone", async ({ page, sample }) => {
  await open(page, sample, "/explore?event=commit&from=2024-01-01&to=2024-12-31&tz=UTC");
  await page.getByRole("button", { name: /^Event of A/ }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("docs");
  await expect(page.getByRole("option", { name: /^docs_changed/ })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/event=docs_changed/);
  await expect(page.getByRole("button", { name: /^Event of A: docs_changed/ })).toBeFocused();

  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("combobox", { name: /^Search/ })).toBeHidden();
  await expect(page).toHaveURL(/event=docs_changed/);
});
