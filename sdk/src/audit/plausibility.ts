import { SOURCES } from "../energyId.ts";
import type { Microgrid } from "../microgrid.ts";
import { slotEnd, slotStart } from "../slots.ts";
import { clearSkyUnder, extraterrestrialIrradiance, sunPosition } from "../sun.ts";

/** Where a roof is, and how long its slots are. */
export type SolarSite = Pick<Microgrid, "latitudeTenths" | "longitudeTenths" | "slotSeconds">;

export const SOLAR = SOURCES.indexOf("Solar");

/**
 * How much a reading may exceed an ordinary clear sky before it counts as implausible. A roof's capacity is that of its
 * panels at 1000 W/m² on their plane. Very clear air or high ground exceeds a model's clear sky by a tenth, the bright
 * edge of a cloud by more for minutes, cold panels by a twentieth, and snow on the ground reflects: a quarter in all.
 */
export const SKY_MARGIN = 1.25;

/** Irradiance at which a panel makes its capacity, W/m². */
const STANDARD_IRRADIANCE = 1000;

/**
 * How far below the horizon the sun may be while a panel still produces something: refraction raises it by 0.57°, its
 * disc reaches 0.27° further up, the place is known to a tenth of a degree only (at most 0.07° of solar height), and a
 * roof on a hill sees further; within civil twilight (6°) the sky still has up to a few W/m². Source: Meeus,
 * "Astronomical Algorithms", 2nd edition, 1998, chapters 15 and 16.
 */
export const TWILIGHT_DEGREES = 6;

/** Irradiance at twilight on any plane, W/m²: 400 lux at sunset is about 4 W/m². */
const TWILIGHT_IRRADIANCE = 5;

/** Sample times within a slot, evenly from its start to its end. */
const MOMENTS = 4;

/**
 * The most that a solar meter can export in a slot, in Wh, rounded up: its capacity under the clearest sky, on a plane
 * that faces the sun; 0 while the sun is far below the horizon all the time.
 *
 * A plane that faces the sun gets the full beam, all diffuse light and all light reflected by the ground: no fixed roof
 * gets more.
 */
export function solarMostWh(microgrid: SolarSite, capacityW: number, slot: number): bigint {
  const { slotSeconds } = microgrid;
  const irradiance = mostIrradiance(microgrid, slot);
  const limitW = Math.min((capacityW * irradiance * SKY_MARGIN) / STANDARD_IRRADIANCE, capacityW);
  return BigInt(Math.ceil((limitW * slotSeconds) / 3600));
}

/** Recent results: all roofs of a place share a slot's sky. */
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
