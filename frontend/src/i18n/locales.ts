/** The languages of the app, each by its own name; the first is the default. */
export const LOCALES = { en: "English", de: "Deutsch" } as const;
export type Locale = keyof typeof LOCALES;

export const isLocale = (tag: string | undefined): tag is Locale =>
  tag !== undefined && tag in LOCALES;
