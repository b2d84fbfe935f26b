import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { clearCommunity, type LimitOrder } from "../../src/communityClearing/index.ts";
import {
  gainMillis,
  isWorthwhile,
  type StudiedHome,
  type StudyLevel,
  type StudyTerms,
  study,
} from "../../src/study/index.ts";

const LEVEL: StudyLevel = {
  pricePerKwh: 200_000n,
  feePerKwh: 10_000n,
  feedInPerKwh: 80_000n,
  retailPerKwh: 320_000n,
};
/** Noon of 30 January 2025, UTC: the month ends within two days. */
const NOON = Date.UTC(2025, 0, 30, 12) / 1000;
const termsOf = (levels: readonly StudyLevel[], slotSeconds = 3600): StudyTerms => {
  const firstSlot = NOON / slotSeconds;
  return {
    firstSlot,
    slotSeconds,
    timeZone: "Europe/Vienna",
    levelOf: (slot) => levels[slot - firstSlot] ?? LEVEL,
  };
};
const FLAT = termsOf([]);

const homeOf = (
  name: string,
  importedWh: readonly bigint[],
  exportedWh: readonly bigint[] = importedWh.map(() => 0n),
): StudiedHome => ({ name, importedWh, exportedWh });

const SLOTS = 5;
const energy = fc.array(fc.bigInt(0n, 60n), { minLength: SLOTS, maxLength: SLOTS });
const price = fc.bigInt(0n, 400_000n);
const level = fc.record({
  pricePerKwh: price,
  feePerKwh: fc.bigInt(0n, 50_000n),
  feedInPerKwh: price,
  retailPerKwh: price,
});
const community = fc
  .record({
    meters: fc.array(fc.tuple(energy, energy), { minLength: 1, maxLength: 7 }),
    levels: fc.array(level, { minLength: SLOTS, maxLength: SLOTS }),
  })
  .map(({ meters, levels }) => ({
    homes: meters.map(([drawn, fed], index) => homeOf(`home ${index}`, drawn, fed)),
    levels,
  }));

const sum = (values: readonly bigint[]): bigint => values.reduce((all, one) => all + one, 0n);

