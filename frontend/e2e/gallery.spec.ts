// Every state of every view: nothing for axe to find, in light and in dark, and
// nothing that is wider than the window.
import AxeBuilder from "@axe-core/playwright";
import { accessible, expect, test } from "./fixtures";
import { SHOWN } from "./gallery";

test.use({ contextOptions: { reducedMotion: "reduce" }, colorScheme: "light" });

for (const name of SHOWN) {
  test(`${name}: accessible, and as wide as its window`, async ({ page, gallery }) => {
    await gallery.show(page, name);
    await accessible(page);

    // Of what axe looks at only the colours are others in the dark.
    await page.emulateMedia({ colorScheme: "dark" });
    const { violations } = await new AxeBuilder({ page }).withRules(["color-contrast"]).analyze();
    expect(violations.flatMap(({ nodes }) => nodes.map(({ html }) => html))).toEqual([]);

    for (const width of [2560, 360]) {
      await page.setViewportSize({ width, height: 900 });
      // A chart follows its place a frame later.
      await expect
        .poll(() => page.evaluate(() => document.documentElement.scrollWidth), `at ${width} pixels`)
        .toBeLessThanOrEqual(width);
    }
  });
}
