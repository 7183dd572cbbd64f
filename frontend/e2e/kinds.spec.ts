// Breakdowns, comparison, funnels and retention: what the page shows is what
// the API answers.
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { accessible, expect, open, pick, select, settled, tableValues, test, written } from "./fixtures";

const range = { from: "2024-01-01", to: "2024-12-31" };
const when = "from=2024-01-01&to=2024-12-31";
const steps = [{ event: "commit" }, { event: "test_changed" }, { event: "merge" }];
const funnelUrl = `/explore?kind=funnel&event=commit&event=test_changed&event=merge&window=30d&${when}&tz=UTC`;
const retentionUrl = `/explore?kind=retention&event=commit&return=commit&periods=6&${when}&by=month&tz=UTC`;
const retention = {
  range,
  cohort_event: "commit",
  return_event: "commit",
  interval: "month",
  periods: 6,
};

const share = (value: number) =>
  new Intl.NumberFormat("en-GB", { style: "percent", maximumFractionDigits: 1 }).format(value);

/** The texts of a row's cells, the row's name left out. */
function cells(page: Page, region: string, row: string | RegExp): Promise<string[]> {
  return page
    .getByRole("region", { name: region })
    .getByRole("row", { name: row })
    .first()
    .getByRole("cell")
    .allTextContents();
}

test.describe("breakdown", () => {
  test("splits a trend into the largest groups, the rest and what is not set", async ({ page, sample }) => {
    await open(page, sample, `/explore?event=*&${when}&by=year&tz=UTC&view=table`);
    await pick(page, /^Break down by/, "area");
    await select(page, /Groups$/, "Largest 3 and the rest");
    await expect(page).toHaveURL(/split=event\.area&top=3/);
    const answer = await sample.ask({
      range,
      interval: "year",
      series: [{ event: "*", aggregation: { type: "total" } }],
      breakdown: { scope: "event", property: "area", limit: 3 },
    });
    const names = answer.series.map(({ breakdown }) => breakdown ?? "Not set");
    expect(names[3]).toBe("$other");
    names[3] = "All others";
    await expect(page.getByRole("columnheader")).toHaveText(["Period", ...names]);
    expect(await tableValues(page)).toEqual([answer.series.map(({ values }) => written(values[0] ?? null))]);

    await page.getByRole("button", { name: "Remove the breakdown" }).click();
    await expect(page).not.toHaveURL(/split=/);
    await expect(page.getByRole("columnheader")).toHaveText(["Period", "All events, total"]);
  });

  test("hides and shows groups from the legend", async ({ page, sample }) => {
    await open(page, sample, `/explore?event=commit&split=event.area&top=3&${when}&by=month&tz=UTC`);
    const legend = page.getByRole("table", { name: "Series" });
    const show = legend.getByRole("button", { name: "Show internal" });
    const chart = page.getByRole("slider", { name: "Chart, by month" });
    await expect(chart).toHaveAttribute("aria-valuetext", /internal: /);
    await show.click();
    await expect(show).toHaveAttribute("aria-pressed", "false");
    await expect(chart).not.toHaveAttribute("aria-valuetext", /internal: /);
    await show.press("Space");
    await expect(chart).toHaveAttribute("aria-valuetext", /internal: /);
  });

  test("draws of hundreds of groups the largest, says so, and takes others instead", async ({
    page,
    sample,
  }) => {
    await open(
      page,
      sample,
      "/explore?event=*&split=event.subject_length&top=1000&from=2014-01-01&to=2024-12-31&by=month&tz=UTC",
    );
    const answer = await sample.ask({
      range: { from: "2014-01-01", to: "2024-12-31" },
      interval: "month",
      series: [{ event: "*", aggregation: { type: "total" } }],
      breakdown: { scope: "event", property: "subject_length", limit: 1000 },
    });
    const count = answer.series.length;
    expect(count).toBeGreaterThan(100);
    expect(count * answer.buckets.length).toBeGreaterThan(10_000);
    await expect(page.getByText(`20 of ${count} series are drawn: choose more of them here.`)).toBeVisible();
    await expect(page.locator("canvas")).toBeVisible();

    const last = answer.series.at(-1)?.breakdown ?? "Not set";
    await page.getByRole("textbox", { name: "Search series" }).fill(last);
    const show = page.getByRole("button", { name: `Show ${last}`, exact: true });
    await show.click();
    await expect(show).toHaveAttribute("aria-pressed", "true");
    await expect(page.getByText(`21 of ${count} series are drawn`)).toBeVisible();
    await page.getByRole("button", { name: "Hide all" }).click();
    await expect(page.getByText(`0 of ${count} series are drawn`)).toBeVisible();
    await page.getByRole("button", { name: "Show the largest" }).click();
    await expect(page.getByText(`20 of ${count} series are drawn`)).toBeVisible();
  });
});

