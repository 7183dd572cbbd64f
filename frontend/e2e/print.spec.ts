// What goes to paper: the answers, in light colours, with nothing cut.
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

// Paper is light, whatever the screen.
test.use({ colorScheme: "dark", contextOptions: { reducedMotion: "reduce" } });

/** Has the page laid out as an A4 page between its margins. */
async function onPaper(page: Page): Promise<void> {
  await page.setViewportSize({ width: 688, height: 1_000 });
  await page.emulateMedia({ media: "print" });
}

/** What is in the page's main part and does not fit where it is. */
function cut(page: Page): Promise<string[]> {
  return page.getByRole("main").evaluate((main) => {
    const found: string[] = [];
    for (const element of main.querySelectorAll("*")) {
      const { overflowX, overflowY, clipPath } = getComputedStyle(element);
      // The words for screen readers are a pixel wide.
      if (clipPath !== "none" || element.clientHeight === 0) continue;
      const across = overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1;
      const down = overflowY !== "visible" && element.scrollHeight > element.clientHeight + 1;
      if (across || down) found.push(element.outerHTML.slice(0, 200));
    }
    return found;
  });
}

/** The lightness of the page's background and of its text, from 0 to 255. */
function colors(page: Page): Promise<{ background: number; text: number }> {
  return page.evaluate(() => {
    const { backgroundColor, color } = getComputedStyle(document.documentElement);
    const lightest = (value: string) => Math.max(...(value.match(/\d+/g) ?? []).map(Number));
    return { background: lightest(backgroundColor), text: lightest(color) };
  });
}

for (const state of ["explore-line", "explore-table", "explore-number", "funnel", "retention"]) {
  test(`${state} goes to paper without what it is asked with`, async ({ page, gallery }) => {
    await gallery.show(page, state);
    expect((await colors(page)).background).toBeLessThan(60);
    await onPaper(page);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.getByRole("navigation")).toBeHidden();
    await expect(page.getByRole("complementary", { name: "Question" })).toBeHidden();
    await expect(page.getByRole("button", { name: "Download CSV" })).toBeHidden();
    const { background, text } = await colors(page);
    expect(background).toBe(255);
    expect(text).toBeLessThan(80);
    expect(await cut(page)).toEqual([]);
    if (state === "explore-table") await expect(page.getByText("December 2024")).toBeVisible();
  });
}

for (const state of ["dashboard", "dashboard-odd"]) {
  test(`${state} goes to paper card by card`, async ({ page, gallery }) => {
    await gallery.show(page, state);
    await onPaper(page);
    await expect(page.getByRole("navigation")).toBeHidden();
    await expect(page.getByRole("button", { name: "Edit" })).toBeHidden();
    await expect(page.getByRole("radiogroup", { name: "Period of all cards" })).toBeHidden();
    expect((await colors(page)).background).toBe(255);
    const cards = page.getByRole("main").locator("[data-grid] > article");
    for (const card of await cards.all()) await expect(card).toHaveCSS("break-inside", "avoid");
    expect(await cut(page)).toEqual([]);
    // One below the other, none over another.
    const boxes = await cards.evaluateAll((found) =>
      found.map((card) => {
        const { top, bottom, left, right } = card.getBoundingClientRect();
        return { top, bottom, left, right };
      }),
    );
    boxes.reduce((before, box) => {
      expect(box.top).toBeGreaterThanOrEqual(before.bottom);
      expect(box.right).toBeLessThanOrEqual(688);
      return box;
    });
  });
}

test("draws the charts anew in light colours", async ({ page, gallery }) => {
  await gallery.show(page, "explore-line");
  const canvas = page.locator("canvas");
  await expect(canvas).toBeVisible();
  await onPaper(page);
  const wanted = await page
    .locator("[data-series='1'] [aria-hidden=true]")
    .first()
    .evaluate((swatch) => getComputedStyle(swatch).backgroundColor.match(/\d+/g)?.map(Number) ?? []);
  const drawn = () =>
    canvas.evaluate((element, [r, g, b]) => {
      const { width, height } = element as HTMLCanvasElement;
      const pixels =
        (element as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
      for (let at = 0; at < pixels.length; at += 4) {
        if (pixels[at] === r && pixels[at + 1] === g && pixels[at + 2] === b) return true;
      }
      return false;
    }, wanted);
  await expect.poll(drawn).toBe(true);
});

test("a dashboard's own Print waits for the cards that nobody has seen yet", async ({ page, gallery }) => {
  await page.addInitScript(() => {
    Object.assign(window, { printed: [] });
    window.print = () => {
      const waiting = document.querySelectorAll("[data-grid] canvas").length;
      (window as unknown as { printed: number[] }).printed.push(waiting);
    };
  });
  await page.setViewportSize({ width: 1440, height: 500 });
  await gallery.show(page, "dashboard");
  const before = await page.locator("[data-grid] canvas").count();
  await page.getByRole("button", { name: "More about this dashboard" }).click();
  await page.getByRole("menuitem", { name: "Print" }).click();
  const printed = () => page.evaluate(() => (window as unknown as { printed: number[] }).printed);
  await expect.poll(printed).toEqual([5]);
  expect(before).toBeLessThan(5);
});
