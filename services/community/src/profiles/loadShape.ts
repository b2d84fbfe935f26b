import { type DayKind, type Season, STANDARD_LOAD_WATTS } from "./standardLoad.ts";

const SECONDS_PER_DAY = 86_400;
const SECONDS_PER_QUARTER_HOUR = 900;

/**
 * The season a date falls in. VDEW 1999: summer is 15 May to 14 September, winter 1 November to
 * 20 March, and what lies between is the transition.
 *
 * @param month 1 to 12.
 * @param day 1 to 31.
 */
export function seasonOf(month: number, day: number): Season {
  const date = month * 100 + day;
  if (date >= 515 && date <= 914) return "summer";
  return date >= 1101 || date <= 320 ? "winter" : "transition";
}

/**
 * The kind of day a date is. VDEW 1999: 24 and 31 December count as Saturdays unless they are
 * Sundays. Public holidays, which the profile counts as Sundays, differ from land to land and are
 * left out: they are taken as the weekday they fall on.
 *
 * @param weekday 0 for Sunday to 6 for Saturday.
 */
export function dayKindOf(month: number, day: number, weekday: number): DayKind {
  if (weekday === 0) return "sunday";
  const eve = month === 12 && (day === 24 || day === 31);
  return eve || weekday === 6 ? "saturday" : "workday";
}

/**
 * How much more or less a household uses on a day of the year than its season's profile says: the
 * dynamisation polynomial of H0, published with the profile (VDEW 1999). It turns three steps a
 * year into a smooth curve, from 1.26 in January down to 0.78 in July.
 *
 * @param dayOfYear 1 for 1 January.
 */
export function dynamisation(dayOfYear: number): number {
  return (
    (((-3.92e-10 * dayOfYear + 3.2e-7) * dayOfYear - 7.02e-5) * dayOfYear + 2.1e-3) * dayOfYear +
    1.24
  );
}

/**
 * Mean load in W, during the quarter hour that holds a moment, of a household that uses 1,000 kWh a
 * year: the dynamised H0 profile (VDEW 1999).
 *
 * @param clockSeconds The local clock reading, counted in seconds since 1970-01-01 00:00 on that
 *   same clock.
 */
export function standardLoadWatts(clockSeconds: number): number {
  const date = new Date(clockSeconds * 1000);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth() + 1;
  const day = date.getUTCDate();
  const dayOfYear =
    (Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 0)) / 1000 / SECONDS_PER_DAY;
  const secondOfDay = clockSeconds - Math.floor(clockSeconds / SECONDS_PER_DAY) * SECONDS_PER_DAY;
  const quarterHour = Math.floor(secondOfDay / SECONDS_PER_QUARTER_HOUR);
  const shape = STANDARD_LOAD_WATTS[seasonOf(month, day)][dayKindOf(month, day, date.getUTCDay())];
  const watts = shape[quarterHour];
  if (watts === undefined) {
    throw new RangeError(`${clockSeconds} is no clock reading: give a finite number of seconds`);
  }
  return watts * dynamisation(dayOfYear);
}
