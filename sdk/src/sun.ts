/** A point on Earth, in degrees, north and east positive. */
export interface Place {
  readonly latitudeDegrees: number;
  readonly longitudeDegrees: number;
}

/** The position of the sun's centre in the sky, in degrees, without refraction. */
export interface SunPosition {
  /** Above the horizon, negative below it. */
  readonly elevationDegrees: number;
  /** Clockwise from north, 0 to 360: east is 90, south 180, west 270. */
  readonly azimuthDegrees: number;
}

/** Irradiance from the sky, in W/m². */
export interface Irradiance {
  /** On level ground, beam and diffuse together. */
  readonly globalHorizontal: number;
  /** Directly from the sun, on a plane that faces it. */
  readonly beamNormal: number;
  /** From the rest of the sky, on level ground. */
  readonly diffuseHorizontal: number;
}

/** A tilted plane, such as a roof. */
export interface Surface {
  /** From level, in degrees: 0 is flat, 90 is a wall. */
  readonly tiltDegrees: number;
  /** The direction it faces, in degrees clockwise from north: 180 is a south roof. */
  readonly azimuthDegrees: number;
}

/**
 * Solar irradiance above the atmosphere at the mean distance of the sun, in W/m². Source: Kopp and Lean,
 * "A new, lower value of total solar irradiance", Geophysical Research Letters 38, 2011 (1360.8).
 */
export const SOLAR_CONSTANT = 1361;

/**
 * The share of light that the ground reflects, where it was not measured. Source: Liu and Jordan,
 * "The long-term average performance of flat-plate solar-energy collectors", Solar Energy 7(2),
 * 1963: 0.2 without snow.
 */
export const USUAL_ALBEDO = 0.2;

/**
 * The sun's position. Low-precision formulas of Meeus, "Astronomical Algorithms", 2nd edition,
 * 1998, chapters 25 and 28, in the form of NOAA's solar calculator (gml.noaa.gov/grad/solcalc);
 * good to about 0.01° from 1900 to 2100, apart from refraction.
 *
 * @throws RangeError if the place or the time is invalid.
 */
export function sunPosition(place: Place, unixSeconds: number): SunPosition {
  requirePlace(place);
  const { declination, equationOfTimeMinutes } = orbit(unixSeconds);
  const trueSolarMinutes =
    unixSeconds / 60 + equationOfTimeMinutes + 4 * place.longitudeDegrees - 720;
  const hourAngle = radians(wrap(trueSolarMinutes / 4, 360));
  const latitude = radians(place.latitudeDegrees);
  const sinElevation =
    Math.sin(latitude) * Math.sin(declination) +
    Math.cos(latitude) * Math.cos(declination) * Math.cos(hourAngle);
  const azimuthFromSouth = Math.atan2(
    Math.sin(hourAngle) * Math.cos(declination),
    Math.cos(hourAngle) * Math.cos(declination) * Math.sin(latitude) -
      Math.sin(declination) * Math.cos(latitude),
  );
  return {
    elevationDegrees: degrees(Math.asin(clamp(sinElevation, -1, 1))),
    azimuthDegrees: wrap(degrees(azimuthFromSouth) + 180, 360),
  };
}

/**
 * How far a sundial is ahead of a clock, in minutes (equation of time): Meeus 1998, formula 28.3 (after Smart).
 *
 * @throws RangeError if the time is invalid.
 */
export function equationOfTimeMinutes(unixSeconds: number): number {
  return orbit(unixSeconds).equationOfTimeMinutes;
}

/**
 * Irradiance above the atmosphere on a plane that faces the sun, in W/m²: the solar constant over the
 * square of the sun's distance in astronomical units (Meeus 1998, formula 25.5).
 *
 * @throws RangeError if the time is invalid.
 */
export function extraterrestrialIrradiance(unixSeconds: number): number {
  return SOLAR_CONSTANT / orbit(unixSeconds).distanceAu ** 2;
}

/**
 * Irradiance of a cloudless sky. Global irradiance on level ground by Haurwitz, "Insolation in
 * relation to cloudiness and cloud density", Journal of Meteorology 2, 1945, with the constants of
 * pvlib, 1098 sin(h) exp(−0.059 / sin h) W/m² (Reno, Hansen and Stein, SAND2012-2389, compare it
 * with other models); split into beam and diffuse by {@link diffuseFraction}.
 *
 * It is for ordinary clear air. Very dry air or high ground can exceed it by about a tenth, and the
 * bright edge of a cloud by more for minutes: allow for that before rejecting a reading.
 *
 * @throws RangeError if the place or the time is invalid.
 */
export function clearSky(place: Place, unixSeconds: number): Irradiance {
  return clearSkyUnder(sunPosition(place, unixSeconds), unixSeconds);
}

/**
 * As {@link clearSky}, for a sun whose position is already known.
 *
 * @throws RangeError if the time is invalid.
 */
export function clearSkyUnder(sun: SunPosition, unixSeconds: number): Irradiance {
  const sinElevation = Math.sin(radians(sun.elevationDegrees));
  if (sinElevation <= 0) return DARKNESS;
  const globalHorizontal = 1098 * sinElevation * Math.exp(-0.059 / sinElevation);
  const aboveTheAir = extraterrestrialIrradiance(unixSeconds) * sinElevation;
  const diffuseHorizontal = globalHorizontal * diffuseFraction(globalHorizontal / aboveTheAir);
  return {
    globalHorizontal,
    diffuseHorizontal,
    beamNormal: (globalHorizontal - diffuseHorizontal) / sinElevation,
  };
}

