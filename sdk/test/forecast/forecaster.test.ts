import { Forecaster, type MeteredSlot, type SlotForecast } from "@wattline/sdk/forecast";
import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";

const HOUR = 3600;
const PER_DAY = 24;

/** What a home counts in a slot. */
type Home = (slot: number) => { exportedWh: bigint; importedWh: bigint };

/** The sun over a roof from 6 to 18 h, dimmed by the day's clouds, and a load that is the same every day. */
const roof =
  (cloudOf: (day: number) => number = () => 1): Home =>
  (slot) => {
    const [day, hour] = [Math.floor(slot / PER_DAY), slot % PER_DAY];
    const sun = Math.max(0, Math.sin(((hour - 6) / 12) * Math.PI));
    const net = 400 - Math.round(6000 * sun * cloudOf(day));
    return { exportedWh: BigInt(Math.max(0, -net)), importedWh: BigInt(Math.max(0, net)) };
  };

/** Clouds that say nothing about the next day. */
const cloudy = (day: number): number =>
  0.2 + 0.8 * (((day * day * 7919 + day * 104_729) % 1009) / 1009);

function learn(home: Home, slots: number, isKnown: (slot: number) => boolean = () => true) {
  const forecaster = new Forecaster(HOUR);
  for (let slot = 0; slot < slots; slot++) {
    if (isKnown(slot)) forecaster.add({ slot, ...home(slot) });
  }
  return forecaster;
}

const dayFrom = (firstSlot: number) => ({ firstSlot, lastSlot: firstSlot + PER_DAY - 1 });
const exportOf = (forecast: readonly SlotForecast[]) => forecast.map(({ exportWh }) => exportWh);
const actual = (home: Home, firstSlot: number) =>
  Array.from({ length: PER_DAY }, (_, i) => home(firstSlot + i).exportedWh);

function errorOf(forecast: readonly SlotForecast[], home: Home): number {
  return forecast.reduce((sum, { slot, exportWh, importWh }) => {
    const is = home(slot);
    return sum + Math.abs(Number(exportWh - importWh - (is.exportedWh - is.importedWh)));
  }, 0);
}