test.describe("comparison", () => {
  test("sets the period before beside each value, and how much it changed", async ({ page, sample }) => {
    await open(
      page,
      sample,
      "/explore?event=commit&from=2024-04-01&to=2024-06-29&by=month&tz=UTC&view=table",
    );
    await page.getByText("Compare with the period before").click();
    await expect(page).toHaveURL(/compare=previous/);
    const answer = await sample.ask({
      range: { from: "2024-04-01", to: "2024-06-29" },
      interval: "month",
      series: [{ event: "commit", aggregation: { type: "total" } }],
      compare: "previous_period",
    });
    const [series] = answer.series;
    const before = series?.previous?.values ?? [];
    const changed = (value: number, from: number) =>
      new Intl.NumberFormat("en-GB", {
        style: "percent",
        maximumFractionDigits: 1,
        signDisplay: "exceptZero",
      }).format((value - from) / from);
    await expect(page.getByRole("columnheader", { name: /before$/ })).toBeVisible();
    expect(before.every((value) => value !== null && value > 0)).toBe(true);
    expect(await tableValues(page)).toEqual(
      series?.values.map((value, bucket) => [
        written(value),
        written(before[bucket] ?? null),
        changed(value ?? 0, before[bucket] ?? 0),
      ]),
    );
    await expect(page.getByRole("row", { name: /^Whole period/ }).getByRole("cell")).toHaveText([
      written(series?.count ?? null),
      written(series?.previous?.count ?? null),
      changed(series?.count ?? 0, series?.previous?.count ?? 0),
    ]);
  });

  test("is told where the arrow keys point, and goes with Back", async ({ page, sample }) => {
    await open(page, sample, "/explore?event=commit&from=2024-04-01&to=2024-06-29&by=month&tz=UTC");
    await page.getByText("Compare with the period before").click();
    const answer = await sample.ask({
      range: { from: "2024-04-01", to: "2024-06-29" },
      interval: "month",
      series: [{ event: "commit", aggregation: { type: "total" } }],
      compare: "previous_period",
    });
    const [series] = answer.series;
    const chart = page.getByRole("slider", { name: "Chart, by month" });
    await chart.focus();
    await page.keyboard.press("Home");
    await expect(chart).toHaveAttribute(
      "aria-valuetext",
      `April 2024. commit, total: ${written(series?.values[0] ?? null)}, ` +
        `${written(series?.previous?.values[0] ?? null)} the period before`,
    );
    await page.goBack();
    await expect(page.getByRole("switch", { name: "Compare with the period before" })).not.toBeChecked();
  });
});