/**
 * The diffuse share of global irradiance on level ground. Source: Erbs, Klein and Duffie,
 * "Estimation of the diffuse radiation fraction for hourly, daily and monthly-average global
 * radiation", Solar Energy 28(4), 1982, equation 1.
 *
 * @param clearness Global irradiance on level ground over that above the atmosphere, 0 to 1.
 */
export function diffuseFraction(clearness: number): number {
  const k = clearness;
  if (k <= 0.22) return 1 - 0.09 * k;
  if (k > 0.8) return 0.165;
  return 0.9511 + (-0.1604 + (4.388 + (-16.638 + 12.336 * k) * k) * k) * k;
}

/**
 * Irradiance on a tilted plane, in W/m²: the beam by its angle of incidence, an isotropic sky, a
 * diffusely reflecting ground. Source: Liu and Jordan 1963.
 *
 * @param albedo Share of light that the ground reflects, 0 to 1.
 */
export function irradianceOnTilt(
  irradiance: Irradiance,
  sun: SunPosition,
  surface: Surface,
  albedo: number = USUAL_ALBEDO,
): number {
  const elevation = radians(sun.elevationDegrees);
  const tilt = radians(surface.tiltDegrees);
  const turn = radians(sun.azimuthDegrees - surface.azimuthDegrees);
  const cosIncidence =
    Math.sin(elevation) * Math.cos(tilt) + Math.cos(elevation) * Math.sin(tilt) * Math.cos(turn);
  const beam = irradiance.beamNormal * Math.max(cosIncidence, 0);
  const sky = irradiance.diffuseHorizontal * ((1 + Math.cos(tilt)) / 2);
  const ground = irradiance.globalHorizontal * albedo * ((1 - Math.cos(tilt)) / 2);
  return beam + sky + ground;
}

const DARKNESS: Irradiance = { globalHorizontal: 0, beamNormal: 0, diffuseHorizontal: 0 };

/** The sun as seen from the Earth's centre; angles in radians. Meeus 1998, chapters 22, 25 and 28. */
interface Orbit {
  readonly declination: number;
  readonly equationOfTimeMinutes: number;
  readonly distanceAu: number;
}

function orbit(unixSeconds: number): Orbit {
  if (!Number.isFinite(unixSeconds)) {
    throw new RangeError(`${unixSeconds} is not a time: give Unix seconds as a finite number`);
  }
  // The formulas' epoch is 2000-01-01 12:00; their century has 36,525 days.
  const t = (unixSeconds - 946_728_000) / (36_525 * 86_400);
  const meanLongitude = radians(wrap(280.46646 + t * (36_000.76983 + t * 0.0003032), 360));
  const meanAnomaly = radians(wrap(357.52911 + t * (35_999.05029 - t * 0.0001537), 360));
  const eccentricity = 0.016708634 - t * (0.000042037 + t * 0.0000001267);
  const centre = radians(
    (1.914602 - t * (0.004817 + t * 0.000014)) * Math.sin(meanAnomaly) +
      (0.019993 - t * 0.000101) * Math.sin(2 * meanAnomaly) +
      0.000289 * Math.sin(3 * meanAnomaly),
  );
  const node = radians(125.04 - 1934.136 * t);
  const apparentLongitude =
    meanLongitude + centre - radians(0.00569) - radians(0.00478) * Math.sin(node);
  const meanObliquityArcseconds = 21.448 - t * (46.815 + t * (0.00059 - t * 0.001813));
  const meanObliquity = 23 + (26 + meanObliquityArcseconds / 60) / 60;
  const obliquity = radians(meanObliquity + 0.00256 * Math.cos(node));
  const y = Math.tan(obliquity / 2) ** 2;
  const equationOfTime =
    y * Math.sin(2 * meanLongitude) -
    2 * eccentricity * Math.sin(meanAnomaly) +
    4 * eccentricity * y * Math.sin(meanAnomaly) * Math.cos(2 * meanLongitude) -
    0.5 * y * y * Math.sin(4 * meanLongitude) -
    1.25 * eccentricity * eccentricity * Math.sin(2 * meanAnomaly);
  return {
    declination: Math.asin(Math.sin(obliquity) * Math.sin(apparentLongitude)),
    // The Earth turns one degree in four minutes.
    equationOfTimeMinutes: 4 * degrees(equationOfTime),
    distanceAu:
      (1.000001018 * (1 - eccentricity * eccentricity)) /
      (1 + eccentricity * Math.cos(meanAnomaly + centre)),
  };
}

function requirePlace({ latitudeDegrees, longitudeDegrees }: Place): void {
  if (!(Math.abs(latitudeDegrees) <= 90)) {
    throw new RangeError(`latitude ${latitudeDegrees}° is not on Earth: give -90 to 90`);
  }
  if (!(Math.abs(longitudeDegrees) <= 180)) {
    throw new RangeError(`longitude ${longitudeDegrees}° is not on Earth: give -180 to 180`);
  }
}

function radians(angle: number): number {
  return (angle * Math.PI) / 180;
}

function degrees(angle: number): number {
  return (angle * 180) / Math.PI;
}

function wrap(value: number, period: number): number {
  return value - period * Math.floor(value / period);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