describe("A forecast of a home", () => {
  it("of days that are all alike becomes exact, and sure of it once four weeks of that were judged", () => {
    const home = roof();
    const [second, later] = [PER_DAY, 45 * PER_DAY];
    const noon = 12;
    const early = learn(home, second).forecast(dayFrom(second), 0.8);
    expect(Number(early[noon]?.exportWh)).to.be.closeTo(Number(home(noon).exportedWh), 100);
    const forecast = learn(home, later).forecast(dayFrom(later), 0.8);
    expect(exportOf(forecast)).to.deep.equal(actual(home, later));
    expect(forecast.map(({ sureExportWh }) => sureExportWh)).to.deep.equal(actual(home, later));
  });

  it("knows nothing before anything was metered, and is sure of nothing before it was judged", () => {
    expect(learn(roof(), 0).forecast(dayFrom(0), 0.8)).to.deep.equal([]);
    const forecast = learn(roof(), PER_DAY).forecast(dayFrom(PER_DAY), 0.8);
    expect(forecast.every(({ sureExportWh }) => sureExportWh === 0n)).to.equal(true);
  });

  it("is sure of nothing more than two days after the last that was metered", () => {
    const [now, noon] = [45 * PER_DAY, 12];
    const forecaster = learn(roof(), now);
    const [tomorrow, later] = [noon + PER_DAY, noon + 2 * PER_DAY].map(
      (ahead) => forecaster.forecast({ firstSlot: now + ahead, lastSlot: now + ahead }, 0.8)[0],
    );
    expect(tomorrow?.sureExportWh).to.equal(5600n);
    expect(later).to.include({ exportWh: 5600n, sureExportWh: 0n });
  });

  it("takes missing slots and days as they are", () => {
    const home = roof();
    const now = 20 * PER_DAY;
    const forecaster = learn(home, now, (slot) => {
      const day = Math.floor(slot / PER_DAY);
      return day !== 12 && day !== 19 && slot % 7 !== 3;
    });
    expect(exportOf(forecaster.forecast(dayFrom(now), 0.8))).to.deep.equal(actual(home, now));
    expect(
      forecaster.forecast({ firstSlot: now + PER_DAY, lastSlot: now + PER_DAY + 30 }, 0.8),
    ).to.have.length(31);
  });

  it("is nearer than the day before where clouds come and go", () => {
    const home = roof(cloudy);
    let [blended, persistence] = [0, 0];
    const forecaster = learn(home, 21 * PER_DAY);
    for (let day = 21; day < 43; day++) {
      const first = day * PER_DAY;
      blended += errorOf(forecaster.forecast(dayFrom(first), 0.8), home);
      for (let slot = first; slot < first + PER_DAY; slot++) {
        const before = home(slot - PER_DAY);
        persistence += errorOf([{ ...sureless(slot), ...wordsOf(before) }], home);
        forecaster.add({ slot, ...home(slot) });
      }
    }
    expect(blended).to.be.below(0.85 * persistence);
    const { exported } = forecaster.error;
    expect(exported.meanWh).to.be.above(0).and.below(exported.persistenceWh);
    expect(exported.slots).to.equal(28 * PER_DAY);
  });

  it("has the error of forecasts that were made a day ahead, from what was known then", () => {
    const home = roof(cloudy);
    const forecaster = new Forecaster(HOUR);
    const forecasts = new Map<number, bigint>();
    const wrongWh: number[] = [];
    for (let slot = 0; slot < 60 * PER_DAY; slot++) {
      const is = home(slot);
      const was = forecasts.get(slot);
      if (was !== undefined) wrongWh.push(Math.abs(Number(is.exportedWh - was)));
      forecaster.add({ slot, ...is });
      const ahead = slot + PER_DAY;
      const [only] = forecaster.forecast({ firstSlot: ahead, lastSlot: ahead }, 0.8);
      if (only !== undefined) forecasts.set(ahead, only.exportWh);
    }
    const judged = wrongWh.slice(-28 * PER_DAY);
    const meanWh = judged.reduce((sum, each) => sum + each, 0) / judged.length;
    expect(forecaster.error.exported.meanWh).to.be.closeTo(meanWh, 1);
  });

  it("is sure of what comes about as often as asked", () => {
    const home = roof(cloudy);
    const forecaster = learn(home, 28 * PER_DAY);
    let [sure, kept] = [0, 0];
    for (let slot = 28 * PER_DAY; slot < 88 * PER_DAY; slot += PER_DAY) {
      for (const each of forecaster.forecast(dayFrom(slot), 0.8)) {
        if (each.sureExportWh === 0n) continue;
        sure++;
        if (home(each.slot).exportedWh >= each.sureExportWh) kept++;
      }
      for (let each = slot; each < slot + PER_DAY; each++) {
        forecaster.add({ slot: each, ...home(each) });
      }
    }
    expect(sure).to.be.above(400);
    expect(kept / sure).to.be.within(0.7, 0.9);
  });

  it("follows the last hours for the next ones, and less for later ones", () => {
    const noon = 15 * PER_DAY + 12;
    const home = roof((day) => (day < 15 ? 1 : 0.3));
    const usual = roof();
    const forecaster = learn(home, noon);
    const share = (slot: number): number => {
      const [only] = forecaster.forecast({ firstSlot: slot, lastSlot: slot }, 0.8);
      return Number(only?.exportWh) / Number(usual(slot).exportedWh);
    };
    expect(share(noon)).to.be.below(0.85);
    expect(share(noon)).to.be.below(share(noon + 3) - 0.01);
  });

  it("refuses slots that come twice or out of order, and slots that are no part of an hour", () => {
    const forecaster = learn(roof(), 5);
    expect(() => forecaster.add({ slot: 3, exportedWh: 0n, importedWh: 0n })).to.throw(
      RangeError,
      "Slot 3 is refused",
    );
    expect(() => new Forecaster(700)).to.throw(RangeError, "700");
  });

  it("is never negative, never surer than its own figure, and the same for the same past", () => {
    const wh = fc.nat(3000).map(BigInt);
    const slots = fc.array(fc.record({ exportedWh: wh, importedWh: wh, gap: fc.nat(3) }), {
      minLength: 30,
      maxLength: 120,
    });
    void fc.assert(
      fc.property(slots, fc.integer({ min: 1, max: 9 }), (metered, tenths) => {
        const run = () => {
          const forecaster = new Forecaster(3600);
          let slot = 1000;
          for (const { gap, ...energy } of metered) {
            slot += 1 + gap;
            forecaster.add({ slot, ...energy } satisfies MeteredSlot);
          }
          return forecaster.forecast({ firstSlot: slot - 5, lastSlot: slot + 48 }, tenths / 10);
        };
        const forecast = run();
        for (const { slot, exportWh, importWh, sureExportWh, sureImportWh } of forecast) {
          expect(slot).to.be.above(1000);
          expect(sureExportWh >= 0n && sureExportWh <= exportWh).to.equal(true);
          expect(sureImportWh >= 0n && sureImportWh <= importWh).to.equal(true);
        }
        expect(run()).to.deep.equal(forecast);
      }),
      { numRuns: 30 },
    );
  });
});

const sureless = (slot: number) => ({ slot, sureExportWh: 0n, sureImportWh: 0n });
const wordsOf = ({ exportedWh, importedWh }: { exportedWh: bigint; importedWh: bigint }) => ({
  exportWh: exportedWh,
  importWh: importedWh,
});