test.describe("series", () => {
  test("are named, and found by their names again at the address", async ({ page, sample }) => {
    await open(page, sample, `/explore?event=commit&event=merge&${when}&by=year&tz=UTC&view=table`);
    const name = page.getByRole("textbox", { name: "Name of A" });
    await name.fill("Every commit");
    await name.press("Enter");
    await expect(page).toHaveURL(/event=commit&as=Every%20commit&event=merge/);
    const headers = page.getByRole("columnheader");
    await expect(headers).toHaveText(["Period", "Every commit", "merge, total"]);
    await page.reload();
    await expect(headers).toHaveText(["Period", "Every commit", "merge, total"]);
    await name.fill("not this");
    await name.press("Escape");
    await expect(name).toHaveValue("Every commit");
    await name.fill("");
    await name.press("Enter");
    await expect(headers).toHaveText(["Period", "commit, total", "merge, total"]);
  });

  test("are put in another order with buttons and with the keyboard", async ({ page, sample }) => {
    await open(page, sample, "/explore?event=commit&event=merge&event=docs_changed&last=7d&tz=UTC");
    await page.getByRole("button", { name: "Move series A down" }).click();
    await expect(page).toHaveURL(/event=merge&event=commit&event=docs_changed/);
    await expect(page.getByRole("button", { name: "Move series B down" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/event=merge&event=docs_changed&event=commit/);
    // At the end, only the way back is left.
    await expect(page.getByRole("button", { name: "Move series C up" })).toBeFocused();
    await expect(page.getByText("The series is now number 3 of 3.")).toBeAttached();
    await page.getByRole("textbox", { name: "Name of C" }).focus();
    await page.keyboard.press("Alt+ArrowUp");
    await expect(page).toHaveURL(/event=merge&event=commit&event=docs_changed/);
  });
});

test.describe("funnel", () => {
  test("is asked from the trend before it: steps, filters, window", async ({ page, sample }) => {
    await open(page, sample, `/explore?event=commit&${when}&tz=UTC`);
    await page.getByRole("radio", { name: "Funnel" }).click();
    await expect(page.getByRole("button", { name: "Remove step 1" })).toBeDisabled();
    await pick(page, /^Event of step 2/, "test_changed");
    await page
      .getByRole("listitem", { name: "Step 2" })
      .getByRole("button", { name: "Filter this step" })
      .click();
    await pick(page, /^Property of filters of step 2, 1/, "files");
    await select(page, /Operator of filters of step 2, 1$/, "is at least");
    await page.getByRole("textbox", { name: "Value of filters of step 2, 1" }).fill("3");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Add a step" }).click();
    await pick(page, /^Event of step 3/, "merge");
    const length = page.getByRole("textbox", { name: "Length of the window" });
    await length.fill("36");
    await length.press("Enter");
    await select(page, /Unit of the window$/, "hours");
    await expect(page).toHaveURL(/kind=funnel&event=commit&event=test_changed&if=.*&event=merge&window=36h/);

    const conditions = [{ scope: "event", property: "files", operator: "greater_or_equal", value: 3 }];
    const answer = await sample.askFunnel({
      range,
      steps: [
        { event: "commit" },
        { event: "test_changed", filters: { match: "all", conditions } },
        { event: "merge" },
      ],
      window: "36h",
    });
    await settled(page);
    const shown = page.getByRole("list", { name: "Steps" }).getByRole("listitem");
    await expect(shown).toHaveCount(3);
    for (const [index, step] of answer.steps.entries()) {
      const one = shown.nth(index);
      await expect(one).toContainText(`${written(step.users)} users`);
      await expect(one).toContainText(`Of the first step${share(step.conversion)}`);
      if (step.step_conversion === null) continue;
      await expect(one).toContainText(`Of the step before${share(step.step_conversion)}`);
      await expect(one).toContainText(
        `Dropped off${written((answer.steps[index - 1]?.users ?? 0) - step.users)}`,
      );
    }
    expect(answer.steps[2]?.users).toBeGreaterThan(0);
    await expect(shown.nth(1)).toContainText("test_changed (files is at least 3)");
  });

  test("shows its groups beside all users", async ({ page, sample }) => {
    await open(page, sample, funnelUrl);
    await pick(page, /^Break down by/, "email_domain");
    await select(page, /Groups$/, "Largest 3 and the rest");
    const answer = await sample.askFunnel({
      range,
      steps,
      window: "30d",
      breakdown: { scope: "user", property: "email_domain", limit: 3 },
    });
    expect(answer.groups).toHaveLength(4);
    const row = (of: { users: number; conversion: number }[]) =>
      of.map(({ users, conversion }) => written(users) + share(conversion));
    await expect.poll(() => cells(page, "Groups", /^All users/)).toEqual(row(answer.steps));
    for (const [rank, { breakdown, steps: of }] of (answer.groups ?? []).entries()) {
      const name = rank === 3 ? "All others" : (breakdown ?? "Not set");
      expect(await cells(page, "Groups", new RegExp(`^${name} `))).toEqual(row(of));
    }
  });

  test("takes steps in another order and away again", async ({ page, sample }) => {
    await open(page, sample, funnelUrl);
    await page.getByRole("button", { name: "Move step 3 up" }).click();
    await expect(page).toHaveURL(/event=commit&event=merge&event=test_changed/);
    await expect(page.getByRole("button", { name: "Move step 2 up" })).toBeFocused();
    await page.getByRole("button", { name: "Remove step 1" }).click();
    await expect(page).toHaveURL(/kind=funnel&event=merge&event=test_changed&window/);
    await page.goBack();
    await page.goBack();
    await expect(page).toHaveURL(sample.url + funnelUrl);
    const answer = await sample.askFunnel({ range, steps, window: "30d" });
    await expect(page.getByRole("list", { name: "Steps" }).getByRole("listitem").nth(2)).toContainText(
      `${written(answer.steps[2]?.users ?? null)} users`,
    );
  });

  test("leads from a period without users to where they are", async ({ page, sample }) => {
    await open(
      page,
      sample,
      "/explore?kind=funnel&event=commit&event=merge&from=1999-01-01&to=1999-12-31&tz=UTC",
    );
    await expect(page.getByText("No events in this period")).toBeVisible();
    await page.getByRole("button", { name: "Show all of it" }).click();
    await expect(page.getByText("came all the way within 7 days")).toBeVisible();
  });
});

test.describe("retention", () => {
  test("shows each cohort's shares and, on demand, its users", async ({ page, sample }) => {
    await open(page, sample, retentionUrl);
    const answer = await sample.askRetention(retention);
    const rows = page.getByRole("region", { name: "Cohorts" }).locator("tbody").getByRole("row");
    await expect(rows).toHaveCount(13);
    const texts = () =>
      rows.evaluateAll((found) =>
        found.slice(1).map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent)),
      );
    expect(await texts()).toEqual(
      answer.cohorts.map(({ size, values }) => [
        written(size),
        ...values.map((users) => (size === 0 ? "–" : share(users / size))),
      ]),
    );
    // All cohorts have lived through all six months.
    const size = answer.cohorts.reduce((sum, cohort) => sum + cohort.size, 0);
    const overall = Array.from({ length: 6 }, (_, period) =>
      share(answer.cohorts.reduce((sum, { values }) => sum + (values[period] ?? 0), 0) / size),
    );
    expect(await cells(page, "Cohorts", /^All cohorts/)).toEqual([written(size), ...overall]);

    await page.getByRole("radio", { name: "Users" }).click();
    await expect(page).toHaveURL(/show=users/);
    await expect
      .poll(texts)
      .toEqual(
        answer.cohorts.map((cohort) => [cohort.size, ...cohort.values].map((users) => written(users))),
      );
  });

  test("is asked with other events, periods and intervals", async ({ page, sample }) => {
    await open(page, sample, `/explore?event=commit&from=2024-01-01&to=2024-03-31&tz=UTC`);
    await page.getByRole("radio", { name: "Retention" }).click();
    await pick(page, /^Cohort event/, "docs_changed");
    await pick(page, /^Return event/, "merge");
    await select(page, /Interval$/, "By month");
    const periods = page.getByRole("textbox", { name: /^Periods/ });
    await periods.fill("99");
    await periods.press("Enter");
    // Sixty are the most: the field itself sees to it.
    await expect(periods).toHaveValue("60");
    await periods.fill("4");
    await periods.press("Enter");
    await expect(page).toHaveURL(/kind=retention&event=docs_changed&return=merge&periods=4.*&by=month/);
    const answer = await sample.askRetention({
      ...retention,
      range: { from: "2024-01-01", to: "2024-03-31" },
      cohort_event: "docs_changed",
      return_event: "merge",
      periods: 4,
    });
    await page.getByRole("radio", { name: "Users" }).click();
    const [first] = answer.cohorts;
    await expect
      .poll(() => cells(page, "Cohorts", /^January 2024/))
      .toEqual([first?.size ?? -1, ...(first?.values ?? [])].map((users) => written(users)));
  });

  test("leaves what has not begun empty, and marks what is filling", async ({ page, fresh }) => {
    const day = 86_400_000;
    const now = Date.now();
    const at = (days: number) => new Date(now - days * day).toISOString();
    await fresh.seed([
      { event: "signup", user_id: "u1", timestamp: at(2) },
      { event: "visit", user_id: "u1", timestamp: at(1) },
      { event: "signup", user_id: "u2", timestamp: at(1) },
      { event: "visit", user_id: "u2", timestamp: at(0) },
    ]);
    await open(
      page,
      fresh,
      "/explore?kind=retention&event=signup&return=visit&periods=4&last=3d&by=day&tz=UTC",
    );
    const rows = page.getByRole("region", { name: "Cohorts" }).locator("tbody").getByRole("row");
    await expect(rows.nth(1).getByRole("cell")).toHaveText(["1", "0%", "100%", "0%", ""]);
    await expect(rows.nth(2).getByRole("cell")).toHaveText(["1", "0%", "100%", "", ""]);
    await expect(rows.nth(3)).toContainText("still filling");
    await expect(rows.nth(3).getByRole("cell")).toHaveText(["0", "–", "", "", ""]);
  });
});

