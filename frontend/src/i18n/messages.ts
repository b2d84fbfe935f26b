import { i18n, type Messages } from "@lingui/core";
import { recall, remember } from "../data/storage.ts";

/** The languages of the app, by the name they give themselves. */
export const LOCALES = { en: "English", de: "Deutsch" } as const;
export type Locale = keyof typeof LOCALES;

/** Where words are kept: with each domain's pages, and here what every page needs. */
export type Domain = "i18n" | "market" | "energy" | "microgrid" | "audit" | "orders";

const KEY = "wattline.locale";
const catalogs = import.meta.glob<{ messages: Messages }>("/src/*/locales/*.po");
const wanted = new Set<Domain>(["i18n"]);

/** The words of a domain in the page's language, before its page is shown. */
export async function loadMessages(domain: Domain): Promise<void> {
  wanted.add(domain);
  await loadInto(localeNow(), [domain]);
}

/** Shows the app in another language from now on. */
export async function setLocale(locale: Locale): Promise<void> {
  await loadInto(locale, [...wanted]);
  remember(KEY, locale);
  activate(locale);
}

/** The language chosen before, else the browser's first that the app knows, else English. */
export async function startLocale(): Promise<void> {
  const locale = firstLocale();
  await loadInto(locale, [...wanted]);
  activate(locale);
}

export const localeNow = (): Locale => (isLocale(i18n.locale) ? i18n.locale : firstLocale());

async function loadInto(locale: Locale, domains: readonly Domain[]): Promise<void> {
  const loaded = await Promise.all(
    domains.map((domain) => catalogs[`/src/${domain}/locales/${locale}.po`]?.()),
  );
  for (const catalog of loaded) if (catalog) i18n.load(locale, catalog.messages);
}

function activate(locale: Locale): void {
  i18n.activate(locale);
  document.documentElement.lang = locale;
}

function firstLocale(): Locale {
  const chosen = [recall(KEY), ...navigator.languages.map((tag) => tag.split("-")[0])];
  return chosen.find(isLocale) ?? "en";
}

const isLocale = (tag: string | undefined): tag is Locale => tag !== undefined && tag in LOCALES;
