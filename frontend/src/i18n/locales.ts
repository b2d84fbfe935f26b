/** The languages of the app, by the name they give themselves; the first is for those who understand none of them. */
export const LOCALES = { en: "English", de: "Deutsch" } as const;
export type Locale = keyof typeof LOCALES;

export const isLocale = (tag: string | undefined): tag is Locale =>
  tag !== undefined && tag in LOCALES;
