// The gallery of states, which is no part of the product. It is built apart, so
// that nothing of it can get into dist/, and served under the page's own policy.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  root: "gallery",
  publicDir: "../public",
  cacheDir: "../node_modules/.vite-gallery",
  build: {
    outDir: "../node_modules/.cache/gallery",
    emptyOutDir: true,
    target: ["chrome123", "edge123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  preview: {
    headers: { "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'" },
  },
});
