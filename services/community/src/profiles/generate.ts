import { standardLoadWatts } from "@wattline/sdk/need";
import { clearSkyUnder, type Place, sunPosition } from "@wattline/sdk/sun";
import { parseDay, SECONDS_PER_DAY, SLOT_MINUTES } from "./calendar.ts";
import { cloudIndex } from "./clouds.ts";
import { createHomes, type Home, USUAL_HOMES } from "./homes.ts";
import { seededRandom } from "./random.ts";
import { type Roof, roofWatts } from "./roof.ts";
import type { CommunitySeries, HouseholdSeries } from "./series.ts";

/** The hills around Kassel, in the middle of Germany. */
export const USUAL_PLACE: CommunitySeries["place"] = { latitudeTenths: 513, longitudeTenths: 95 };

const USUAL_SLOT_MINUTES = 15;
const TICK_SECONDS = 300;
const CLOUD_STREAM = 0;

/** The options of a generated community. */
export interface CommunityOptions {
  /** 0 to 4,294,967,295; the same seed gives the same community. */
  readonly seed: number;
  /** The first day, `YYYY-MM-DD`, from 00:00 UTC. */
  readonly from: string;
  /** How many days, 1 or more. */
  readonly days: number;
  /** How many homes, 2 or more; 14 by default. */
  readonly households?: number;
  /** 5, 15, 30 or 60; 15 by default. */
  readonly slotMinutes?: number;
  /** Where; near Kassel in Germany by default. */
  readonly place?: CommunitySeries["place"];
}

/**
 * A community made from physics: roofs under the real sun and random clouds, homes that follow the
 * standard load profile H0 with individual deviations. Slots are UTC. The homes' local time is UTC
 * plus the place's solar mean time, rounded to the hour, all year: in Germany that is Central
 * European Time, without summer time.
 *
 * It is computed in steps of five minutes for any slot length, so that the same seed gives the same
 * production and load at every slot length. Energy is whole Wh: the rounding rest of a slot is
 * carried to the next, as on a meter, so that no whole Wh is lost over a run. Export and import are
 * netted within each slot. A longer run begins like a shorter one.
 *
 * @throws RangeError if an option is out of its range.
 */
export function generateCommunity(options: CommunityOptions): CommunitySeries {
  const { seed, households = USUAL_HOMES, place = USUAL_PLACE } = options;
  const slotSeconds = slotSecondsOf(options.slotMinutes ?? USUAL_SLOT_MINUTES);
  const start = startOf(options.from);
  const slots = (wholeDays(options.days) * SECONDS_PER_DAY) / slotSeconds;
  const weather = { seed, place, start, slots, slotSeconds };
  return {
    name: "Lindental",
    place,
    slotSeconds,
    firstSlot: start / slotSeconds,
    slots,
    households: liveUnder(weather)(createHomes(seed, households)),
  };
}

/** Where and when homes live, and the seed of the clouds over them. */
export interface Weather {
  readonly seed: number;
  readonly place: CommunitySeries["place"];
  /** Unix time, s. */
  readonly start: number;
  readonly slots: number;
  /** A whole number of five minutes. */
  readonly slotSeconds: number;
}

/**
 * The energy of homes under one sky, which is computed once. Homes are to be new: they can live only once.
 * @throws RangeError if the place is not one.
 */
export function liveUnder(weather: Weather): (homes: readonly Home[]) => HouseholdSeries[] {
  const { seed, place, start, slots, slotSeconds } = weather;
  const ticks = { start, slots, ticksPerSlot: slotSeconds / TICK_SECONDS };
  const sky = skyOver(ticks, placeOf(place), seed);
  const clockOffset = Math.round(place.longitudeTenths / 150) * 3600;
  return (homes) => homes.map((home) => live(home, ticks, sky, clockOffset));
}

/** The run of slots, each a whole number of five-minute ticks. */
interface Ticks {
  readonly start: number;
  readonly slots: number;
  readonly ticksPerSlot: number;
}

/** A roof's output in a tick, in W. */
type Sky = (roof: Roof, tick: number) => number;

function skyOver({ start, slots, ticksPerSlot }: Ticks, place: Place, seed: number): Sky {
  const nextIndex = cloudIndex(seededRandom(seed, CLOUD_STREAM));
  const views = Array.from({ length: slots * ticksPerSlot }, (_, tick) => {
    const middle = start + (tick + 0.5) * TICK_SECONDS;
    const sun = sunPosition(place, middle);
    return { index: nextIndex(), sun, clear: clearSkyUnder(sun, middle) };
  });
  return (roof, tick) => {
    const view = views[tick];
    if (view === undefined || view.clear.globalHorizontal === 0) return 0;
    return view.index * roofWatts(roof, view.clear, view.sun);
  };
}

function live(home: Home, ticks: Ticks, sky: Sky, clockOffset: number): HouseholdSeries {
  const { name, roof, annualKwh, lateSeconds, mood } = home;
  const producedWh = meter(ticks, (tick) => (roof === null ? 0 : sky(roof, tick)));
  const loadWh = meter(ticks, (tick) => {
    const clock = ticks.start + tick * TICK_SECONDS + clockOffset;
    return (annualKwh / 1000) * standardLoadWatts(clock - lateSeconds) * mood();
  });
  const surplusWh = producedWh.map((produced, slot) => produced - (loadWh[slot] ?? 0n));
  return {
    name,
    capacityW: roof?.peakW ?? 0,
    loadWh,
    producedWh,
    exportedWh: surplusWh.map((surplus) => (surplus > 0n ? surplus : 0n)),
    importedWh: surplusWh.map((surplus) => (surplus < 0n ? -surplus : 0n)),
  };
}

/** Whole Wh per slot; fractions are carried over. */
function meter({ slots, ticksPerSlot }: Ticks, watts: (tick: number) => number): bigint[] {
  let dial = 0;
  let shown = 0;
  return Array.from({ length: slots }, (_, slot) => {
    for (let i = 0; i < ticksPerSlot; i++) {
      dial += (watts(slot * ticksPerSlot + i) * TICK_SECONDS) / 3600;
    }
    const before = shown;
    shown = Math.floor(dial);
    return BigInt(shown - before);
  });
}

function startOf(from: string): number {
  const start = parseDay(from);
  if (start === undefined) {
    throw new RangeError(`"${from}" is not a day: write it as YYYY-MM-DD, such as 2025-06-21`);
  }
  return start;
}

function wholeDays(days: number): number {
  if (!Number.isSafeInteger(days) || days < 1) {
    throw new RangeError(`${days} days are refused: give a whole number, 1 or more`);
  }
  return days;
}

function slotSecondsOf(slotMinutes: number): number {
  if (!SLOT_MINUTES.includes(slotMinutes)) {
    throw new RangeError(`a slot of ${slotMinutes} min is refused: give 5, 15, 30 or 60`);
  }
  return slotMinutes * 60;
}

function placeOf({ latitudeTenths, longitudeTenths }: CommunitySeries["place"]): Place {
  if (!Number.isInteger(latitudeTenths) || !Number.isInteger(longitudeTenths)) {
    throw new RangeError(
      `place ${latitudeTenths}, ${longitudeTenths} is refused: give whole tenths of a degree`,
    );
  }
  return { latitudeDegrees: latitudeTenths / 10, longitudeDegrees: longitudeTenths / 10 };
}
