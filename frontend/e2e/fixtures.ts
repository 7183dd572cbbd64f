import { expect, test as base, type Locator, type Page } from "@playwright/test";
import axe, { type RunOptions } from "axe-core";
import { Gallery } from "./gallery";
import { PASSWORD, Server } from "./server";

type TestFixtures = {
  /** A server of the test's own, without any data. */
  fresh: Server;
  /** Fails the test when the browser reported a violation of the Content-Security-Policy or a script error. */
  clean: undefined;
};
type WorkerFixtures = {
  /** A server with the sample data, shared by the tests, which only read from it. */
  sample: Server;
  /** The gallery of states, built anew and served as the page is. */
  gallery: Gallery;
};

export const test = base.extend<TestFixtures, WorkerFixtures>({
  sample: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const server = await Server.start();
      await server.importSample();
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 180_000 },
  ],
  gallery: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const gallery = await Gallery.start();
      await use(gallery);
      await gallery.stop();
    },
    { scope: "worker", timeout: 180_000 },
  ],
  // eslint-disable-next-line no-empty-pattern
  fresh: async ({}, use) => {
    const server = await Server.start();
    await use(server);
    await server.stop();
  },
  clean: [
    async ({ page }, use) => {
      const problems: string[] = [];
      await watch(page, problems);
      await use(undefined);
      expect(problems).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Collects what the browser says of a page's violations of the Content-Security-Policy and of its script errors. */
export async function watch(page: Page, problems: string[]): Promise<void> {
  const context = page.context();
  await context.exposeFunction("reportViolation", (text: string) => problems.push(text));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const { effectiveDirective, blockedURI, sourceFile, lineNumber } = event;
      const report = (window as unknown as { reportViolation: (text: string) => void }).reportViolation;
      report(`${effectiveDirective} forbids ${blockedURI} (${sourceFile}:${lineNumber})`);
    });
  });
  page.on("pageerror", (error) => problems.push(error.message));
}

/** Opens a path of the server as one who is signed in. */
export async function open(page: Page, server: Server, path: string): Promise<void> {
  const response = await page.request.post(`${server.url}/api/v1/login`, { data: { password: PASSWORD } });
  expect(response.status()).toBe(200);
  await page.goto(server.url + path);
}

/** Chooses an option in a picker: opens it, types, and takes the option of that name. */
export async function pick(
  page: Page,
  control: RegExp | string,
  option: string,
  typed = option,
): Promise<void> {
  await page.getByRole("button", { name: control }).click();
  await page.getByRole("combobox", { name: /^Search/ }).fill(typed);
  await page.getByRole("option", { name: option, exact: false }).first().click();
}

/** Chooses an option of a short list. */
export async function select(page: Page, control: RegExp | string, option: string): Promise<void> {
  await page.getByRole("button", { name: control }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

/** The table's values as text, row by row, the names of the rows left out. */
export async function tableValues(page: Page): Promise<string[][]> {
  const rows = page.getByRole("region", { name: "Values" }).locator("tbody").getByRole("row");
  await expect(rows.first()).toBeVisible();
  return rows.evaluateAll((found) =>
    found.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent)),
  );
}

/** A value of the API as the page writes it. */
export function written(value: number | null): string {
  return value === null ? "–" : new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 }).format(value);
}

/** Waits until the answer on the page is the question's own. */
export async function settled(page: Page): Promise<Locator> {
  const panel = page.getByRole("main").locator("section[aria-busy]");
  await expect(panel).toHaveAttribute("aria-busy", "false");
  return panel;
}

/** Fails with what axe finds wrong in the page as it stands. */
export async function accessible(page: Page, what: "page" | "popover" = "page"): Promise<void> {
  const violations = await violated(page, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    // Beside its dialog a popover has a hidden button, for screen readers to
    // leave it by; it lies in no landmark, as the popover itself lies in none.
    rules: { region: { enabled: what === "page" } },
  });
  expect(violations).toEqual([]);
}

/** The same of the colours alone: of what axe looks at only they are others in the dark. */
export async function legible(page: Page): Promise<void> {
  expect(await violated(page, { runOnly: ["color-contrast"] })).toEqual([]);
}

/** What axe finds in the page, which has no frames: a line for each rule. */
async function violated(page: Page, options: RunOptions): Promise<string[]> {
  // Half a megabyte, and read once as long as the page stays.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  // Else it finds a selector for all that is well, too, which takes much of its time.
  const chosen: RunOptions = { ...options, resultTypes: ["violations"] };
  const { violations } = await page.evaluate(
    (given) => (window as unknown as { axe: typeof axe }).axe.run(document, given),
    chosen,
  );
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ""}`).join("; ")}`,
  );
}
