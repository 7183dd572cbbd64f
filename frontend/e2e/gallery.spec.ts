// Every state of every view: nothing for axe to find, in light and in dark, and
// nothing that is wider than the window.
import type { Page } from "@playwright/test";
import { accessible, expect, legible, test as base, watch } from "./fixtures";
import { SHOWN } from "./gallery";

// One page for all states, each loaded anew: the browser's processes and what it has
// compiled are kept, and nothing of the page is.
let shared: Page;
const problems: string[] = [];

const test = base.extend({
  // eslint-disable-next-line no-empty-pattern
  page: async ({}, use) => use(shared),
  // eslint-disable-next-line no-empty-pattern
  clean: async ({}, use) => {
    problems.length = 0;
    await use(undefined);
    expect(problems).toEqual([]);
  },
});

test.describe.configure({ mode: "parallel" });
// A failure names its state and what is wrong there; a recording of each costs much.
test.use({ contextOptions: { reducedMotion: "reduce" }, colorScheme: "light", trace: "off" });

test.beforeAll(async ({ browser }) => {
  shared = await browser.newPage();
  await watch(shared, problems);
  await shared.addInitScript(() => {
    localStorage.clear();
    sessionStorage.clear();
  });
});
test.afterAll(() => shared.close());

for (const name of SHOWN) {
  test(`${name}: accessible, and as wide as its window`, async ({ page, gallery }) => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.emulateMedia({ colorScheme: "light" });
    await gallery.show(page, name);
    await accessible(page);
    await page.emulateMedia({ colorScheme: "dark" });
    await legible(page);

    for (const width of [2560, 360]) {
      await page.setViewportSize({ width, height: 900 });
      // A chart follows its place a frame later.
      await expect
        .poll(() => page.evaluate(() => document.documentElement.scrollWidth), `at ${width} pixels`)
        .toBeLessThanOrEqual(width);
    }
  });
}
