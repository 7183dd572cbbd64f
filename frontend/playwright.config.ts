import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  // A file's tests one after the other, two files at a time: a browser and its server keep a core busy.
  fullyParallel: false,
  workers: 2,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    viewport: { width: 1440, height: 900 },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "e2e", testMatch: "**/*.spec.ts" },
    { name: "nginx", testMatch: "**/*.nginx.ts" },
    { name: "screenshots", testMatch: "**/*.shots.ts" },
    // Figures of docs/performance.md, with nothing beside them.
    { name: "figures", testMatch: "**/*.figures.ts", workers: 1 },
    // Of the README; they are part of the repository, and made only when asked for.
    { name: "pictures", testMatch: "**/readme.pictures.ts" },
  ],
});
