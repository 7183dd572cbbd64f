import type { Page } from "@playwright/test";
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

  private constructor(server: PreviewServer, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(): Promise<Gallery> {
    const configFile = join(import.meta.dirname, "../vite.gallery.config.ts");
    await build({ configFile, logLevel: "warn" });
    const server = await preview({ configFile, preview: { host: "127.0.0.1", port: 0 } });
    const url = server.resolvedUrls?.local[0];
    if (url === undefined) throw new Error("the gallery is served at no address");
    return new Gallery(server, url);
  }

  async stop(): Promise<void> {
    await this.#server.close();
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
