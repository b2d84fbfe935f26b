/**
 * Delivery slots are numbered from the Unix epoch: slot = floor(Unix seconds / slotSeconds). Local times come from the
 * runtime's time zone data (Intl).
 */

/** The slot lengths a microgrid may have, in seconds: 5, 15, 30 or 60 minutes. */
export const SLOT_LENGTHS_SECONDS = [300, 900, 1800, 3600] as const;

/** A run of delivery slots. */
export interface SlotRange {
  readonly firstSlot: number;
  /** Included. */
  readonly lastSlot: number;
}

/** The time zone in which slots are read, and the language in which they are written. */
export interface Clock {
  /** An IANA time zone, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** A BCP 47 language tag; `en-GB` by default. */
  readonly locale?: string;
}

/** The slot that contains a Unix time. */
export const slotAt = (unixSeconds: number, slotSeconds: number): number =>
  Math.floor(unixSeconds / slotSeconds);

/** The first second of a slot, Unix time. */
export const slotStart = (slot: number, slotSeconds: number): number => slot * slotSeconds;

/** The first second after a slot, Unix time. */
export const slotEnd = (slot: number, slotSeconds: number): number => (slot + 1) * slotSeconds;

/** The number of slots in a range. */
export const slotCount = ({ firstSlot, lastSlot }: SlotRange): number => lastSlot - firstSlot + 1;

/** The slots of a range, in order. */
export const slotsIn = (range: SlotRange): number[] =>
  Array.from({ length: slotCount(range) }, (_, index) => range.firstSlot + index);

/**
 * The local day that contains a Unix time, as `YYYY-MM-DD`.
 * @throws RangeError when the runtime knows no such time zone.
 */
export function localDayOf(unixSeconds: number, timeZone: string): string {
  const { year, month, day } = readClock(unixSeconds, timeZone);
  return `${year}-${month}-${day}`;
}

/**
 * The local time of day at a Unix time, as `HH:MM`.
 * @throws RangeError when the runtime knows no such time zone.
 */
export function localTimeOf(unixSeconds: number, timeZone: string): string {
  const { hour, minute } = readClock(unixSeconds, timeZone);
  return `${hour}:${minute}`;
}

/**
 * What a local clock shows at a Unix time, as seconds since 1970-01-01 00:00 local time.
 * @throws RangeError when the runtime knows no such time zone.
 */
export function clockSecondsOf(unixSeconds: number, timeZone: string): number {
  const { year, month, day, hour, minute } = readClock(unixSeconds, timeZone);
  const wholeMinutes = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
  );
  return wholeMinutes / 1000 + (unixSeconds % 60);
}

/**
 * The day `days` after a day written as `YYYY-MM-DD`; before it when negative.
 * @throws RangeError when the text is not a day.
 */
export const addDays = (day: string, days: number): string =>
  new Date(midnightUtc(day) + days * MILLISECONDS_PER_DAY).toISOString().slice(0, 10);

/**
 * The slots that start on a local day, which has 23 or 25 hours when the clocks change.
 * @param day `YYYY-MM-DD`.
 * @throws RangeError when the text is not a day, the zone skipped it, or the runtime does not know the zone.
 */
export function slotsOfDay(day: string, timeZone: string, slotSeconds: number): SlotRange {
  const [start, end] = [startOfDay(day, timeZone), startOfDay(addDays(day, 1), timeZone)];
  if (start === end) throw new RangeError(`${timeZone} skipped the day ${day}.`);
  return {
    firstSlot: Math.ceil(start / slotSeconds),
    lastSlot: Math.ceil(end / slotSeconds) - 1,
  };
}

/**
 * The slots of a part of a local day: from the first that starts at or after `from` to the last that starts before
 * `to`. An hour that the clock shows twice is included twice; an hour that it skips is not included.
 * @param from `HH:MM`.
 * @param to `HH:MM`, up to `24:00`.
 * @throws RangeError as {@link slotsOfDay}, or when the times are invalid or no slot starts between them.
 */
export function slotsOfWindow(
  day: string,
  from: string,
  to: string,
  timeZone: string,
  slotSeconds: number,
): SlotRange {
  for (const time of [from, to]) {
    if (!/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(time)) {
      throw new RangeError(`"${time}" is not a time of day: write it as HH:MM, such as 06:30.`);
    }
  }
  const within = slotsIn(slotsOfDay(day, timeZone, slotSeconds)).filter((slot) => {
    const time = localTimeOf(slotStart(slot, slotSeconds), timeZone);
    return time >= from && time < to;
  });
  const [firstSlot, lastSlot] = [within[0], within.at(-1)];
  if (firstSlot === undefined || lastSlot === undefined) {
    throw new RangeError(`No slot of ${day} starts between ${from} and ${to}.`);
  }
  return { firstSlot, lastSlot };
}

