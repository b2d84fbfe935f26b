import { type DayKind, type Season, STANDARD_LOAD_WATTS } from "./standardLoad.ts";

const SECONDS_PER_DAY = 86_400;
const SECONDS_PER_QUARTER_HOUR = 900;

/**
 * The season of a date. VDEW 1999: summer is 15 May to 14 September, winter 1 November to
 * 20 March, and the rest is the transition.
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
 * The kind of day of a date. VDEW 1999: 24 and 31 December count as Saturdays unless they are
 * Sundays. Public holidays, which the profile counts as Sundays, differ from state to state and are
 * ignored: they count as the weekday they fall on.
 *
 * @param weekday 0 for Sunday to 6 for Saturday.
 */
export function dayKindOf(month: number, day: number, weekday: number): DayKind {
  if (weekday === 0) return "sunday";
  const eve = month === 12 && (day === 24 || day === 31);
  return eve || weekday === 6 ? "saturday" : "workday";
}

/**
 * The ratio of a household's use on a day of the year to its season's profile: the dynamisation
 * polynomial of H0, published with the profile (VDEW 1999). It turns three steps a year into a
 * smooth curve, from 1.26 in January down to 0.78 in July.
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
 * Mean load in W, during the quarter hour that contains a time, of a household that uses 1,000 kWh a
 * year: the dynamised H0 profile (VDEW 1999).
 *
 * @param clockSeconds The local time, as seconds since 1970-01-01 00:00 local time.
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
    throw new RangeError(`${clockSeconds} is not a local time: give a finite number of seconds`);
  }
  return watts * dynamisation(dayOfYear);
}

/**
 * The mean of a load over a slot, which may have several quarters of an hour.
 * @param wattsAt The load during the quarter hour that contains a local time.
 * @param clockSeconds The local time at which the slot begins.
 */
export function meanLoadWatts(
  wattsAt: (clockSeconds: number) => number,
  clockSeconds: number,
  slotSeconds: number,
): number {
  const quarterHours = Math.max(1, slotSeconds / SECONDS_PER_QUARTER_HOUR);
  let sum = 0;
  for (let index = 0; index < quarterHours; index++) {
    sum += wattsAt(clockSeconds + index * SECONDS_PER_QUARTER_HOUR);
  }
  return sum / quarterHours;
}
