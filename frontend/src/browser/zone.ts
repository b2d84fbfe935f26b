let zone: string | undefined;

/** The reader's time zone, as the browser has it: days, forms and sentences speak of its clock. */
export function localZone(): string {
  // The first date that a browser writes takes it long: not before it is wanted.
  zone ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone;
}
