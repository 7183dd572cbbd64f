// Pictures of every state in the gallery, in light and dark, wide and narrow, in
// screenshots/gallery/ (which git ignores). LOAF_WIDTHS=360,2560 takes others.
import { test } from "./fixtures";
import { SHOWN } from "./gallery";

const widths = (process.env.LOAF_WIDTHS ?? "1440,390").split(",").map(Number);

test.use({ contextOptions: { reducedMotion: "reduce" } });

for (const name of SHOWN) {
  test(name, async ({ page, gallery }) => {
    for (const width of widths) {
      await page.setViewportSize({ width, height: width > 500 ? 900 : 844 });
      await gallery.show(page, name);
      // What is out of sight is not drawn, and not even asked for.
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ width, height: Math.max(height, 844) });
      await page.waitForLoadState("networkidle");
      await page.waitForFunction(() => document.getAnimations().length === 0);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({
          path: `screenshots/gallery/${name}-${width}-${colorScheme}.png`,
          fullPage: true,
        });
      }
    }
  });
}
