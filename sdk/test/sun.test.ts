import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  clearSky,
  diffuseFraction,
  equationOfTimeMinutes,
  extraterrestrialIrradiance,
  irradianceOnTilt,
  SOLAR_CONSTANT,
  sunPosition,
} from "../src/sun.ts";

const GREENWICH = { latitudeDegrees: 51.4779, longitudeDegrees: 0 };
const BERLIN = { latitudeDegrees: 52.52, longitudeDegrees: 13.405 };
/** The elevation of the sun's centre at sunrise and sunset: refraction 34′ and half a disc 16′. */
const HORIZON = -0.833;

const utc = (moment: string): number => Date.parse(`${moment}:00Z`) / 1000;

const places = fc.record({
  latitudeDegrees: fc.double({ min: -90, max: 90, noNaN: true }),
  longitudeDegrees: fc.double({ min: -180, max: 180, noNaN: true }),
});
const times = fc.integer({ min: utc("1980-01-01T00:00"), max: utc("2080-01-01T00:00") });

describe("the sun", () => {
  it("stands at 90° − latitude + declination at noon", () => {
    const noon = (place: typeof GREENWICH, day: string) => {
      const moment = utc(`${day}T12:00`);
      const late = 60 * (equationOfTimeMinutes(moment) + 4 * place.longitudeDegrees);
      return sunPosition(place, moment - late);
    };
    const { elevationDegrees: june, azimuthDegrees } = noon(GREENWICH, "2025-06-21");
    expect(june).to.be.closeTo(90 - 51.4779 + 23.44, 0.01);
    expect(azimuthDegrees).to.be.closeTo(180, 0.05);
    expect(noon(GREENWICH, "2025-12-21").elevationDegrees).to.be.closeTo(
      90 - 51.4779 - 23.44,
      0.01,
    );
    expect(noon(BERLIN, "2025-06-21").elevationDegrees).to.be.closeTo(90 - 52.52 + 23.44, 0.01);
    // The equinox of 2025 was on 20 March at 09:01 UTC; three hours later the sun is 0.05° north.
    expect(noon(GREENWICH, "2025-03-20").elevationDegrees).to.be.closeTo(90 - 51.4779 + 0.05, 0.01);
  });

  it("stands overhead at the equator at the equinox, and at the pole on the horizon", () => {
    const equinox = utc("2025-03-20T09:01");
    const noonward = { latitudeDegrees: 0, longitudeDegrees: 44.75 + 1.86 };
    expect(sunPosition(noonward, equinox).elevationDegrees).to.be.above(89.8);
    const pole = { latitudeDegrees: 90, longitudeDegrees: 0 };
    expect(sunPosition(pole, equinox).elevationDegrees).to.be.closeTo(0, 0.01);
  });

  it("rises and sets when the almanac says", () => {
    const heightAt = (place: typeof BERLIN, moment: string) =>
      sunPosition(place, utc(moment)).elevationDegrees;
    // Half a minute of rounding moves the sun by less than 0.1° at these latitudes.
    expect(heightAt(GREENWICH, "2025-06-21T03:43")).to.be.closeTo(HORIZON, 0.1);
    expect(heightAt(GREENWICH, "2025-06-21T20:21")).to.be.closeTo(HORIZON, 0.1);
    expect(heightAt(BERLIN, "2025-12-21T07:15")).to.be.closeTo(HORIZON, 0.1);
    expect(heightAt(BERLIN, "2025-12-21T14:54")).to.be.closeTo(HORIZON, 0.1);
  });

  it("rises in the east and sets in the west", () => {
    expect(sunPosition(GREENWICH, utc("2025-03-20T06:07")).azimuthDegrees).to.be.closeTo(90, 1);
    expect(sunPosition(GREENWICH, utc("2025-03-20T18:07")).azimuthDegrees).to.be.closeTo(270, 1);
  });

  it("runs ahead of the clock by 16.5 min in early November and behind by 14.2 in February", () => {
    const days = Array.from({ length: 365 }, (_, day) => utc("2025-01-01T12:00") + day * 86_400);
    const minutes = days.map(equationOfTimeMinutes);
    expect(Math.max(...minutes)).to.be.closeTo(16.48, 0.05);
    expect(Math.min(...minutes)).to.be.closeTo(-14.23, 0.05);
    expect(minutes.indexOf(Math.max(...minutes))).to.be.within(304, 307);
    expect(minutes.indexOf(Math.min(...minutes))).to.be.within(39, 42);
  });

  it("is a thirtieth closer, and so brighter by a fifteenth, in January than in July", () => {
    const perihelion = extraterrestrialIrradiance(utc("2025-01-04T13:28"));
    const aphelion = extraterrestrialIrradiance(utc("2025-07-03T19:55"));
    // 147.104 and 152.088 million km; the formulas leave out the pull of Moon and planets.
    expect(perihelion / SOLAR_CONSTANT).to.be.closeTo(1 / 0.98333 ** 2, 3e-4);
    expect(aphelion / SOLAR_CONSTANT).to.be.closeTo(1 / 1.01664 ** 2, 3e-4);
  });

  it("refuses an invalid place or time", () => {
    const now = utc("2025-01-01T00:00");
    expect(() => sunPosition({ latitudeDegrees: 91, longitudeDegrees: 0 }, now)).to.throw(
      RangeError,
      "91°",
    );
    expect(() => clearSky({ latitudeDegrees: 0, longitudeDegrees: Number.NaN }, now)).to.throw(
      RangeError,
      "NaN°",
    );
    expect(() => equationOfTimeMinutes(Number.POSITIVE_INFINITY)).to.throw(RangeError, "Infinity");
  });

  it("is somewhere in the sky everywhere and always", () => {
    fc.assert(
      fc.property(places, times, (place, time) => {
        const { elevationDegrees, azimuthDegrees } = sunPosition(place, time);
        expect(elevationDegrees).to.be.within(-90, 90);
        expect(azimuthDegrees).to.be.within(0, 360);
      }),
    );
  });
});

