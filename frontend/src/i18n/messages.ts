import { i18n, type Messages } from "@lingui/core";
import { patiently, remember } from "../browser/index.ts";
import { isLocale, type Locale } from "./locales.ts";

/** The message catalogs: one per domain of pages, and `i18n` for what every page needs. */
export type Domain =
  | "i18n"
  | "home"
  | "activity"
  | "map"
  | "market"
  | "energy"
  | "microgrid"
  | "audit"
  | "gains"
  | "orders"
  | "wallet/words"
  | "wallet/dialogs";

const KEY = "wattline.locale";
const catalogs = import.meta.glob<{ messages: Messages }>("/src/**/locales/*.po");
const wanted = new Set<Domain>(["i18n"]);

/** Loads the messages of a domain in the page's language. @throws When they can't be loaded. */
export async function wantMessages(domain: Domain): Promise<void> {
  wanted.add(domain);
  await loadInto(localeNow(), [domain]);
}

/** Loads the messages of a domain in the page's language, before its page is shown. */
export const loadMessages = (domain: Domain): Promise<void> =>
  patiently(() => wantMessages(domain));

/** Switches the app to another language. */
export async function setLocale(locale: Locale): Promise<void> {
  await loadInto(locale, [...wanted]);
  remember(KEY, locale);
  document.documentElement.lang = locale;
  i18n.activate(locale);
}

/** Starts in the language that `public/first.js` has chosen: that of the last visit, else of the browser. */
export async function startLocale(): Promise<void> {
  const locale = localeNow();
  await loadInto(locale, [...wanted]);
  i18n.activate(locale);
}

export function localeNow(): Locale {
  if (isLocale(i18n.locale)) return i18n.locale;
  const { lang } = document.documentElement;
  return isLocale(lang) ? lang : "en";
}

/** Loads messages of a language without switching to it. */
export async function loadInto(locale: Locale, domains: readonly Domain[]): Promise<void> {
  const loaded = await Promise.all(
    domains.map((domain) => catalogs[`/src/${domain}/locales/${locale}.po`]?.()),
  );
  for (const catalog of loaded) if (catalog) i18n.load(locale, catalog.messages);
}
