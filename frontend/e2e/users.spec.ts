// Stickiness, lifecycle, paths, formulas, cohorts and annotations: what the page
// shows is what the API answers.
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { accessible, expect, open, pick, select, settled, tableValues, test, written } from "./fixtures";
import type { Server } from "./server";

const range = { from: "2024-01-01", to: "2024-12-31" };
const when = "from=2024-01-01&to=2024-12-31";
const stickinessUrl = `/explore?kind=stickiness&event=commit&event=merge&${when}&by=month&tz=UTC`;
const lifecycleUrl = `/explore?kind=lifecycle&event=commit&${when}&by=month&tz=UTC`;
const pathsUrl = `/explore?kind=paths&event=commit&steps=5&top=3&${when}&tz=UTC`;
const formulaUrl = `/explore?event=commit&event=merge&calc=B%20/%20A%20*%20100&as=Merges%20in%20percent&${when}&by=month&tz=UTC`;

const share = (value: number) =>
  new Intl.NumberFormat("en-GB", { style: "percent", maximumFractionDigits: 1 }).format(value);

test("shows a stickiness, asked from the trend before it", async ({ page, sample }) => {
  await open(page, sample, `/explore?event=commit&event=merge&${when}&tz=UTC`);
  await page.getByRole("radio", { name: "Stickiness" }).click();
  await select(page, /Interval$/, "By month");
  await expect(page).toHaveURL(sample.url + stickinessUrl);
  const series = [{ event: "commit" }, { event: "merge" }];
  const answer = await sample.askStickiness({ range, interval: "month", series });
  expect(answer.series[0]?.users.filter((users) => users > 0).length).toBeGreaterThan(3);

  const chart = page.getByRole("slider", { name: "Chart, users by months with the event" });
  await chart.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await expect(chart).toHaveAttribute(
    "aria-valuetext",
    `2 months. commit: ${written(answer.series[0]?.users[1] ?? null)}; merge: ${written(answer.series[1]?.users[1] ?? null)}`,
  );
  await page.getByRole("radio", { name: "Table" }).click();
  await settled(page);
  expect(await tableValues(page)).toEqual(
    answer.series[0]?.intervals.map((_, index) =>
      answer.series.map(({ users }) => written(users[index] ?? null)),
    ),
  );

  // The keyboard reorders the series, as it does the steps of a funnel.
  await page.getByRole("button", { name: "Move series A down" }).focus();
  await page.keyboard.press("Alt+ArrowDown");
  await expect(page).toHaveURL(/kind=stickiness&event=merge&event=commit/);
});

test("shows a lifecycle with the dormant below zero", async ({ page, sample }) => {
  await open(page, sample, lifecycleUrl);
  const answer = await sample.askLifecycle({ range, interval: "month", event: "commit" });
  expect(answer.dormant.some((users) => users > 0)).toBe(true);
  const chart = page.getByRole("slider", { name: "Chart, by month" });
  await chart.focus();
  await page.keyboard.press("Home");
  await expect(chart).toHaveAttribute(
    "aria-valuetext",
    `January 2024. New: ${written(answer.new[0] ?? null)}; Returning: ${written(answer.returning[0] ?? null)}; ` +
      `Resurrecting: ${written(answer.resurrecting[0] ?? null)}; Dormant: ${written(answer.dormant[0] ?? null)}`,
  );
  await page
    .getByRole("list", { name: "Series" })
    .getByRole("button", { name: "Show Dormant" })
    .press("Space");
  await expect(chart).not.toHaveAttribute("aria-valuetext", /Dormant/);
  await page.getByRole("radio", { name: "Table" }).click();
  await settled(page);
  expect(await tableValues(page)).toEqual(
    answer.buckets.map((_, bucket) =>
      [answer.new, answer.returning, answer.resurrecting, answer.dormant].map((users) =>
        written(users[bucket] ?? null),
      ),
    ),
  );
});