test.describe("address", () => {
  test("keeps each kind of question through Back, Forward and reload", async ({ page, sample }) => {
    await open(page, sample, `/explore?event=commit&event=merge&${when}&tz=UTC`);
    await page.getByRole("radio", { name: "Funnel" }).click();
    await expect(page).toHaveURL(/kind=funnel&event=commit&event=merge/);
    await page.getByRole("radio", { name: "Retention" }).click();
    await expect(page).toHaveURL(/kind=retention&event=commit&return=merge/);
    await page.goBack();
    await expect(page.getByRole("radio", { name: "Funnel" })).toBeChecked();
    await expect(page.getByText("came all the way within 7 days")).toBeVisible();
    await page.goBack();
    await expect(page.getByRole("radio", { name: "Trends" })).toBeChecked();
    await expect(page.getByRole("table", { name: "Series" })).toContainText("merge, total");
    await page.goForward();
    await page.reload();
    await expect(page.getByText("came all the way within 7 days")).toBeVisible();
  });

  test("says what it cannot read of a funnel, and asks the rest", async ({ page, sample }) => {
    await open(page, sample, `${funnelUrl.replace("window=30d", "window=7w")}&agg=sum`);
    await expect(page.getByText("“7w” is no window; one is written 30m, 12h or 7d.")).toBeVisible();
    await expect(page.getByText("“agg” means nothing in a funnel.")).toBeVisible();
    await expect(page.getByText("came all the way within 7 days")).toBeVisible();
  });
});

