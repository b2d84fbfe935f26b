let zone: string | undefined;

/** The browser's time zone: days, forms and sentences use it. */
export function localZone(): string {
  // The first date format of a browser is slow: do it only when it is needed.
  zone ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone;
}
