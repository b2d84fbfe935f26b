import "./app/styles.css";
import { StrictMode, startTransition } from "react";
import { createRoot } from "react-dom/client";
import { appOver } from "./App.tsx";
import { brokenApp } from "./app/index.ts";
import { loadAhead } from "./browser/index.ts";
import { ConfigError, loadNetworks } from "./chain/index.ts";
import { startLocale } from "./i18n/index.ts";
import { routerOver } from "./router.tsx";

/** Renders the app once everything it needs is loaded; until then the prerendered page is shown. */
async function start(root: Element): Promise<void> {
  const router = routerOver();
  const [networks] = await Promise.all([
    loadNetworks().catch((error: unknown) => {
      if (error instanceof ConfigError) return error;
      throw error;
    }),
    startLocale(),
    router.load(),
  ]);
  const app =
    networks instanceof ConfigError ? await brokenApp(networks.message) : appOver(networks, router);
  // In a transition the browser can respond in between.
  startTransition(() => createRoot(root).render(<StrictMode>{app}</StrictMode>));
  setTimeout(() => {
    loadAhead();
    if (import.meta.env.PROD && "serviceWorker" in navigator) {
      // Without it the app works, but can't be installed.
      navigator.serviceWorker.register("/sw.js").catch(() => undefined);
    }
  }, SETTLED_MS);
}

/** By then a page has read what it first shows. The service worker downloads the whole app over the same connection. */
const SETTLED_MS = 5_000;

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root.");
// In a separate task, so that the browser can respond in between. Not awaited: it loads the pages' scripts, which import
// this one.
setTimeout(() => void start(root));
