import type { EnergyBySlot } from "../profile.ts";
import { slotAt, slotEnd, slotStart } from "../slots.ts";
import { standardLoadWatts } from "./loadShape.ts";

const SECONDS_PER_DAY = 86_400;
const SECONDS_PER_QUARTER_HOUR = 900;
const SECONDS_PER_HOUR = 3600;
const QUARTER_HOURS = SECONDS_PER_DAY / SECONDS_PER_QUARTER_HOUR;

/** What counts: the newest days, since a household lives otherwise in another season. */
const LATEST_DAYS = 56;
/** How many working days, or days of weekends, make a mean of their own. */
const ENOUGH_DAYS = 2;
/** What a time without use has of the standard household's: what the others can't hold goes there, and hardly anything else. */
const LEAST_SHARE = 0.001;

/** How a household uses energy, by its own meter. */
export interface OwnUse {
  /** Mean W in each quarter hour from 00:00 local clock time, Monday to Friday; null where nothing was metered. */
  readonly workdays: readonly (number | null)[];
  /** The same of Saturdays and Sundays. */
  readonly weekends: readonly (number | null)[];
  /** How much it uses, as a multiple of what the standard household of 1,000 kWh a year uses at the same times. */
  readonly standardHouseholds: number;
  /** The end of the last slot that was metered, Unix time. */
  readonly untilSeconds: number;
}

/**
 * The mean use at each time of day, over the newest eight weeks that were metered: of working days and of weekends where
 * there are two such days, else of all days.
 * @param usedWh What was metered, also where it is nothing; slots that are not named were not metered.
 * @param clockOf The local clock, as seconds since 1970-01-01 00:00 local time, at a Unix time.
 * @returns Undefined when nothing was used.
 */
export function ownUseOf(
  usedWh: EnergyBySlot,
  slotSeconds: number,
  clockOf: (unixSeconds: number) => number,
): OwnUse | undefined {
  const lastSlot = [...usedWh.keys()].reduce((last, slot) => (slot > last ? slot : last), 0);
  const untilSeconds = slotEnd(lastSlot, slotSeconds);
  const firstSlot = slotAt(untilSeconds - LATEST_DAYS * SECONDS_PER_DAY, slotSeconds);
  const workdays = new DayOfMeans();
  const weekends = new DayOfMeans();
  const all = new DayOfMeans();
  let ownWh = 0;
  let standardWh = 0;
  const partSeconds = Math.min(slotSeconds, SECONDS_PER_QUARTER_HOUR);
  for (const [slot, wh] of usedWh) {
    if (slot < firstSlot) continue;
    const clock = clockOf(slotStart(slot, slotSeconds));
    const partWh = (Number(wh) * partSeconds) / slotSeconds;
    for (let passed = 0; passed < slotSeconds; passed += partSeconds) {
      const at = clock + passed;
      for (const means of [isWeekend(at) ? weekends : workdays, all]) {
        means.add(at, partWh, partSeconds);
      }
      ownWh += partWh;
      standardWh += (standardLoadWatts(at) * partSeconds) / SECONDS_PER_HOUR;
    }
  }
  if (ownWh === 0) return undefined;
  const meansOf = (kind: DayOfMeans) =>
    Array.from(
      { length: QUARTER_HOURS },
      (_, quarterHour) =>
        kind.wattsIn(quarterHour, ENOUGH_DAYS) ?? all.wattsIn(quarterHour) ?? null,
    );
  return {
    workdays: meansOf(workdays),
    weekends: meansOf(weekends),
    standardHouseholds: ownWh / standardWh,
    untilSeconds,
  };
}

/**
 * Mean load in W of a household, by its own meter, during the quarter hour that contains a time: the standard household's,
 * as much of it as this one uses, where nothing was metered at that time of day.
 * @param clockSeconds The local time, as seconds since 1970-01-01 00:00 local time.
 */
export function ownLoadWatts(own: OwnUse, clockSeconds: number): number {
  const usual = standardLoadWatts(clockSeconds) * own.standardHouseholds;
  const means = isWeekend(clockSeconds) ? own.weekends : own.workdays;
  const watts = means[quarterHourOf(clockSeconds)] ?? usual;
  return Math.max(watts, usual * LEAST_SHARE);
}

/** Mean W in each quarter hour of a day. */
class DayOfMeans {
  readonly #wh = new Array<number>(QUARTER_HOURS).fill(0);
  readonly #seconds = new Array<number>(QUARTER_HOURS).fill(0);

  add(clockSeconds: number, wh: number, seconds: number): void {
    const at = quarterHourOf(clockSeconds);
    this.#wh[at] = (this.#wh[at] ?? 0) + wh;
    this.#seconds[at] = (this.#seconds[at] ?? 0) + seconds;
  }

  /** Undefined when fewer than so many days, or nothing at all, were metered then. */
  wattsIn(quarterHour: number, days = 0): number | undefined {
    const seconds = this.#seconds[quarterHour] ?? 0;
    if (seconds === 0 || seconds < days * SECONDS_PER_QUARTER_HOUR) return undefined;
    return ((this.#wh[quarterHour] ?? 0) * SECONDS_PER_HOUR) / seconds;
  }
}

/** 1970 began with a Thursday. */
const isWeekend = (clockSeconds: number): boolean =>
  (Math.floor(clockSeconds / SECONDS_PER_DAY) + 3) % 7 >= 5;

const quarterHourOf = (clockSeconds: number): number =>
  Math.floor(
    (clockSeconds - Math.floor(clockSeconds / SECONDS_PER_DAY) * SECONDS_PER_DAY) /
      SECONDS_PER_QUARTER_HOUR,
  );