test("shows paths on from an event and back to it", async ({ page, sample }) => {
  await open(page, sample, `/explore?event=commit&${when}&tz=UTC`);
  await page.getByRole("radio", { name: "Paths" }).click();
  await select(page, /Steps$/, "5 steps");
  await select(page, /Events of a step$/, "Commonest 3");
  await expect(page).toHaveURL(sample.url + pathsUrl);
  const asked = { range, event: "commit", steps: 5, limit: 3, window: "7d" };
  const shows = async (direction: "after" | "before") => {
    const answer = await sample.askPaths({ ...asked, direction });
    expect(answer.steps).toHaveLength(5);
    const steps = ["1st", "2nd", "3rd", "4th", "5th"];
    for (const [index, { events, ended }] of answer.steps.entries()) {
      const shown = page
        .getByRole("group", { name: `${steps[index] ?? ""} ${direction}` })
        .getByRole("listitem");
      const nodes = events.map(
        ({ event, users }) => `${event ?? "All others"}${written(users)}${share(users / answer.users)}`,
      );
      const end = direction === "after" ? "Nothing more" : "Nothing before";
      await expect(shown).toHaveText(ended > 0 ? [...nodes, `${end}${written(ended)}`] : nodes);
    }
    // The table has every way.
    const rows = await page
      .getByRole("region", { name: "Ways" })
      .locator("tbody")
      .getByRole("row")
      .allTextContents();
    const ways = answer.steps.flatMap(({ links }) => links);
    const ends = answer.steps.filter(({ ended }) => ended > 0).length;
    expect(rows).toHaveLength(ways.length + ends);
    const [first] = answer.steps[0]?.links ?? [];
    const [from, to] = direction === "after" ? [first?.from, first?.to] : [first?.to, first?.from];
    expect(rows).toContain(
      `1st ${direction}${from ?? "All others"}${to ?? "All others"}${written(first?.users ?? null)}${share((first?.users ?? 0) / answer.users)}`,
    );
  };
  await shows("after");
  await page.getByRole("radio", { name: "Before the event" }).click();
  await settled(page);
  await shows("before");
});

test("calculates with series, and says at the field what is wrong with a formula", async ({
  page,
  sample,
}) => {
  await open(page, sample, `/explore?event=commit&event=merge&${when}&by=month&tz=UTC&view=table`);
  await page.getByRole("button", { name: "Add a formula" }).click();
  const expression = page.getByRole("textbox", { name: "Expression of formula 1" });
  await expect(expression).toHaveValue("A / B * 100");
  await expression.fill("B / A * ");
  await expect(page.getByText("At character 9 the expression ends")).toBeVisible();
  await expect(expression).toHaveAttribute("aria-invalid", "true");
  // The answer stays without it.
  await expect(page.getByRole("columnheader")).toHaveText(["Period", "commit, total", "merge, total"]);
  await expression.fill("B / A * 100");
  await expression.press("Enter");
  await page.getByRole("textbox", { name: "Name of formula 1" }).fill("Merges in percent");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("columnheader")).toHaveText([
    "Period",
    "commit, total",
    "merge, total",
    "Merges in percent",
  ]);
  const series = ["commit", "merge"].map((event) => ({ event, aggregation: { type: "total" } }));
  const answer = await sample.ask({
    range,
    interval: "month",
    series,
    formulas: [{ name: "Merges in percent", expression: "B / A * 100" }],
  });
  expect(await tableValues(page)).toEqual(
    answer.buckets.map((_, bucket) => [
      ...answer.series.map(({ values }) => written(values[bucket] ?? null)),
      written(answer.formulas?.[0]?.values[bucket] ?? null),
    ]),
  );

  // In the chart the formula stands alone, until its series are asked for.
  await page.getByRole("radio", { name: "Line" }).click();
  const chart = page.getByRole("slider", { name: "Chart, by month" });
  await expect(chart).toHaveAttribute("aria-valuetext", /^December 2024. Merges in percent: [^;]*$/);
  await page.getByRole("button", { name: "Show commit, total" }).click();
  await expect(chart).toHaveAttribute("aria-valuetext", /commit, total: .*; Merges in percent: /);

  // The letters follow the series.
  await page.getByRole("button", { name: "Move series A down" }).click();
  await expect(expression).toHaveValue("A / B * 100");
  await page.getByRole("button", { name: "Remove series B" }).click();
  await expect(expression).toHaveValue("A / ? * 100");
});

test("leaves a gap where a formula divides by zero", async ({ page, fresh }) => {
  await fresh.seed([
    { event: "visit", user_id: "u", timestamp: "2024-01-05T00:00:00Z" },
    { event: "order", user_id: "u", timestamp: "2024-01-06T00:00:00Z" },
    { event: "order", user_id: "u", timestamp: "2024-02-06T00:00:00Z" },
  ]);
  const url = "/explore?event=order&event=visit&calc=A%20/%20B&from=2024-01-01&to=2024-02-29&by=month&tz=UTC";
  await open(page, fresh, url);
  const chart = page.getByRole("slider", { name: "Chart, by month" });
  await expect(chart).toHaveAttribute("aria-valuetext", "February 2024. A / B: nothing");
  await chart.focus();
  await page.keyboard.press("Home");
  await expect(chart).toHaveAttribute("aria-valuetext", "January 2024. A / B: 1");
});

