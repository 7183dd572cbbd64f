// The pictures of the README, in docs/images/: npm run pictures makes them anew.
// The answers are the sample data's.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, open, settled, test } from "./fixtures";

const folder = join(import.meta.dirname, "../../docs/images");
const range = { from: "2024-01-01", to: "2024-12-31" };
const when = "from=2024-01-01&to=2024-12-31";

test.use({ viewport: { width: 1280, height: 800 }, contextOptions: { reducedMotion: "reduce" } });

const EXPLORE =
  `/explore?event=commit&event=merge&agg=unique_users&event=docs_changed&agg=p90&of=files` +
  `&where=user.contains.email_domain.%22mail%22&${when}&by=month&tz=UTC`;
const FUNNEL = `/explore?kind=funnel&event=commit&event=test_changed&event=docs_changed&event=merge&window=30d&${when}&tz=UTC`;

/** Saves the questions and the dashboard of the picture, and gives its path. */
async function dashboard(page: Page, url: string): Promise<string> {
  const post = async (path: string, data: unknown) => {
    const answer = await page.request.post(`${url}/api/v1${path}`, { data });
    expect(answer.status(), await answer.text()).toBe(201);
    return ((await answer.json()) as { id: string }).id;
  };
  const of = (event: string) => ({ event, aggregation: { type: "total" } });
  const trend = (...events: string[]) => ({
    kind: "trend",
    range,
    timezone: "UTC",
    interval: "month",
    series: events.map(of),
  });
  const steps = ["commit", "test_changed", "merge"].map((event) => ({ event }));
  const retention = { cohort_event: "commit", return_event: "commit", interval: "month", periods: 5 };
  const save = (name: string, query: unknown, view: string) =>
    post("/insights", { name, query, display: { view } });
  const insights = [
    await save("Commits and merges", trend("commit", "merge"), "stacked"),
    await save("Commits", trend("commit"), "number"),
    await save("From commit to merge", { kind: "funnel", range, timezone: "UTC", steps, window: "30d" }, ""),
    await save("Who comes back", { kind: "retention", range, timezone: "UTC", ...retention }, "percent"),
  ];
  const at = [
    { x: 0, y: 0, w: 8, h: 6 },
    { x: 8, y: 0, w: 4, h: 4 },
    { x: 0, y: 6, w: 6, h: 7 },
    { x: 6, y: 6, w: 6, h: 7 },
  ];
  const text = "## Terraform’s commits\n\nOf **2024**, as the repository has them.";
  const cards = [
    ...insights.map((id, index) => ({ kind: "insight", insight_id: id, layout: at[index] })),
    { kind: "text", text, layout: { x: 8, y: 4, w: 4, h: 2 } },
  ];
  return `/dashboards/${await post("/dashboards", { name: "The project in 2024", cards })}`;
}

test("pictures of Explore, a funnel and a dashboard", async ({ page, sample }) => {
  await mkdir(folder, { recursive: true });
  await open(page, sample, "/explore");
  const views = [
    { name: "explore", path: EXPLORE, ready: () => page.locator("canvas").first().waitFor() },
    { name: "funnel", path: FUNNEL, ready: () => page.getByRole("list", { name: "Steps" }).waitFor() },
    {
      name: "dashboard",
      path: await dashboard(page, sample.url),
      ready: () => page.getByRole("group", { name: "Cohorts" }).waitFor(),
    },
  ];
  for (const { name, path, ready } of views) {
    await page.goto(sample.url + path);
    await ready();
    if (name !== "dashboard") await settled(page);
    await page.waitForLoadState("networkidle");
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
    }
    await page.emulateMedia({ colorScheme: "light" });
  }
});
