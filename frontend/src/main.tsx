import "./app/styles.css";
import { StrictMode, startTransition } from "react";
import { createRoot } from "react-dom/client";
import { appOver, brokenApp } from "./App.tsx";
import { ConfigError, loadNetworks } from "./chain/index.ts";
import { startLocale } from "./i18n/index.ts";
import { routerOver } from "./router.tsx";

/** Draws the app, once all is there to do so: until then the page that was drawn ahead is to be seen. */
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
    networks instanceof ConfigError ? brokenApp(networks.message) : appOver(networks, router);
  // In a transition the browser may do other things in between.
  startTransition(() => createRoot(root).render(<StrictMode>{app}</StrictMode>));
  if (import.meta.env.PROD && "serviceWorker" in navigator) {
    // Without it the app works all the same, but for being installed.
    setTimeout(() => navigator.serviceWorker.register("/sw.js").catch(() => undefined), SETTLED_MS);
  }
}

/** When a page has read what it shows first: the service worker then fetches the whole app, over the same line. */
const SETTLED_MS = 5_000;

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root.");
// In a task of its own: the browser may answer in between. Nor is it awaited here: the pages' scripts, which it waits for, wait
// for this one themselves.
setTimeout(() => void start(root));
