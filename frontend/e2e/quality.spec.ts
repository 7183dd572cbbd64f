import { accessible, expect, open, settled, test } from "./fixtures";

const chart =
  "/explore?event=commit&event=merge&agg=unique_users&event=docs_changed&agg=p90&of=files" +
  "&if=event.equals.merge.false&where=user.contains.email_domain.%22mail%22&where=event.is_set.area" +
  "&from=2024-01-01&to=2024-12-31&tz=Europe/Berlin";

test("is served under a policy that allows nothing inline", async ({ page, sample }) => {
  const response = await page.goto(sample.url);
  const policy = response?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'self'");
  expect(policy).not.toContain("unsafe");
});

for (const scheme of ["light", "dark"] as const) {
  test.describe(scheme, () => {
    test.use({ colorScheme: scheme, contextOptions: { reducedMotion: "reduce" } });

    test("axe finds nothing on the form to sign in", async ({ page, sample }) => {
      await page.goto(sample.url);
      await expect(page.getByLabel("Password")).toBeVisible();
      await accessible(page);
    });

    test("axe finds nothing on an answer", async ({ page, sample }) => {
      await open(page, sample, chart);
      for (const view of ["Line", "Area", "Bar", "Table", "Number"]) {
        await page.getByRole("radio", { name: view }).click();
        await settled(page);
        if (view === "Line") await expect(page.locator("canvas")).toBeVisible();
        await accessible(page);
      }
    });

    test("axe finds nothing on what opens from a control", async ({ page, sample }) => {
      await open(page, sample, chart);
      await settled(page);
      const controls = [
        /^Event of A/,
        /Aggregation of B/,
        /^Property of filters, 1/,
        /Value of filters of series C, 1/,
        /^Custom range/,
        /^Time zone/,
        /^Pipeline:/,
        /^Theme/,
      ];
      for (const control of controls) {
        const button = page
          .getByRole("button", { name: control })
          .or(page.getByRole("combobox", { name: control }));
        const opened = page.getByRole("dialog").or(page.getByRole("listbox")).or(page.getByRole("menu"));
        await button.first().click();
        await expect(opened.first()).toBeVisible();
        await accessible(page, "popover");
        await page.keyboard.press("Escape");
        await expect(opened).toHaveCount(0);
      }
    });

    test("axe finds nothing on the other pages", async ({ page, sample, fresh }) => {
      await open(page, sample, "/pipeline");
      await expect(page.getByText("Rows loaded", { exact: true })).toBeVisible();
      await accessible(page);
      await page.goto(`${sample.url}/no-such-page`);
      await expect(page.getByText("There is no such page")).toBeVisible();
      await accessible(page);
      await open(page, fresh, "/");
      await expect(page.getByRole("heading", { name: "No data yet" })).toBeVisible();
      await accessible(page);
    });
  });
}

for (const width of [360, 390, 768, 1440, 2560]) {
  test(`fits ${width} pixels`, async ({ page, sample }) => {
    await page.setViewportSize({ width, height: 900 });
    await open(page, sample, chart);
    await settled(page);
    await expect(page.locator("canvas")).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });
}

test("shows on a phone in which page one is, and names it", async ({ page, sample }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, sample, "/explore");
  const pages = page.getByRole("navigation", { name: "Pages" });
  for (const [name, title] of [
    ["Settings", "Settings · DataLoaf"],
    ["Insights", "Insights · DataLoaf"],
    ["Pipeline", "Pipeline · DataLoaf"],
  ] as const) {
    const link = pages.getByRole("link", { name, exact: true });
    // As one would who does not see it: the line shall follow.
    await link.focus();
    await page.keyboard.press("Enter");
    await expect(page).toHaveTitle(title);
    await page.reload();
    await expect(link).toBeInViewport({ ratio: 0.95 });
    await expect(link).toHaveAttribute("aria-current", "page");
  }
});

test("moves nothing while the answer comes", async ({ page, sample }) => {
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        shifts.push((entry as PerformanceEntry & { value: number }).value);
    }).observe({ type: "layout-shift", buffered: true });
  });
  await open(page, sample, "/explore?event=commit&from=2024-01-01&to=2024-12-31&tz=UTC");
  await settled(page);
  await expect(page.locator("canvas")).toBeVisible();
  const moved = await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
  expect(moved.reduce((sum, value) => sum + value, 0)).toBeLessThan(0.05);
});

for (const reducedMotion of ["reduce", "no-preference"] as const) {
  test(`draws each series in its own colour, motion: ${reducedMotion}`, async ({ page, sample }) => {
    await page.emulateMedia({ reducedMotion, colorScheme: "dark" });
    await open(page, sample, chart);
    await settled(page);
    const canvas = page.locator("canvas");
    await expect(canvas).toBeVisible();
    const letters = page
      .getByRole("complementary", { name: "Question" })
      .locator("li[data-series] > div > span:first-child");
    const colors = await letters.evaluateAll((found) =>
      found.map((letter) => getComputedStyle(letter).backgroundColor.match(/\d+/g)?.map(Number) ?? []),
    );
    expect(colors).toHaveLength(3);
    const drawn = () =>
      canvas.evaluate((element, wanted) => {
        const { width, height } = element as HTMLCanvasElement;
        const pixels =
          (element as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
        return wanted.map(([r, g, b]) => {
          for (let at = 0; at < pixels.length; at += 4) {
            if (pixels[at] === r && pixels[at + 1] === g && pixels[at + 2] === b) return true;
          }
          return false;
        });
      }, colors);
    await expect.poll(drawn).toEqual([true, true, true]);
  });
}

test("keeps the theme that was chosen", async ({ page, sample }) => {
  await open(page, sample, "/pipeline");
  await page.getByRole("button", { name: "Theme" }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Theme" }).click();
  await page.getByRole("menuitemradio", { name: "As the system" }).click();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");
});

test("tells the pipeline's numbers", async ({ page, sample }) => {
  await open(page, sample, "/explore?event=commit&last=7d&tz=UTC");
  await page.getByRole("button", { name: /^Pipeline:/ }).click();
  await page.getByRole("link", { name: "Open the pipeline page" }).click();
  const { rows_loaded: rows } = await sample.pipeline();
  await expect(page.getByRole("region", { name: "State" })).toContainText(
    new Intl.NumberFormat("en-GB").format(rows),
  );
  await expect(page.getByRole("region", { name: "Quarantined files" })).toContainText("None.");
  // The way back leads to the question that was left.
  await page.getByRole("link", { name: "Explore", exact: true }).click();
  await expect(page).toHaveURL(/event=commit&last=7d/);
});

test("keeps odd and long names in their place", async ({ page, fresh }) => {
  const long = "ein_sehr_langer_Ereignisname_".repeat(8).slice(0, 200);
  const arabic = "تم إنشاء الحساب";
  const now = new Date().toISOString();
  await fresh.seed([
    { event: long, user_id: "u1", timestamp: now },
    { event: arabic, user_id: "u2", timestamp: now, properties: { مدينة: "القاهرة" } },
  ]);
  await page.setViewportSize({ width: 360, height: 800 });
  const names = [long, arabic].map((name) => `event=${encodeURIComponent(name)}`).join("&");
  await open(page, fresh, `/explore?${names}&last=7d&tz=UTC`);
  await expect(page.getByRole("table", { name: "Series" })).toContainText(arabic);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await page.getByRole("button", { name: /^Event of A/ }).click();
  await expect(page.getByRole("option", { name: long })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});
