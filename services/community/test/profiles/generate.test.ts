import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { clearSky, clearSkyUnder, sunPosition } from "../../../../sdk/src/sun.ts";
import { cloudIndex } from "../../src/profiles/clouds.ts";
import {
  type CommunityOptions,
  generateCommunity,
  USUAL_PLACE,
} from "../../src/profiles/generate.ts";
import { createHomes } from "../../src/profiles/homes.ts";
import { seededRandom } from "../../src/profiles/random.ts";
import { roofWatts } from "../../src/profiles/roof.ts";
import type { CommunitySeries } from "../../src/profiles/series.ts";

const KASSEL = {
  latitudeDegrees: USUAL_PLACE.latitudeTenths / 10,
  longitudeDegrees: USUAL_PLACE.longitudeTenths / 10,
};

const sum = (wh: readonly bigint[]): bigint => wh.reduce((all, one) => all + one, 0n);
const kWh = (wh: readonly bigint[]): number => Number(sum(wh)) / 1000;
const bytes = (series: CommunitySeries): string =>
  JSON.stringify(series, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));

const options = fc.record({
  seed: fc.nat(),
  from: fc.constantFrom("2024-02-29", "2025-06-21", "2025-12-24"),
  days: fc.integer({ min: 1, max: 2 }),
  households: fc.integer({ min: 2, max: 6 }),
  slotMinutes: fc.constantFrom(5, 15, 30, 60),
  place: fc.record({
    latitudeTenths: fc.integer({ min: -900, max: 900 }),
    longitudeTenths: fc.integer({ min: -1800, max: 1800 }),
  }),
});

