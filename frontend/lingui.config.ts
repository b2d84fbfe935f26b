import { defineConfig } from "@lingui/cli";
import { formatter } from "@lingui/format-po";
import { LOCALES } from "./src/i18n/locales.ts";

/** One catalog per domain, loaded with its pages; what every page needs is in `src/i18n`. */
const DOMAINS = [
  "home",
  "activity",
  "map",
  "market",
  "energy",
  "microgrid",
  "audit",
  "gains",
  "orders",
  "wallet/words",
  "wallet/dialogs",
];
const SHARED = ["app", "ui", "wallet", "chain", "data", "people", "i18n"];

export default defineConfig({
  sourceLocale: "en",
  locales: Object.keys(LOCALES),
  fallbackLocales: { default: "en" },
  format: formatter({ lineNumbers: false }),
  catalogs: [
    ...DOMAINS.map((domain) => ({
      path: `<rootDir>/src/${domain}/locales/{locale}`,
      include: [`<rootDir>/src/${domain}`],
    })),
    {
      path: "<rootDir>/src/i18n/locales/{locale}",
      include: SHARED.map((folder) => `<rootDir>/src/${folder}`),
      exclude: DOMAINS.map((domain) => `<rootDir>/src/${domain}/**`),
    },
  ],
});