/**
 * A range of slots for people: `21 Jun 2026, 12:00–13:00`. On a day on which the clocks change it includes the offset,
 * as an hour may come twice.
 */
export function slotsLabel(range: SlotRange, slotSeconds: number, clock: Clock): string {
  const [start, end] = [
    slotStart(range.firstSlot, slotSeconds),
    slotEnd(range.lastSlot, slotSeconds),
  ];
  const { timeZone } = clock;
  const [day, lastDay] = [localDayOf(start, timeZone), localDayOf(end - 1, timeZone)];
  // A range to midnight ends on its own day.
  const until = localTimeOf(end, timeZone) === "00:00" ? "24:00" : localTimeOf(end, timeZone);
  const last = day === lastDay ? "" : `${dayLabel(end - 1, clock)}, `;
  const offset = changesClocks(day, timeZone) ? ` ${offsetLabel(start, clock)}` : "";
  return `${dayLabel(start, clock)}, ${localTimeOf(start, timeZone)}${offset}–${last}${until}`;
}

/** One slot for people; see {@link slotsLabel}. */
export const slotLabel = (slot: number, slotSeconds: number, clock: Clock): string =>
  slotsLabel({ firstSlot: slot, lastSlot: slot }, slotSeconds, clock);

/** A range of slots in UTC: `2026-06-21T10:00Z/2026-06-21T10:15Z` (ISO 8601). */
export const slotsUtc = ({ firstSlot, lastSlot }: SlotRange, slotSeconds: number): string =>
  [slotStart(firstSlot, slotSeconds), slotEnd(lastSlot, slotSeconds)]
    .map((unixSeconds) => `${new Date(unixSeconds * 1000).toISOString().slice(0, 16)}Z`)
    .join("/");

const MILLISECONDS_PER_DAY = 86_400_000;
/** No time zone is further from UTC. */
const FURTHEST_OFFSET_SECONDS = 15 * 3600;

/** Formats are expensive to create. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, options]);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, known);
  return known;
}

/** The parts of a local time, with leading zeros. */
function readClock(unixSeconds: number, timeZone: string) {
  const shown = formatOf("en-GB", {
    timeZone,
    calendar: "iso8601",
    numberingSystem: "latn",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(unixSeconds * 1000);
  const part = (type: Intl.DateTimeFormatPartTypes): string =>
    shown.find((each) => each.type === type)?.value ?? "";
  return {
    year: part("year").padStart(4, "0"),
    month: part("month"),
    day: part("day"),
    hour: part("hour"),
    minute: part("minute"),
  };
}

/** The first second, Unix time, at which the local date is this day or a later one. */
function startOfDay(day: string, timeZone: string): number {
  const utc = midnightUtc(day) / 1000;
  let [before, reached] = [utc - FURTHEST_OFFSET_SECONDS, utc + FURTHEST_OFFSET_SECONDS];
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2);
    if (localDayOf(middle, timeZone) >= day) reached = middle;
    else before = middle;
  }
  return reached;
}

function changesClocks(day: string, timeZone: string): boolean {
  const seconds = startOfDay(addDays(day, 1), timeZone) - startOfDay(day, timeZone);
  return seconds * 1000 !== MILLISECONDS_PER_DAY;
}

const dayLabel = (unixSeconds: number, { timeZone, locale = "en-GB" }: Clock): string =>
  formatOf(locale, { timeZone, day: "numeric", month: "short", year: "numeric" }).format(
    unixSeconds * 1000,
  );

const offsetLabel = (unixSeconds: number, { timeZone, locale = "en-GB" }: Clock): string =>
  formatOf(locale, { timeZone, timeZoneName: "shortOffset" })
    .formatToParts(unixSeconds * 1000)
    .find(({ type }) => type === "timeZoneName")?.value ?? "";

function midnightUtc(day: string): number {
  const milliseconds = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  // 30 February would be parsed as 1 March.
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString().slice(0, 10) !== day) {
    throw new RangeError(`"${day}" is not a day: write it as YYYY-MM-DD, such as 2026-06-21.`);
  }
  return milliseconds;
}
