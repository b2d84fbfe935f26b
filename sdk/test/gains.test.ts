import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  addGains,
  gainsByHour,
  type MadeTrade,
  NO_GAINS,
  partsOfTrade,
  slotsOfTrade,
  tariffInForce,
} from "../src/gains.ts";

const FEED_IN = 80_000n;
const RETAIL = 320_000n;
const QUARTER = 900;

/** A trade slot by slot, at tariffs that never change. */
function partsOf(trade: MadeTrade) {
  const prices = slotsOfTrade(trade).map(() => ({ feedIn: FEED_IN, retail: RETAIL }));
  return partsOfTrade(trade, prices, prices);
}

describe("The sums of trades", () => {
  it("are computed for both sides, hour by hour of delivery", () => {
    // 1 kWh at 17 cents in the last quarter of an hour and 1 kWh in the first of the next; 3 % are lost on the way.
    const sentWh = new Map([
      [7, 1_000n],
      [8, 1_000n],
    ]);
    const arrivedWh = new Map([
      [7, 970n],
      [8, 970n],
    ]);
    const parts = partsOf({ sentWh, arrivedWh, cost: 340_000n, charge: 20_000n });
    const [first, second, ...others] = gainsByHour(parts, QUARTER, false);
    expect(others).to.deep.equal([]);
    expect(first).to.deep.equal({
      hour: 3_600,
      seller: {
        ...NO_GAINS,
        soldWh: 1_000n,
        received: 160_000n,
        feedInValue: 80_000n,
        earned: 80_000n,
      },
      buyer: {
        ...NO_GAINS,
        boughtWh: 970n,
        paid: 170_000n,
        retailCost: 310_400n,
        saved: 140_400n,
      },
    });
    expect(second).to.deep.equal({ ...first, hour: 7_200 });
    const [atGrid] = gainsByHour(parts, QUARTER, true);
    expect(atGrid?.seller).to.deep.equal({ ...first?.seller, toGridWh: 1_000n });
  });

  it("follow the price of each slot in a batch", () => {
    const energyWh = new Map([
      [0, 100n],
      [4, 100n],
    ]);
    const prices = new Map([
      [0, 100_000n],
      [4, 300_000n],
    ]);
    const trade = { sentWh: energyWh, arrivedWh: energyWh, cost: 40_000n, charge: 0n, prices };
    expect(
      gainsByHour(partsOf(trade), QUARTER, false).map(({ buyer }) => buyer.paid),
    ).to.deep.equal([10_000n, 30_000n]);
  });

  it("put a forfeited bond into the hours that were short, also when nothing was delivered", () => {
    const reservedWh = new Map([
      [3, 100n],
      [4, 100n],
    ]);
    const short = { cost: 0n, charge: 0n, reservedWh, forfeited: 6_000n };
    const came = new Map([[3, 100n]]);
    const [, second] = gainsByHour(
      partsOf({ ...short, sentWh: came, arrivedWh: came }),
      QUARTER,
      false,
    );
    expect(second?.seller).to.include({ soldWh: 0n, bondPaid: 6_000n, earned: -6_000n });
    expect(second?.buyer).to.include({ boughtWh: 0n, bondReceived: 6_000n, saved: 6_000n });
    const nothing = partsOf({ ...short, sentWh: new Map(), arrivedWh: new Map() });
    expect(nothing.map(({ bond }) => bond)).to.deep.equal([3_000n, 3_000n]);
  });

  it("lose no unit over slots and hours", () => {
    const wh = fc.bigInt({ min: 0n, max: 5_000n });
    const money = fc.bigInt({ min: 0n, max: 10_000_000n });
    const energy = fc.array(fc.tuple(fc.nat(400), wh), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(energy, money, money, money, (slots, received, charge, forfeited) => {
        const energyWh = new Map(slots);
        const trade = { sentWh: energyWh, arrivedWh: energyWh, cost: received + charge, charge };
        const parts = partsOf({ ...trade, forfeited });
        const hours = gainsByHour(parts, QUARTER, false);
        const both = hours.map(({ seller, buyer }) => addGains(seller, buyer));
        const all = both.reduce(addGains, NO_GAINS);
        const traded = [...energyWh.values()].reduce((sum, one) => sum + one, 0n);
        expect(all.received).to.equal(received);
        expect(all.paid).to.equal(received + charge);
        expect(all.soldWh).to.equal(traded);
        expect(all.bondPaid).to.equal(forfeited);
        expect(all.feedInValue).to.equal((traded * FEED_IN) / 1_000n);
        expect(all.earned).to.equal(received - all.feedInValue - forfeited);
        expect(all.saved).to.equal(all.retailCost - all.paid + forfeited);
      }),
    );
  });

  it("are compared with the tariffs in force when a slot ended", () => {
    const steps = [100, 200].map((since) => ({ since }));
    const at = (end: number) => tariffInForce(steps, end)?.since;
    expect([50, 100, 101, 200, 201].map(at)).to.deep.equal([100, 100, 100, 100, 200]);
  });
});