test("zooms into the chart with the keyboard, the buttons and the mouse", async ({ page, sample }) => {
  await open(page, sample, `/explore?event=commit&${when}&by=month&tz=UTC`);
  const chart = page.getByRole("slider", { name: "Chart, by month" });
  await chart.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("+");
  await expect(chart).toHaveAttribute("aria-valuemax", "6");
  await page.keyboard.press("End");
  await expect(chart).toHaveAttribute("aria-valuetext", /^June 2024/);
  await page.keyboard.press("-");
  await expect(chart).toHaveAttribute("aria-valuemax", "12");
  await page.getByRole("button", { name: "Zoom in" }).click();
  await expect(chart).toHaveAttribute("aria-valuemin", "7");
  await page.getByRole("button", { name: "Show all" }).click();
  await expect(chart).toHaveAttribute("aria-valuemin", "1");
  const box = await chart.boundingBox();
  if (!box) throw new Error("the chart has no place");
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  await expect(page.getByRole("button", { name: "Show all" })).toBeVisible();
  const from = Number(await chart.getAttribute("aria-valuemin"));
  const to = Number(await chart.getAttribute("aria-valuemax"));
  expect(from).toBeGreaterThan(1);
  expect(to).toBeLessThan(12);
  expect(to).toBeGreaterThan(from);
  await chart.focus();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(chart).toHaveAttribute("aria-valuemax", "12");
});

