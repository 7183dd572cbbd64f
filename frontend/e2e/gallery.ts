import type { Page } from "@playwright/test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, preview, type PreviewServer } from "vite";
import { NOW } from "../gallery/fixtures";
import { STATES } from "../gallery/states";

/** All that the gallery shows, by name. */
export const SHOWN: readonly string[] = ["components", ...STATES.map(({ name }) => name)];

/** The gallery of states: the real page with made-up answers, without a server of ours. */
export class Gallery {
  readonly url: string;
  readonly #server: PreviewServer;
  readonly #outDir: string;

  private constructor(server: PreviewServer, url: string, outDir: string) {
    this.#server = server;
    this.#outDir = outDir;
    this.url = url;
  }

  static async start(): Promise<Gallery> {
    const configFile = join(import.meta.dirname, "../vite.gallery.config.ts");
    // Of its own: another run at the same time shall not take it away.
    const outDir = await mkdtemp(join(tmpdir(), "loaf-gallery-"));
    await build({ configFile, logLevel: "warn", build: { outDir } });
    const address = { host: "127.0.0.1", port: 0 };
    const server = await preview({ configFile, build: { outDir }, preview: address });
    const url = server.resolvedUrls?.local[0];
    if (url === undefined) throw new Error("the gallery is served at no address");
    return new Gallery(server, url, outDir);
  }

  async stop(): Promise<void> {
    await this.#server.close();
    await rm(this.#outDir, { recursive: true });
  }

  /** Opens a state and waits until it is as it stays. */
  async show(page: Page, state: string): Promise<void> {
    await page.clock.setFixedTime(NOW);
    await page.goto(`${this.url}?state=${state}`);
    await page.locator("main, [role=alert]").first().waitFor();
    await page.waitForLoadState("networkidle");
    // What is loaded when it is needed may need something more.
    await page.locator("main h1, [role=alert], form, [aria-busy=true], [role=status]").first().waitFor();
  }
}
