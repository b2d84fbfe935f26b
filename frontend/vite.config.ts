import { lingui } from "@lingui/vite-plugin";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { clearSigning } from "./scripts/clearSigning.ts";
import { drawnAhead } from "./scripts/drawnAhead.ts";
import { gzippedAssets } from "./scripts/gzippedAssets.ts";
import { wattlineJson } from "./scripts/wattlineJson.ts";

export default defineConfig({
  plugins: [
    react(),
    lingui({ cwd: import.meta.dirname, macroTransform: true }),
    tailwindcss(),
    drawnAhead(),
    wattlineJson(),
    clearSigning(),
    gzippedAssets(),
    VitePWA({
      // The manifest is a file of its own, and main.tsx registers the worker.
      manifest: false,
      injectRegister: null,
      registerType: "autoUpdate",
      workbox: {
        globPatterns: ["**/*.{js,css,html,svg,png,webmanifest}"],
        navigateFallbackDenylist: [/\/wattline\.json$/, /^\/\.well-known\//],
        // Where Wattline is may change while the app is installed; without a network the last answer serves.
        runtimeCaching: [{ urlPattern: /\/wattline\.json$/, handler: "NetworkFirst" }],
      },
    }),
  ],
  worker: { format: "es" },
  server: { host: "127.0.0.1", port: 5173, strictPort: true },
  preview: { host: "127.0.0.1", port: 5173, strictPort: true },
  build: {
    target: "es2023",
    manifest: true,
    // What the first page may weigh is `npm run size`'s to judge, gzipped.
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: {
      output: {
        // What every page needs comes as one script: seventy small ones weigh more, and each takes a round trip.
        codeSplitting: { groups: [{ name: "frame", tags: ["$initial"] }] },
      },
    },
  },
});