test("hands out funnels and retentions as CSV and PNG", async ({ page, sample }) => {
  await open(page, sample, funnelUrl);
  await settled(page);
  const save = async (name: string) => {
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name }).click();
    const file = await waiting;
    return { name: file.suggestedFilename(), body: await readFile(await file.path()) };
  };
  const png = "89504e470d0a1a0a";
  const funnel = await sample.askFunnel({ range, steps, window: "30d" });
  const csv = await save("Download CSV");
  expect(csv.name).toBe("dataloaf-funnel-commit-and-2-more-2024-01-01-to-2024-12-31.csv");
  const lines = csv.body.toString("utf8").trim().split(/\r?\n/);
  expect(lines).toHaveLength(4);
  for (const [index, { users }] of funnel.steps.entries()) {
    expect(lines[index + 1]?.split(",")).toContain(String(users));
  }
  const picture = await save("Download PNG");
  expect(picture.name).toBe("dataloaf-funnel-commit-and-2-more-2024-01-01-to-2024-12-31.png");
  expect(picture.body.subarray(0, 8).toString("hex")).toBe(png);

  await page.goto(sample.url + retentionUrl);
  await expect(page.getByRole("region", { name: "Cohorts" })).toBeVisible();
  const cohorts = await sample.askRetention(retention);
  const table = (await save("Download CSV")).body.toString("utf8").trim().split(/\r?\n/);
  expect(table).toHaveLength(cohorts.cohorts.length + 1);
  expect((await save("Download PNG")).body.subarray(0, 8).toString("hex")).toBe(png);

  await page.goto(`${sample.url}/explore?event=commit&split=event.area&${when}&tz=UTC`);
  await expect(page.locator("canvas")).toBeVisible();
  expect((await save("Download PNG")).body.subarray(0, 8).toString("hex")).toBe(png);
});

test("cancels a funnel that takes long, and says what to do after one that failed", async ({
  page,
  sample,
}) => {
  // The network is held up, then cut; what answers in the end is the server.
  let release: () => void = () => undefined;
  const held = new Promise<void>((done) => {
    release = done;
  });
  await page.route("**/api/v1/query", async (route) => {
    await held;
    await route.continue().catch(() => undefined);
  });
  await open(page, sample, funnelUrl);
  await page.getByRole("button", { name: "Cancel the query" }).click();
  await expect(page.getByText("The query was cancelled before it had an answer.")).toBeVisible();
  release();
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.route("**/api/v1/query", (route) =>
    route.fulfill({
      status: 504,
      contentType: "application/json",
      body: JSON.stringify({ error: { code: "timeout", message: "too long", field: null } }),
    }),
  );
  await page.getByRole("button", { name: "Ask again" }).first().click();
  await expect(page.getByRole("alert")).toContainText("This question took too long");
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("came all the way within 30 days")).toBeVisible();
});

for (const scheme of ["light", "dark"] as const) {
  test(`axe finds nothing on a funnel and a retention, ${scheme}`, async ({ page, sample }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await open(page, sample, `${funnelUrl}&split=user.email_domain`);
    await expect(page.getByRole("region", { name: "Groups" })).toBeVisible();
    await accessible(page);
    await page.goto(sample.url + retentionUrl);
    await expect(page.getByRole("region", { name: "Cohorts" })).toBeVisible();
    await accessible(page);
  });
}

test("axe finds nothing on many groups beside the period before", async ({ page, sample }) => {
  await open(page, sample, `/explore?event=*&split=event.area&top=25&compare=previous&${when}&tz=UTC`);
  await expect(page.locator("canvas")).toBeVisible();
  await accessible(page);
});

for (const width of [360, 2560]) {
  test(`fits every kind of question in ${width} pixels, from either side`, async ({ page, sample }) => {
    await page.setViewportSize({ width, height: 900 });
    await open(page, sample, `${funnelUrl}&split=user.email_domain`);
    const fits = async () => {
      for (const direction of ["ltr", "rtl"]) {
        const needs = await page.evaluate((dir) => {
          document.documentElement.dir = dir;
          return document.documentElement.scrollWidth;
        }, direction);
        expect(needs, direction).toBeLessThanOrEqual(width);
      }
    };
    await expect(page.getByRole("region", { name: "Groups" })).toBeVisible();
    await fits();
    await page.goto(sample.url + retentionUrl);
    await expect(page.getByRole("region", { name: "Cohorts" })).toBeVisible();
    await fits();
    await page.goto(
      `${sample.url}/explore?event=*&event=merge&split=event.area&compare=previous&${when}&tz=UTC`,
    );
    await expect(page.locator("canvas")).toBeVisible();
    await fits();
  });
}