describe("a clear sky", () => {
  it("is dark at night", () => {
    expect(clearSky(BERLIN, utc("2025-06-21T00:00"))).to.deep.equal({
      globalHorizontal: 0,
      beamNormal: 0,
      diffuseHorizontal: 0,
    });
  });

  it("sends 1,035 W/m² from overhead, as Haurwitz says", () => {
    const overhead = clearSky(
      { latitudeDegrees: 0, longitudeDegrees: 46.61 },
      utc("2025-03-20T09:01"),
    );
    expect(overhead.globalHorizontal).to.be.closeTo(1098 * Math.exp(-0.059), 0.1);
  });

  it("never sends more than arrives above the air, and all of it as beam and diffuse", () => {
    fc.assert(
      fc.property(places, times, (place, time) => {
        const sky = clearSky(place, time);
        const sinElevation = Math.sin((sunPosition(place, time).elevationDegrees * Math.PI) / 180);
        const above = extraterrestrialIrradiance(time);
        expect(sky.beamNormal).to.be.within(0, above);
        expect(sky.diffuseHorizontal).to.be.at.least(0);
        expect(sky.globalHorizontal).to.be.at.most(Math.max(above * sinElevation, 0));
        expect(sky.beamNormal * sinElevation + sky.diffuseHorizontal).to.be.closeTo(
          sky.globalHorizontal,
          1e-9,
        );
      }),
    );
  });

  it("is split by a curve without steps, which falls from all diffuse to a sixth", () => {
    expect(diffuseFraction(0)).to.equal(1);
    expect(diffuseFraction(0.5)).to.be.closeTo(0.659, 0.001);
    expect(diffuseFraction(1)).to.equal(0.165);
    expect(diffuseFraction(0.22 + 1e-9)).to.be.closeTo(diffuseFraction(0.22), 0.002);
    expect(diffuseFraction(0.8 + 1e-9)).to.be.closeTo(diffuseFraction(0.8), 0.002);
  });
});

describe("a roof in the sun", () => {
  const sun = { elevationDegrees: 30, azimuthDegrees: 180 };
  const sky = { globalHorizontal: 500, beamNormal: 800, diffuseHorizontal: 100 };

  it("sees on the flat what falls on level ground", () => {
    const flat = { tiltDegrees: 0, azimuthDegrees: 77 };
    expect(irradianceOnTilt(sky, sun, flat)).to.be.closeTo(500, 1e-9);
  });

  it("sees the whole beam where it faces the sun, three quarters of the sky, and the ground", () => {
    const facing = { tiltDegrees: 60, azimuthDegrees: 180 };
    const expected = 800 + 100 * 0.75 + 500 * 0.2 * 0.25;
    expect(irradianceOnTilt(sky, sun, facing)).to.be.closeTo(expected, 1e-9);
    expect(irradianceOnTilt(sky, sun, facing, 0)).to.be.closeTo(875, 1e-9);
  });

  it("sees no beam from behind", () => {
    const northWall = { tiltDegrees: 90, azimuthDegrees: 0 };
    expect(irradianceOnTilt(sky, sun, northWall)).to.be.closeTo(100 * 0.5 + 500 * 0.2 * 0.5, 1e-9);
  });

  it("sees as much from the east in the morning as from the west in the afternoon", () => {
    const noon = utc("2025-06-21T12:00") - 60 * equationOfTimeMinutes(utc("2025-06-21T12:00"));
    const seen = (azimuthDegrees: number, moment: number) =>
      irradianceOnTilt(clearSky(GREENWICH, moment), sunPosition(GREENWICH, moment), {
        tiltDegrees: 35,
        azimuthDegrees,
      });
    expect(seen(90, noon - 14_400)).to.be.closeTo(seen(270, noon + 14_400), 0.5);
  });
});
