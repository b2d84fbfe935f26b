import { lingui } from "@lingui/vite-plugin";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { clearSigning } from "./scripts/clearSigning.ts";
import { gzippedAssets } from "./scripts/gzippedAssets.ts";
import { prerenderPages } from "./scripts/prerenderPages.ts";
import { securityHeaders } from "./scripts/securityHeaders.ts";
import { wattlineJson } from "./scripts/wattlineJson.ts";

/**
 * On a busy machine a build takes long for its plugins, too, which says nothing about the pages, and `npm start` shows what a
 * build warns of.
 */
const checks = { bundlerTimings: false };

export default defineConfig({
  plugins: [
    react(),
    lingui({ cwd: import.meta.dirname, macroTransform: true }),
    tailwindcss(),
    prerenderPages(),
    securityHeaders(),
    wattlineJson(),
    clearSigning(),
    gzippedAssets(),
    VitePWA({
      // The manifest is a separate file, and main.tsx registers the worker.
      manifest: false,
      injectRegister: null,
      registerType: "autoUpdate",
      workbox: {
        globPatterns: ["**/*.{js,css,html,svg,png,webmanifest}"],
        navigateFallbackDenylist: [/\/wattline\.json$/, /^\/\.well-known\//],
        // Addresses may change while the app is installed; without a network the last answer is used.
        importScripts: ["/pressed.js"],
        runtimeCaching: [{ urlPattern: /\/wattline\.json$/, handler: "NetworkFirst" }],
      },
    }),
  ],
  resolve: {
    alias: [
      // React has this hook itself since version 18: what stands in for it in older ones would be in the first page.
      { find: /^use-sync-external-store\/shim(\/index\.js)?$/, replacement: "react" },
      {
        find: /^use-sync-external-store\/shim\/with-selector(\.js)?$/,
        replacement: "use-sync-external-store/with-selector",
      },
    ],
  },
  worker: { format: "es", rolldownOptions: { checks } },
  server: { host: "127.0.0.1", port: 5173, strictPort: true },
  preview: { host: "127.0.0.1", port: 5173, strictPort: true },
  build: {
    target: "es2023",
    manifest: true,
    // `npm run size` checks the gzipped size of the first page.
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: {
      checks,
      output: {
        // What every page needs is two scripts: seventy small ones are larger together, and each takes a round trip. Of one
        // alone the start would be a long task.
        codeSplitting: {
          groups: [
            { name: "libraries", test: /node_modules/, tags: ["$initial"] },
            { name: "frame", tags: ["$initial"] },
          ],
        },
      },
    },
  },
});
