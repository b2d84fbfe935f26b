import { SOURCES } from "../energyId.ts";
import { slotEnd, slotStart } from "../slots.ts";
import { clearSkyUnder, extraterrestrialIrradiance, sunPosition } from "../sun.ts";
import type { MicrogridState } from "./state.ts";

/** Where a roof is, and how long its slots are. */
export type SolarSite = Pick<MicrogridState, "latitudeTenths" | "longitudeTenths" | "slotSeconds">;

export const SOLAR = SOURCES.indexOf("Solar");

/**
 * How much a reading may exceed an ordinary clear sky before it is called implausible. A roof's capacity is that of its
 * panels at 1000 W/m² on their plane; very clear air or high ground exceeds a model's clear sky by a tenth, a cloud's
 * bright rim by more for minutes, cold panels by a twentieth, and snow on the ground reflects: a quarter in all.
 */
export const SKY_MARGIN = 1.25;

/** Irradiance at which a panel makes its capacity, W/m². */
const STANDARD_IRRADIANCE = 1000;

/**
 * How far below the horizon the sun may stand and a panel still make something: the air bends its light by 0.57°, its
 * disc reaches 0.27° up, a place is known to a tenth of a degree only (0.07° at most, as the sun sees it), and a roof on
 * a hill sees further; within civil twilight (6°) the sky still has up to a few W/m². Source: Meeus, "Astronomical
 * Algorithms", 2nd edition, 1998, chapters 15 and 16.
 */
export const TWILIGHT_DEGREES = 6;

/** What the sky gives at twilight on any plane, W/m²: 400 lux at sunset is about 4 W/m². */
const TWILIGHT_IRRADIANCE = 5;

/** Moments that a slot is looked at, evenly from its start to its end. */
const MOMENTS = 4;

/**
 * The most that a solar meter can have exported in a slot, in Wh, rounded up: its capacity under the clearest sky, with
 * panels that face the sun whatever their roof does; nothing while the sun stands deep below the horizon all the time.
 *
 * Facing the sun, a plane gets the beam in full, all diffuse light and what the ground sends back: no fixed roof ever
 * gets more.
 */
export function solarMostWh(microgrid: SolarSite, capacityW: number, slot: number): bigint {
  const { slotSeconds } = microgrid;
  const irradiance = mostIrradiance(microgrid, slot);
  const limitW = Math.min((capacityW * irradiance * SKY_MARGIN) / STANDARD_IRRADIANCE, capacityW);
  return BigInt(Math.ceil((limitW * slotSeconds) / 3600));
}

/** What was worked out lately: all roofs of a place share a slot's sky. */
const skies = new Map<string, number>();
const MOST_SKIES = 4096;

function mostIrradiance(microgrid: SolarSite, slot: number): number {
  const { latitudeTenths, longitudeTenths, slotSeconds } = microgrid;
  const key = `${latitudeTenths} ${longitudeTenths} ${slotSeconds} ${slot}`;
  const known = skies.get(key);
  if (known !== undefined) return known;
  const place = { latitudeDegrees: latitudeTenths / 10, longitudeDegrees: longitudeTenths / 10 };
  const [start, end] = [slotStart(slot, slotSeconds), slotEnd(slot, slotSeconds)];
  let most = 0;
  for (let moment = 0; moment <= MOMENTS; moment++) {
    const time = start + ((end - start) * moment) / MOMENTS;
    most = Math.max(most, skyIrradiance(place, time));
  }
  if (skies.size >= MOST_SKIES) skies.clear();
  skies.set(key, most);
  return most;
}

function skyIrradiance(place: Parameters<typeof sunPosition>[0], time: number): number {
  const sun = sunPosition(place, time);
  if (sun.elevationDegrees < -TWILIGHT_DEGREES) return 0;
  const sky = clearSkyUnder(sun, time);
  const facing = sky.beamNormal + sky.diffuseHorizontal + 0.2 * sky.globalHorizontal;
  return Math.min(facing + TWILIGHT_IRRADIANCE, extraterrestrialIrradiance(time));
}
