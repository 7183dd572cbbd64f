import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  build: {
    // light-dark() in tokens.css sets the floor.
    target: ["chrome123", "edge123", "firefox120", "safari17.5"],
    // scripts/check-size.mjs reads what the entry imports from it.
    manifest: true,
    // The Content-Security-Policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The chart library is one chunk of this size, and loaded when needed.
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      "/api": { target: process.env.LOAF_API ?? "http://127.0.0.1:8080" },
    },
  },
  test: {
    // What draws says so with "@vitest-environment jsdom"; the rest needs no browser.
    environment: "node",
    setupFiles: ["src/test-setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    css: true,
    restoreMocks: true,
  },
});
