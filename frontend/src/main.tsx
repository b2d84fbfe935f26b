import "./app/styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App, BrokenApp } from "./app/App.tsx";
import { ConfigError, loadNetworks } from "./chain/config.ts";
import { startLocale } from "./i18n/messages.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root.");

const [networks] = await Promise.all([
  loadNetworks().catch((error: unknown) => {
    if (error instanceof ConfigError) return error;
    throw error;
  }),
  startLocale(),
]);

createRoot(root).render(
  <StrictMode>
    {networks instanceof ConfigError ? (
      <BrokenApp message={networks.message} />
    ) : (
      <App networks={networks} />
    )}
  </StrictMode>,
);

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  navigator.serviceWorker.register("/sw.js").catch(() => {
    // Without it the app works all the same, but for being installed.
  });
}