test("filters by a saved cohort, by its name", async ({ page, fresh }) => {
  await fresh.seed([
    { event: "visit", user_id: "a", timestamp: "2024-01-05T00:00:00Z" },
    { event: "visit", user_id: "b", timestamp: "2024-01-05T00:00:00Z" },
    { event: "visit", user_id: "b", timestamp: "2024-01-06T00:00:00Z" },
    { event: "order", user_id: "b", timestamp: "2024-01-06T00:00:00Z" },
  ]);
  await open(page, fresh, "/explore?event=visit&from=2024-01-01&to=2024-01-31&by=month&tz=UTC&view=table");
  const conditions = [
    { type: "event", event: "order", at_least: 1, range: { from: "2024-01-01", to: "2024-01-31" } },
  ];
  const made = await page.request.post(`${fresh.url}/api/v1/cohorts`, {
    data: { name: "Buyers", definition: { match: "all", conditions } },
  });
  expect(made.status()).toBe(201);
  const { id } = (await made.json()) as { id: string };
  await expect.poll(() => tableValues(page)).toEqual([["3"]]);
  await page.getByRole("button", { name: "Add a filter" }).click();
  await pick(page, /^Property of filters, 1/, "Cohort");
  await pick(page, /^Cohort of filters, 1/, "Buyers");
  await expect(page).toHaveURL(new RegExp(`where=cohort.in.${id}`));
  await expect.poll(() => tableValues(page)).toEqual([["2"]]);
  await select(page, /Operator of filters, 1$/, "is not in cohort");
  await expect.poll(() => tableValues(page)).toEqual([["1"]]);
  await page.reload();
  await expect(page.getByRole("button", { name: "Cohort of filters, 1: Buyers" })).toBeVisible();

  // Whoever does not want a cohort any more takes a property in its place.
  await pick(page, /^Property of filters, 1/, "Use “plan” of the user", "plan");
  await expect(page).toHaveURL(/where=user.equals.plan/);
});

