import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { Level } from "../src/deals/schedule.ts";
import {
  addGains,
  gainsByHour,
  type LevelOf,
  type MadeTrade,
  NO_GAINS,
  partsOfTrade,
} from "../src/gains.ts";

const LEVEL: Level = {
  pricePerKwh: 200_000n,
  feePerKwh: 10_000n,
  capPerKwh: 0n,
  feedInPerKwh: 80_000n,
  retailPerKwh: 320_000n,
};
const QUARTER = 900;

/** A trade slot by slot, at prices that never change unless told otherwise. */
const partsOf = (trade: Partial<MadeTrade>, levelOf: LevelOf = () => LEVEL) =>
  partsOfTrade(
    {
      ...{ from: 1, to: 1, isForward: false, counted: "sent" },
      ...{ sentWh: new Map(), arrivedWh: new Map(), costMillis: 0n, chargeMillis: 0n },
      ...trade,
    },
    levelOf,
    levelOf,
  );

const sumOf = (amounts: readonly bigint[]) => amounts.reduce((sum, one) => sum + one, 0n);

describe("The sums of trades", () => {
  it("are computed for both sides, hour by hour of delivery", () => {
    // 1 kWh at 16 cents and a charge of 1 in the last quarter of an hour, and 1 kWh in the first of the next; 3 % are lost.
    const sentWh = new Map([
      [7, 1_000n],
      [8, 1_000n],
    ]);
    const arrivedWh = new Map([
      [7, 970n],
      [8, 970n],
    ]);
    const parts = partsOf({
      to: 2,
      sentWh,
      arrivedWh,
      costMillis: 340_000_000n,
      chargeMillis: 20_000_000n,
    });
    const [first, second, ...others] = gainsByHour(parts, QUARTER, false);
    expect(others).to.deep.equal([]);
    expect(first).to.deep.equal({
      hour: 3_600,
      seller: {
        ...NO_GAINS,
        soldWh: 1_000n,
        receivedMillis: 160_000_000n,
        feedInValueMillis: 80_000_000n,
        earnedMillis: 80_000_000n,
      },
      buyer: {
        ...NO_GAINS,
        boughtWh: 970n,
        paidMillis: 170_000_000n,
        retailCostMillis: 310_400_000n,
        savedMillis: 140_400_000n,
      },
    });
    expect(second).to.deep.equal({ ...first, hour: 7_200 });
    const [atGrid] = gainsByHour(parts, QUARTER, true);
    expect(atGrid?.seller).to.deep.equal({ ...first?.seller, toGridWh: 1_000n });
  });

  it("follow the price, the fee and the tariffs of each slot", () => {
    const energyWh = new Map([
      [0, 100n],
      [4, 100n],
    ]);
    const levelOf: LevelOf = (slot) =>
      slot < 4 ? LEVEL : { ...LEVEL, pricePerKwh: 300_000n, feePerKwh: 0n, retailPerKwh: 500_000n };
    const shared = { sentWh: energyWh, arrivedWh: energyWh, chargeMillis: 1_000_000n };
    const sides = (trade: Partial<MadeTrade>) =>
      partsOf({ ...shared, ...trade }, levelOf).map(({ paidMillis, receivedMillis }) => [
        paidMillis,
        receivedMillis,
      ]);
    // Two limits, at the community prices.
    expect(sides({ counted: undefined, costMillis: 50_000_000n })).to.deep.equal([
      [20_000_000n, 19_000_000n],
      [30_000_000n, 30_000_000n],
    ]);
    // A posted offer at 150,000: the fee of the first hour on top.
    expect(sides({ counted: "sent", costMillis: 31_000_000n })).to.deep.equal([
      [16_000_000n, 15_000_000n],
      [15_000_000n, 15_000_000n],
    ]);
    // A posted bid at 250,000: the fee of the first hour out of it.
    expect(sides({ counted: "arrived", costMillis: 50_000_000n })).to.deep.equal([
      [25_000_000n, 24_000_000n],
      [25_000_000n, 25_000_000n],
    ]);
    const retail = partsOf({ ...shared, costMillis: 50_000_000n }, levelOf);
    expect(retail.map(({ retailCostMillis }) => retailCostMillis)).to.deep.equal([
      32_000_000n,
      50_000_000n,
    ]);
  });

  it("put a forfeited bond into the hours that were short, also when nothing was delivered", () => {
    const reservedWh = new Map([
      [3, 100n],
      [4, 100n],
    ]);
    const short = { isForward: true, reservedWh, forfeitedMillis: 6_000n };
    const came = new Map([[3, 100n]]);
    const parts = partsOf({ ...short, sentWh: came, arrivedWh: came });
    const [, second] = gainsByHour(parts, QUARTER, false);
    expect(second?.seller).to.include({
      soldWh: 0n,
      bondPaidMillis: 6_000n,
      earnedMillis: -6_000n,
    });
    expect(second?.buyer).to.include({
      boughtWh: 0n,
      bondReceivedMillis: 6_000n,
      savedMillis: 6_000n,
    });
    const nothing = partsOf(short);
    expect(nothing.map(({ bondMillis }) => bondMillis)).to.deep.equal([3_000n, 3_000n]);
  });

  it("charge a seller for a line that was held in vain", () => {
    const reservedWh = new Map([[3, 100n]]);
    const [part] = partsOf({ to: 2, isForward: true, reservedWh, chargeMillis: 500n });
    expect(part).to.include({ paidMillis: 0n, receivedMillis: -500n });
  });

  it("lose no thousandth over slots and hours", () => {
    const wh = fc.bigInt({ min: 0n, max: 5_000n });
    const money = fc.bigInt({ min: 0n, max: 10_000_000n });
    const energy = fc.array(fc.tuple(fc.nat(400), wh), { minLength: 1, maxLength: 40 });
    const kind = fc.record({
      isForward: fc.boolean(),
      to: fc.constantFrom(1, 2),
      counted: fc.constantFrom("sent" as const, "arrived" as const, undefined),
    });
    fc.assert(
      fc.property(energy, money, money, money, kind, (slots, received, charge, bond, of) => {
        const energyWh = new Map(slots);
        const parts = partsOf({
          ...of,
          ...{ sentWh: energyWh, arrivedWh: energyWh, forfeitedMillis: bond },
          ...{ costMillis: received + charge, chargeMillis: charge },
        });
        const hours = gainsByHour(parts, QUARTER, false);
        const both = hours.map(({ seller, buyer }) => addGains(seller, buyer));
        const all = both.reduce(addGains, NO_GAINS);
        const traded = sumOf([...energyWh.values()]);
        expect(all.receivedMillis).to.equal(received);
        expect(all.paidMillis).to.equal(received + charge);
        expect(all.soldWh).to.equal(traded);
        expect(all.bondPaidMillis).to.equal(bond);
        expect(all.feedInValueMillis).to.equal(traded * LEVEL.feedInPerKwh);
        expect(all.earnedMillis).to.equal(received - all.feedInValueMillis - bond);
        expect(all.savedMillis).to.equal(all.retailCostMillis - all.paidMillis + bond);
      }),
    );
  });
});