describe("a generated community", () => {
  const week = generateCommunity({ seed: 1, from: "2025-06-16", days: 7 });

  it("is the same for the same seed, to the byte, and another for another", () => {
    const again = generateCommunity({ seed: 1, from: "2025-06-16", days: 7 });
    expect(bytes(again)).to.equal(bytes(week));
    const other = generateCommunity({ seed: 2, from: "2025-06-16", days: 7 });
    expect(bytes(other)).not.to.equal(bytes(week));
  });

  it("has Jane as first prosumer, the Shelter as consumer, and no name twice", () => {
    const [jane, ...others] = week.households;
    expect(jane?.name).to.equal("Jane");
    expect(jane?.capacityW).to.be.above(0);
    expect(others.at(-1)?.name).to.equal("Shelter");
    expect(others.at(-1)?.capacityW).to.equal(0);
    expect(week.households).to.have.length.within(12, 16);
    const names = generateCommunity({ seed: 1, from: "2025-06-16", days: 1, households: 60 });
    expect(new Set(names.households.map(({ name }) => name)).size).to.equal(60);
  });

  it("numbers its slots from 1970 in UTC, one entry for each", () => {
    expect(week.firstSlot).to.equal(Date.UTC(2025, 5, 16) / 900_000);
    expect(week.slots).to.equal(7 * 96);
    for (const { loadWh, producedWh, exportedWh, importedWh } of week.households) {
      for (const wh of [loadWh, producedWh, exportedWh, importedWh]) {
        expect(wh).to.have.length(week.slots);
      }
    }
  });

  it("balances every slot, never below zero nor above what the roof and the sky can give", () => {
    fc.assert(
      fc.property(options, (chosen: CommunityOptions) => {
        const series = generateCommunity(chosen);
        for (const home of series.households) {
          const most = BigInt(Math.floor((home.capacityW * series.slotSeconds) / 3600));
          for (let slot = 0; slot < series.slots; slot++) {
            const load = home.loadWh[slot] ?? -1n;
            const produced = home.producedWh[slot] ?? -1n;
            const exported = home.exportedWh[slot] ?? -1n;
            const imported = home.importedWh[slot] ?? -1n;
            const least = [load, produced, exported, imported].reduce((a, b) => (a < b ? a : b));
            expect(least >= 0n && produced <= most).to.equal(true);
            expect(load + exported).to.equal(produced + imported);
            expect(exported * imported).to.equal(0n);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it("uses and produces the same at every slot length", () => {
    fc.assert(
      fc.property(options, fc.constantFrom(5, 15, 30), (chosen, slotMinutes) => {
        const hourly = generateCommunity({ ...chosen, slotMinutes: 60 });
        const finer = generateCommunity({ ...chosen, slotMinutes });
        const perHour = 60 / slotMinutes;
        const hours = (wh: readonly bigint[]) =>
          Array.from({ length: hourly.slots }, (_, hour) =>
            sum(wh.slice(hour * perHour, (hour + 1) * perHour)),
          );
        for (const [index, home] of hourly.households.entries()) {
          const same = finer.households[index];
          expect(hours(same?.loadWh ?? [])).to.deep.equal(home.loadWh);
          expect(hours(same?.producedWh ?? [])).to.deep.equal(home.producedWh);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("begins like a shorter run", () => {
    const day = generateCommunity({ seed: 1, from: "2025-06-16", days: 1 });
    for (const [index, home] of day.households.entries()) {
      expect(week.households[index]?.loadWh.slice(0, 96)).to.deep.equal(home.loadWh);
      expect(week.households[index]?.producedWh.slice(0, 96)).to.deep.equal(home.producedWh);
    }
  });

  it("produces nothing at night", () => {
    for (let slot = 0; slot < week.slots; slot++) {
      const start = (week.firstSlot + slot) * week.slotSeconds;
      const dark = [0, 450, 900].every(
        (second) => sunPosition(KASSEL, start + second).elevationDegrees < 0,
      );
      if (!dark) continue;
      expect(sum(week.households.map((home) => home.producedWh[slot] ?? -1n))).to.equal(0n);
    }
    expect(kWh(week.households[0]?.producedWh ?? [])).to.be.above(0);
  });

  it("never produces more than under a clear sky", () => {
    const roofs = createHomes(1, week.households.length).map((home) => home.roof);
    for (const [index, { producedWh }] of week.households.entries()) {
      const roof = roofs[index] ?? null;
      if (roof === null) continue;
      for (const [slot, wh] of producedWh.entries()) {
        const start = (week.firstSlot + slot) * week.slotSeconds;
        const clearWh = [150, 450, 750].reduce((all, second) => {
          const moment = start + second;
          return all + roofWatts(roof, clearSky(KASSEL, moment), sunPosition(KASSEL, moment)) / 12;
        }, 0);
        // A slot's dial may carry over less than one Wh from the slot before.
        expect(Number(wh)).to.be.below(clearWh + 1);
      }
    }
  });

  it("has homes that differ not only in size", () => {
    const [, , , , , , , , one, another] = week.households;
    const ratios = (one?.loadWh ?? []).map(
      (wh, slot) => Number(wh) / Number((another?.loadWh[slot] ?? 0n) + 1n),
    );
    expect(Math.max(...ratios) / Math.min(...ratios)).to.be.above(5);
  });

  it("uses what each home uses in a year, most of it in the evening by the local clock", () => {
    const year = generateCommunity({ seed: 1, from: "2025-01-01", days: 365, slotMinutes: 60 });
    for (const [index, home] of createHomes(1, 14).entries()) {
      expect(kWh(year.households[index]?.loadWh ?? [])).to.be.closeTo(
        home.annualKwh,
        home.annualKwh * 0.04,
      );
    }
    const perHour = Array.from({ length: 24 }, (_, hour) =>
      kWh(year.households.flatMap(({ loadWh }) => loadWh.filter((_, slot) => slot % 24 === hour))),
    );
    // H0 peaks at 19:00 on the clock, which at 9.5° east is an hour ahead of UTC.
    expect(perHour.indexOf(Math.max(...perHour))).to.equal(18);
  });

  it("yields 850 to 1,150 kWh a year from a kW on a south roof", () => {
    const roof = { peakW: 1000, tiltDegrees: 35, azimuthDegrees: 180 };
    const start = Date.UTC(2025, 0, 1) / 1000;
    const middles = Array.from({ length: 365 * 288 }, (_, tick) => start + tick * 300 + 150);
    const clearWatts = middles.map((moment) => {
      const sun = sunPosition(KASSEL, moment);
      return roofWatts(roof, clearSkyUnder(sun, moment), sun);
    });
    for (const seed of [1, 2, 3, 4, 5]) {
      const index = cloudIndex(seededRandom(seed, 0));
      const yieldKwh = clearWatts.reduce((all, watts) => all + (index() * watts) / 12_000, 0);
      expect(yieldKwh, `seed ${seed}`).to.be.within(850, 1150);
    }
  });

  it("refuses options out of range, saying which and what to give", () => {
    const usual = { seed: 1, from: "2025-06-21", days: 1 };
    const refusal = (wrong: Partial<CommunityOptions>) => () =>
      generateCommunity({ ...usual, ...wrong });
    expect(refusal({ seed: -1 })).to.throw(RangeError, "seed -1");
    expect(refusal({ from: "2025-02-29" })).to.throw(RangeError, '"2025-02-29" is not a day');
    expect(refusal({ days: 0 })).to.throw(RangeError, "0 days");
    expect(refusal({ days: 1.5 })).to.throw(RangeError, "1.5 days");
    expect(refusal({ households: 1 })).to.throw(RangeError, "1 homes");
    expect(refusal({ slotMinutes: 10 })).to.throw(RangeError, "10 min");
    const north = { latitudeTenths: 901, longitudeTenths: 0 };
    expect(refusal({ place: north })).to.throw(RangeError, "latitude 90.1°");
    const fraction = { latitudeTenths: 1.5, longitudeTenths: 0 };
    expect(refusal({ place: fraction })).to.throw(RangeError, "place 1.5, 0");
  });
});