describe("A study of homes", () => {
  it("compares the bills with and without neighbours", () => {
    const [jane, ahmed] = study([homeOf("Jane", [0n], [1_000n]), homeOf("Ahmed", [600n])], FLAT);
    expect(jane?.total).to.deep.include({
      soldWh: 600n,
      receivedMillis: 600n * 190_000n,
      aloneMillis: -1_000n * 80_000n,
      togetherMillis: -600n * 190_000n - 400n * 80_000n,
      slotsTraded: 1,
    });
    expect(ahmed?.total).to.deep.include({
      boughtWh: 600n,
      paidMillis: 600n * 200_000n,
      aloneMillis: 600n * 320_000n,
      togetherMillis: 600n * 200_000n,
    });
  });

  it("gives several neighbours equal shares", () => {
    const homes = [
      homeOf("a", [0n], [90n]),
      homeOf("b", [20n]),
      homeOf("c", [50n]),
      homeOf("d", [70n]),
    ];
    expect(study(homes, FLAT).map(({ total }) => total.boughtWh)).to.deep.equal([
      0n,
      20n,
      35n,
      35n,
    ]);
  });

  it("trades nothing where one side would lose by it", () => {
    const homes = [homeOf("a", [0n], [90n]), homeOf("b", [20n])];
    for (const changes of [
      { pricePerKwh: 89_999n },
      { pricePerKwh: 320_001n },
      { retailPerKwh: 199_999n },
    ]) {
      const [seller] = study(homes, termsOf([{ ...LEVEL, ...changes }]));
      expect(seller?.total).to.deep.include({ soldWh: 0n, slotsTraded: 0 });
    }
  });

  it("parts the slots by the months of the time zone", () => {
    // 48 hours from 13:00 in Vienna: 35 of them are in January there, 36 in UTC.
    const home = homeOf("a", new Array<bigint>(48).fill(1n));
    const [found] = study([home], FLAT);
    expect(found?.months.map(({ month, importedWh }) => [month, importedWh])).to.deep.equal([
      ["2025-01", 35n],
      ["2025-02", 13n],
    ]);
  });

  it("makes nobody pay more, in any slot", () => {
    fc.assert(
      fc.property(community, ({ homes, levels }) => {
        for (let slot = 0; slot < SLOTS; slot++) {
          const alone = homes.map(({ name, importedWh, exportedWh }) =>
            homeOf(name, importedWh.slice(slot, slot + 1), exportedWh.slice(slot, slot + 1)),
          );
          for (const { total } of study(alone, termsOf(levels.slice(slot, slot + 1)))) {
            expect(gainMillis(total) >= 0n).to.equal(true);
          }
        }
      }),
    );
  });

  it("keeps energy and money: what is sold is bought, what is paid is received but for the fees", () => {
    fc.assert(
      fc.property(community, ({ homes, levels }) => {
        const found = study(homes, termsOf(levels)).map(({ total }) => total);
        expect(sum(found.map(({ soldWh }) => soldWh))).to.equal(
          sum(found.map(({ boughtWh }) => boughtWh)),
        );
        for (const each of found) {
          expect(each.boughtWh <= each.importedWh && each.soldWh <= each.exportedWh).to.equal(true);
        }
        const bySlot = levels.map((level, slot) => {
          const one = homes.map(({ name, importedWh, exportedWh }) =>
            homeOf(name, importedWh.slice(slot, slot + 1), exportedWh.slice(slot, slot + 1)),
          );
          return { level, totals: study(one, termsOf([level])).map(({ total }) => total) };
        });
        const fees = sum(
          bySlot.map(
            ({ level, totals }) => level.feePerKwh * sum(totals.map(({ soldWh }) => soldWh)),
          ),
        );
        expect(sum(found.map(({ paidMillis }) => paidMillis))).to.equal(
          sum(found.map(({ receivedMillis }) => receivedMillis)) + fees,
        );
        // What homes gain is what the utility no longer earns, less the fees.
        const lost = sum(
          bySlot.map(
            ({ level: { retailPerKwh, feedInPerKwh }, totals }) =>
              (retailPerKwh - feedInPerKwh) * sum(totals.map(({ soldWh }) => soldWh)),
          ),
        );
        expect(sum(found.map(gainMillis))).to.equal(lost - fees);
      }),
    );
  });

  it("trades what the clearing of the market would", () => {
    fc.assert(
      fc.property(community, ({ homes, levels }) => {
        const terms = termsOf(levels);
        const orders = homes.flatMap(({ name, importedWh, exportedWh }, home) =>
          levels.flatMap((level, index): (LimitOrder & { home: number })[] => {
            const slot = terms.firstSlot + index;
            const wh = (exportedWh[index] ?? 0n) - (importedWh[index] ?? 0n);
            // Where nobody would gain, the clearing would trade at the price that is everybody's.
            if (wh === 0n || !isWorthwhile(level)) return [];
            return [
              {
                home,
                maker: name,
                nonce: BigInt(index),
                side: wh > 0n ? "offer" : "bid",
                sources: ["Solar"],
                firstSlot: slot,
                lastSlot: slot,
                leftWh: wh > 0n ? wh : -wh,
                pricePerKwh: wh > 0n ? level.feedInPerKwh : level.retailPerKwh,
              },
            ];
          }),
        );
        const matches = clearCommunity({
          orders,
          slots: levels.map(({ pricePerKwh, feePerKwh }, index) => ({
            slot: terms.firstSlot + index,
            pricePerKwh,
            networkFeePerKwh: feePerKwh,
          })),
        });
        const traded = (home: number, side: "offer" | "bid") =>
          sum(
            matches
              .filter((match) => orders[match[side]]?.home === home)
              .flatMap(({ energyWh }) => [...energyWh.values()]),
          );
        for (const [home, { total }] of study(homes, terms).entries()) {
          expect([total.soldWh, total.boughtWh]).to.deep.equal([
            traded(home, "offer"),
            traded(home, "bid"),
          ]);
        }
      }),
    );
  });

  it("names homes that can't be studied", () => {
    const error = (homes: StudiedHome[]) => () => study(homes, FLAT);
    expect(error([])).to.throw(RangeError, "no slot");
    expect(error([homeOf("a", [1n]), homeOf("b", [1n, 2n])])).to.throw("b has 2 slots");
    expect(error([homeOf("a", [-1n])])).to.throw("a has -1 Wh");
    expect(error([homeOf("a", [1n]), homeOf("A", [1n])])).to.throw("two homes named a");
  });
});