test("annotations are added, drawn, changed and deleted", async ({ page, fresh }) => {
  await fresh.seed([
    { event: "visit", user_id: "a", timestamp: "2024-01-05T00:00:00Z" },
    { event: "visit", user_id: "a", timestamp: "2024-02-05T00:00:00Z" },
  ]);
  await open(page, fresh, "/explore?event=visit&from=2024-01-01&to=2024-02-29&by=month&tz=UTC");
  const part = page.getByRole("region", { name: "Annotations" });
  await part.getByRole("button", { name: "Add an annotation" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "What happened" }).fill("Version 2");
  await dialog.getByRole("spinbutton", { name: /^month/ }).click();
  await page.keyboard.type("01");
  await accessible(page, "popover");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await expect(part.getByRole("listitem")).toContainText("Version 21 Jan 2024");
  const chart = page.getByRole("slider", { name: "Chart, by month" });
  await chart.focus();
  await page.keyboard.press("Home");
  await expect(chart).toHaveAttribute("aria-valuetext", "January 2024. visit, total: 1. Version 2");
  await accessible(page);

  // Somebody else was there first.
  const all = await page.request.get(`${fresh.url}/api/v1/annotations`);
  const { annotations } = (await all.json()) as { annotations: { id: string; at: string }[] };
  const [first] = annotations;
  expect(first?.at).toBe("2024-01-01T00:00:00Z");
  await part.getByRole("button", { name: "Edit annotation 1" }).click();
  await dialog.getByRole("textbox", { name: "What happened" }).fill("Mine");
  const theirs = await page.request.put(`${fresh.url}/api/v1/annotations/${first?.id ?? ""}`, {
    data: { at: first?.at, text: "Theirs" },
  });
  expect(theirs.status()).toBe(200);
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(part.getByRole("listitem")).toContainText("Theirs");

  await part.getByRole("button", { name: "Edit annotation 1" }).click();
  await dialog.getByRole("textbox", { name: "What happened" }).fill("Version 2.1");
  await page.keyboard.press("Enter");
  await expect(part.getByRole("listitem")).toContainText("Version 2.1");

  await part.getByRole("button", { name: "Delete annotation 1" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(part.getByRole("listitem")).toHaveCount(0);
  await expect(chart).not.toHaveAttribute("aria-valuetext", /Version/);
});

async function card(page: Page, server: Server, url: string, name: string) {
  await open(page, server, url);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page).toHaveURL(/\/insights\/[^?]+\?/);
  const id = /insights\/([^?]+)/.exec(page.url())?.[1] ?? "";
  // Opened again, it is the question that it was.
  await page.goto(`${server.url}/insights/${id}`);
  await expect(page).toHaveURL(`${server.url}/insights/${id}${url.replace("/explore", "")}`);
  return { kind: "insight", insight_id: id, layout: { x: 0, y: 0, w: 12, h: 6 } };
}

test("every kind is saved as an insight, and shown on a dashboard", async ({ page, fresh }) => {
  await fresh.seed(
    ["a", "b", "c"].flatMap((user, index) => [
      { event: "visit", user_id: user, timestamp: `2024-01-0${index + 1}T00:00:00Z` },
      { event: "order", user_id: user, timestamp: `2024-02-0${index + 1}T00:00:00Z` },
    ]),
  );
  const year = "from=2024-01-01&to=2024-03-31&by=month&tz=UTC";
  const kinds = {
    "How sticky": `/explore?kind=stickiness&event=*&${year}&view=table`,
    "Who is new": `/explore?kind=lifecycle&event=*&${year}&view=table`,
    "What comes next": "/explore?kind=paths&event=visit&window=60d&from=2024-01-01&to=2024-03-31&tz=UTC",
    "A rate": `/explore?event=order&as=Orders&event=visit&calc=A%20%2B%20B&as=Both&${year}&view=table`,
  };
  const cards = [];
  for (const [name, url] of Object.entries(kinds)) {
    const made = await card(page, fresh, url, name);
    cards.push({ ...made, layout: { ...made.layout, y: cards.length * 6 } });
  }
  const made = await page.request.post(`${fresh.url}/api/v1/dashboards`, { data: { name: "All", cards } });
  expect(made.status()).toBe(201);
  const { id } = (await made.json()) as { id: string };
  await page.goto(`${fresh.url}/dashboards/${id}`);
  const shown = (name: string) => page.getByRole("article", { name, exact: true });
  for (const name of Object.keys(kinds)) await shown(name).scrollIntoViewIfNeeded();
  await expect(shown("How sticky").getByRole("row", { name: /^2 months/ })).toContainText("2 months3");
  await expect(
    shown("Who is new")
      .getByRole("row", { name: /^March 2024/ })
      .getByRole("cell"),
  ).toHaveText(["0", "0", "0", "3"]);
  await expect(shown("What comes next").getByRole("group", { name: "1st after" })).toContainText("order3");
  // Also by the names that the reader gave the series.
  await expect(shown("A rate").getByRole("columnheader")).toHaveText([
    "Period",
    "Orders",
    "visit, total",
    "Both",
  ]);
  await accessible(page);
});

test("hands out each kind as CSV and PNG", async ({ page, sample }) => {
  for (const [url, name] of [
    [stickinessUrl, "dataloaf-stickiness-commit-and-1-more-2024-01-01-to-2024-12-31"],
    [lifecycleUrl, "dataloaf-lifecycle-commit-2024-01-01-to-2024-12-31"],
    [pathsUrl, "dataloaf-paths-commit-2024-01-01-to-2024-12-31"],
  ] as const) {
    await open(page, sample, url);
    await settled(page);
    await expect(page.locator("canvas").or(page.getByRole("group", { name: "Flow" }))).toBeVisible();
    for (const [button, ending] of [
      ["Download CSV", "csv"],
      ["Download PNG", "png"],
    ] as const) {
      const waiting = page.waitForEvent("download");
      await page.getByRole("button", { name: button }).click();
      const file = await waiting;
      expect(file.suggestedFilename()).toBe(`${name}.${ending}`);
      const body = await readFile(await file.path());
      if (ending === "png") expect(body.subarray(0, 8).toString("hex")).toBe("89504e470d0a1a0a");
      else expect(body.toString("utf8").trim().split(/\r?\n/).length).toBeGreaterThan(5);
    }
  }
});

for (const scheme of ["light", "dark"] as const) {
  test(`axe finds nothing on the kinds about users, ${scheme}`, async ({ page, sample }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    for (const url of [stickinessUrl, lifecycleUrl, pathsUrl, formulaUrl]) {
      await open(page, sample, url);
      await settled(page);
      await expect(page.locator("canvas").or(page.getByRole("group", { name: "Flow" }))).toBeVisible();
      await accessible(page);
    }
  });
}

for (const width of [360, 2560]) {
  test(`fits the kinds about users in ${width} pixels, from either side`, async ({ page, sample }) => {
    await page.setViewportSize({ width, height: 900 });
    for (const url of [stickinessUrl, lifecycleUrl, pathsUrl, formulaUrl]) {
      await open(page, sample, url);
      await settled(page);
      for (const direction of ["ltr", "rtl"]) {
        const needs = await page.evaluate((dir) => {
          document.documentElement.dir = dir;
          return document.documentElement.scrollWidth;
        }, direction);
        expect(needs, `${url}, ${direction}`).toBeLessThanOrEqual(width);
      }
    }
  });
}

test("leads from a period without users to where they are, for each kind", async ({ page, sample }) => {
  for (const kind of ["stickiness", "lifecycle", "paths"]) {
    await open(page, sample, `/explore?kind=${kind}&event=commit&from=1999-01-01&to=1999-12-31&tz=UTC`);
    await expect(page.getByText("No events in this period")).toBeVisible();
    await page.getByRole("button", { name: "Show all of it" }).click();
    await expect(page.locator("canvas").or(page.getByRole("group", { name: "Flow" }))).toBeVisible();
  }
});
