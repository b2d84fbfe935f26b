export const SECONDS_PER_DAY = 86_400;

/** The slot lengths a microgrid can have, in minutes. */
export const SLOT_MINUTES: readonly number[] = [5, 15, 30, 60];

/**
 * The Unix time of a date and time written as `YYYY-MM-DDTHH:MM` (or with seconds, or with a space
 * for the T) in UTC; undefined if the text is not one.
 */
export function parseMoment(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?$/.exec(text);
  if (match === null) return undefined;
  const canonical = `${match[1]}T${match[2]}${match[3] ?? ":00"}.000Z`;
  const milliseconds = Date.parse(canonical);
  // 30 February parses as 1 March, and 24:00 as the next day; only valid texts are formatted back unchanged.
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString() !== canonical) {
    return undefined;
  }
  return milliseconds / 1000;
}

/** The Unix time at which a day written as `YYYY-MM-DD` begins in UTC; undefined if it is not a day. */
export function parseDay(text: string): number | undefined {
  return parseMoment(`${text}T00:00`);
}

/** A Unix time as `YYYY-MM-DDTHH:MM` in UTC. */
export function momentOf(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().slice(0, 16);
}

/** The UTC day that contains a Unix time, as `YYYY-MM-DD`. */
export function dayOf(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().slice(0, 10);
}
