import {
  ANYONE,
  BID,
  FIRST_FIRM_NONCE,
  isFirm,
  isLimit,
  type Microgrid,
  type Order,
} from "@wattline/sdk";
import {
  type PlacedOrder,
  planTrades,
  SPOT_SECONDS,
  type TradingFacts,
  type TradingLimits,
} from "@wattline/sdk/trading";
import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { LEVEL, microgridWith } from "../support/microgrid.ts";

const QUARTER = 900;
const NOON = 1_782_043_200;
const NOW_SLOT = NOON / QUARTER;
const JANE = "0x00000000000000000000000000000000000000aa";
const METER = "0x00000000000000000000000000000000000000bb";
const SHELTER = "0x00000000000000000000000000000000000000cc";
const EURO = 1_000_000_000n;

const LIMITS: TradingLimits = {
  floorPerKwh: 100_000n,
  ceilingPerKwh: 250_000n,
  mostPerDayMillis: 5n * EURO,
  settler: ANYONE,
  spotSeconds: SPOT_SECONDS,
  forward: { bondPerKwh: 50_000n, hours: 24 },
};

const factsWith = (members: Partial<TradingFacts> = {}): TradingFacts => ({
  maker: JANE,
  meter: METER,
  microgrid: microgridWith(),
  nowSeconds: NOON,
  counter: 0n,
  nonce: 1000n,
  balanceMillis: 100n * EURO,
  allowanceMillis: 100n * EURO,
  metered: [],
  forecast: [],
  promisedWh: new Map(),
  heldWh: new Map(),
  placed: [],
  ...members,
});
const metered = (slot: number, exportedWh: bigint, importedWh: bigint) => ({
  slot: NOW_SLOT + slot,
  exportedWh,
  importedWh,
});
const forecast = (slot: number, sureExportWh: bigint, sureImportWh = 0n) => ({
  slot: NOW_SLOT + slot,
  exportWh: sureExportWh * 2n,
  importWh: sureImportWh * 2n,
  sureExportWh,
  sureImportWh,
});
const plan = (members: Partial<TradingFacts> = {}, limits: Partial<TradingLimits> = {}) =>
  planTrades(factsWith(members), { ...LIMITS, ...limits });
const placedOf = (
  orders: readonly { order: Order; purpose: PlacedOrder["purpose"] }[],
  filledWh = 0n,
): PlacedOrder[] => orders.map(({ order, purpose }) => ({ order, purpose, filledWh }));
const shown = (orders: ReturnType<typeof plan>["orders"]) =>
  orders.map(({ purpose, order: { firstSlot, energy } }) => [
    purpose,
    firstSlot - NOW_SLOT,
    energy,
  ]);

describe("A plan of a home's trades", () => {
  it("lets minted energy cross a tie line, limited to what it gets at home or at the middle of the line", () => {
    const facts = { metered: [metered(-2, 300n, 0n), metered(-1, 0n, 900n)] };
    const linePrices = { mostPaid: () => 220_000n, leastEarned: () => 150_000n };
    const terms = (
      members: Partial<TradingFacts>,
      limits: Partial<TradingLimits> = { mostPerDayMillis: 100_000_000n },
    ) =>
      plan({ ...facts, ...members }, limits).orders.map(
        ({ purpose, order: { crosses, price, energy } }) => [purpose, crosses, price, energy],
      );
    // A tenth of a euro is 500 Wh at the community price of 0.20, whatever the limit is.
    expect(terms({})).to.deep.equal([
      ["spot offer", false, 100_000n, 300],
      ["spot bid", false, 250_000n, 500],
    ]);
    expect(terms({ linePrices })).to.deep.equal([
      ["spot offer", true, 150_000n, 300],
      ["spot bid", true, 220_000n, 454],
    ]);
    const far = { mostPaid: () => 400_000n, leastEarned: () => 90_000n };
    expect(terms({ linePrices: far })).to.deep.equal([
      ["spot offer", true, 100_000n, 300],
      ["spot bid", true, 250_000n, 400],
    ]);
    // Nobody is worse off than at home, and a posted price stays what it is.
    const near = { mostPaid: () => 180_000n, leastEarned: () => 230_000n };
    expect(terms({ linePrices: near }, {}).map(([, , price]) => price)).to.deep.equal([
      200_000n,
      200_000n,
    ]);
    expect(terms({ linePrices }, { postedPerKwh: 170_000n })[0]?.[2]).to.equal(170_000n);
    const forward = plan({ forecast: [forecast(8, 100n, 50n)], linePrices });
    expect(forward.orders.map(({ order }) => order.crosses)).to.deep.equal([false, false]);
  });

  it("offers what was exported and is not promised, and bids for what was imported", () => {
    const { orders } = plan({
      metered: [metered(-3, 500n, 40n), metered(-2, 300n, 0n), metered(-1, 0n, 700n)],
      promisedWh: new Map([[NOW_SLOT - 3, 200n]]),
    });
    expect(shown(orders)).to.deep.equal([
      ["spot offer", -3, 300],
      ["spot bid", -3, 40],
      ["spot offer", -2, 300],
      ["spot bid", -1, 700],
    ]);
    expect(
      orders.every(({ order }) => isLimit(order) && order.firstSlot === order.lastSlot),
    ).to.equal(true);
    expect(orders.map(({ order }) => order.nonce)).to.deep.equal([1000n, 1001n, 1002n, 1003n]);
  });

  it("trades no slot that has not ended, ended two days ago, or is closed", () => {
    const slots = [metered(0, 500n, 0n), metered(-193, 500n, 0n)];
    expect(plan({ metered: slots }).orders).to.deep.equal([]);
    const microgrid = microgridWith({ closedFrom: NOW_SLOT - 5 });
    const members = { metered: [metered(-6, 0n, 99n), metered(-5, 0n, 99n)], microgrid };
    expect(shown(plan(members).orders)).to.deep.equal([["spot bid", -6, 99]]);
  });

  it("trades no slot in which the grid charges no more than it pays and the network's fee, unless an island or a tie line gives a reason to", () => {
    const slots = [metered(-2, 500n, 0n), metered(-1, 0n, 500n)];
    const members = { metered: slots, forecast: [forecast(8, 900n, 80n)] };
    const { feedInPerKwh } = LEVEL;
    const under = (retailPerKwh: bigint, feePerKwh: bigint, more: Partial<Microgrid> = {}) => {
      const level = { ...LEVEL, pricePerKwh: feedInPerKwh, retailPerKwh, feePerKwh };
      return { ...members, microgrid: microgridWith({ levels: [level], ...more }) };
    };
    const signed = (facts: Partial<TradingFacts>) => shown(plan(facts).orders);
    expect(signed(under(feedInPerKwh, 0n))).to.deep.equal([]);
    expect(signed(under(feedInPerKwh + 5n, 5n))).to.deep.equal([]);
    expect(signed(under(feedInPerKwh + 5n, 4n))).to.have.length(4);
    const island = { firstSlot: NOW_SLOT - 1, lastSlot: NOW_SLOT + 7, endedAtSeconds: undefined };
    expect(signed(under(feedInPerKwh, 0n, { islands: [island] }))).to.deep.equal([
      ["spot bid", -1, 500],
    ]);
    const settler = "0x00000000000000000000000000000000000000dd";
    const firm = { settler, untilSeconds: NOON + 86_400 } as const;
    expect(signed({ ...under(feedInPerKwh, 0n), firm })).to.deep.equal([
      ["spot offer", -2, 500],
      ["spot bid", -1, 500],
    ]);
    // What is metered may find a better price over a line.
    const over = (mostPaid: bigint, leastEarned: bigint) =>
      signed({
        ...under(feedInPerKwh, 0n),
        linePrices: { mostPaid: () => mostPaid, leastEarned: () => leastEarned },
      });
    expect(over(feedInPerKwh, feedInPerKwh)).to.deep.equal([]);
    expect(over(feedInPerKwh - 1n, feedInPerKwh)).to.deep.equal([["spot bid", -1, 500]]);
    expect(over(feedInPerKwh, feedInPerKwh + 1n)).to.deep.equal([["spot offer", -2, 500]]);
  });

  it("names the household's limits, never below the feed-in nor above the retail tariff", () => {
    const slots = [metered(-2, 500n, 0n), metered(-1, 0n, 500n)];
    const prices = (limits: Partial<TradingLimits>) =>
      plan({ metered: slots }, limits).orders.map(({ order }) => order.price);
    expect(prices({})).to.deep.equal([100_000n, 250_000n]);
    expect(prices({ floorPerKwh: 1n, ceilingPerKwh: 900_000n })).to.deep.equal([
      LEVEL.feedInPerKwh,
      LEVEL.retailPerKwh,
    ]);
  });

  it("buys nothing for a household that allows nothing for its need", () => {
    const slots = [metered(-2, 500n, 0n), metered(-1, 0n, 500n)];
    expect(shown(plan({ metered: slots }, { ceilingPerKwh: 0n }).orders)).to.deep.equal([
      ["spot offer", -2, 500],
    ]);
  });

  it("offers no more of a reported slot than the household holds", () => {
    const slots = [metered(-3, 500n, 0n), metered(-2, 500n, 0n), metered(-1, 500n, 0n)];
    const heldWh = new Map([
      [NOW_SLOT - 3, 0n],
      [NOW_SLOT - 2, 120n],
    ]);
    expect(shown(plan({ metered: slots, heldWh }).orders)).to.deep.equal([
      ["spot offer", -2, 120],
      ["spot offer", -1, 500],
    ]);
  });

  it("posts a price for surplus when the household names one, for neighbours across a tie line too", () => {
    const slots = [metered(-1, 500n, 70n)];
    const [offer, bid] = plan({ metered: slots }, { postedPerKwh: 180_000n }).orders;
    expect(offer?.order).to.include({ price: 180_000n, crosses: true, energy: 500 });
    expect(offer && isLimit(offer.order)).to.equal(false);
    expect(bid && isLimit(bid.order)).to.equal(true);
    const [cheap] = plan({ metered: slots }, { postedPerKwh: 1n }).orders;
    expect(cheap?.order.price).to.equal(LEVEL.feedInPerKwh);
  });

  it("orders firmly while the chain is out of reach, for metered energy alone, as long as the lock lasts", () => {
    const settler = "0x00000000000000000000000000000000000000dd";
    const firm = { settler, untilSeconds: NOON + 20 * 86_400 } as const;
    const before = plan({ forecast: [forecast(8, 900n)], metered: [metered(-5, 80n, 0n)] });
    const { orders, stale } = plan(
      {
        firm,
        counter: 7n,
        nonce: FIRST_FIRM_NONCE + 5n,
        metered: [metered(-5, 80n, 0n), metered(-1, 500n, 70n)],
        forecast: [forecast(8, 900n, 900n)],
        placed: placedOf(before.orders),
      },
      { postedPerKwh: 180_000n, gift: { to: SHELTER, percent: 50 } },
    );
    expect(shown(orders)).to.deep.equal([
      ["spot offer", -1, 500],
      ["spot bid", -1, 70],
    ]);
    for (const { order } of orders) {
      expect(isFirm(order)).to.equal(true);
      expect(order).to.include({ settler, counter: 0n, deadline: firm.untilSeconds });
    }
    // What was signed before waits for the chain: neither ordered again nor taken back.
    expect(stale).to.deep.equal([]);
  });

  it("trades a slot for as long as the household says, and no order holds longer", () => {
    const limits = { spotSeconds: 2 * 3600 };
    const slots = [metered(-9, 500n, 0n), metered(-8, 500n, 0n), metered(-1, 500n, 0n)];
    const { orders } = plan({ metered: slots }, limits);
    expect(
      orders.map(({ order }) => [order.firstSlot - NOW_SLOT, order.deadline - NOON]),
    ).to.deep.equal([
      [-8, 900],
      [-1, 7200],
    ]);
  });

  it("trades forward what is sure, from the slot after the next one on, with a bond", () => {
    const members = {
      forecast: [
        forecast(1, 500n),
        forecast(2, 500n),
        forecast(3, 0n, 300n),
        forecast(97, 500n, 500n),
      ],
      promisedWh: new Map([[NOW_SLOT + 2, 120n]]),
    };
    const { orders } = plan(members);
    expect(shown(orders)).to.deep.equal([
      ["forward offer", 2, 380],
      ["forward bid", 3, 300],
    ]);
    for (const { order } of orders) {
      expect(order.forward && order.bond === 50_000n && order.meter === METER).to.equal(true);
      expect(order.deadline).to.be.below(order.firstSlot * QUARTER);
    }
    expect(plan(members, { forward: undefined }).orders).to.deep.equal([]);
  });

  it("orders nothing twice, and what an expired order left again", () => {
    const members = { metered: [metered(-1, 500n, 300n)], forecast: [forecast(4, 600n, 200n)] };
    const { orders } = plan(members);
    expect(orders).to.have.length(4);
    expect(plan({ ...members, placed: placedOf(orders) }).orders).to.deep.equal([]);
    const later = NOON + 13 * 3600;
    const again = plan({
      ...members,
      forecast: [],
      placed: placedOf(orders, 100n),
      nowSeconds: later,
    });
    // 100 Wh of the forward bid for a later slot are of no account here.
    expect(shown(again.orders)).to.deep.equal([
      ["spot offer", -1, 400],
      ["spot bid", -1, 200],
    ]);
  });

  it("bids for a slot only what was not bought forward", () => {
    const [bid] = plan({ forecast: [forecast(4, 0n, 200n)] }).orders;
    if (bid === undefined) throw new Error("There is no bid.");
    const members = {
      nowSeconds: NOON + 5 * QUARTER,
      metered: [metered(4, 0n, 450n)],
      placed: placedOf([bid], 150n),
    };
    expect(shown(plan(members).orders)).to.deep.equal([["spot bid", 4, 300]]);
  });

  it("keeps to the most of a day, and says what it has not bid for", () => {
    const slots = [metered(-2, 0n, 6_000n), metered(-1, 0n, 6_000n)];
    const { orders, without } = plan({ metered: slots }, { mostPerDayMillis: 2n * EURO });
    // 2 euro buy 10 kWh at the community price of 20 cents.
    expect(shown(orders)).to.deep.equal([
      ["spot bid", -2, 6_000],
      ["spot bid", -1, 4_000],
    ]);
    expect(without).to.deep.equal([
      {
        purpose: "spot bid",
        slot: NOW_SLOT - 1,
        energyWh: 2_000n,
        reason: "the most for the day is spent",
      },
    ]);
    const filled = placedOf(orders, 4_000n).map((each) => ({
      ...each,
      order: { ...each.order, deadline: NOON - 1 },
    }));
    const next = plan({ metered: slots, placed: filled }, { mostPerDayMillis: 2n * EURO });
    expect(shown(next.orders)).to.deep.equal([["spot bid", -2, 2_000]]);
  });

  it("keeps to the delegate's allowance and to the money in escrow", () => {
    const slots = [metered(-2, 3_000n, 0n), metered(-1, 0n, 3_000n)];
    const poor = plan({ metered: slots, balanceMillis: EURO / 5n });
    expect(shown(poor.orders)).to.deep.equal([
      ["spot offer", -2, 3_000],
      ["spot bid", -1, 1_000],
    ]);
    expect(poor.without[0]?.reason).to.equal("there is not enough money in escrow");
    const bound = plan({ metered: slots, allowanceMillis: EURO });
    expect(shown(bound.orders)).to.deep.equal([
      ["spot offer", -2, 3_000],
      ["spot bid", -1, 2_000],
    ]);
    expect(bound.without[0]?.reason).to.equal("the delegate's allowance is used up");
  });

  it("calls forward offers stale that go beyond what is sure by now, and prices that don't hold", () => {
    const { orders } = plan({ forecast: [forecast(8, 600n), forecast(9, 600n)] });
    const placed = placedOf(orders);
    const now = { forecast: [forecast(8, 600n), forecast(9, 250n)], placed };
    expect(plan(now).stale.map(({ order }) => order.firstSlot - NOW_SLOT)).to.deep.equal([9]);
    expect(plan(now).orders).to.deep.equal([]);
    expect(plan(now, { floorPerKwh: 120_000n }).stale).to.have.length(2);
  });

  it("gives away its share of the surplus of islanded slots, and only of those", () => {
    const microgrid = microgridWith({
      islands: [{ firstSlot: NOW_SLOT - 1, lastSlot: undefined, endedAtSeconds: undefined }],
    });
    const members = { microgrid, metered: [metered(-2, 400n, 0n), metered(-1, 400n, 0n)] };
    const { orders } = plan(members, { gift: { to: SHELTER, percent: 25 } });
    expect(shown(orders)).to.deep.equal([
      ["spot offer", -2, 400],
      ["spot offer", -1, 300],
      ["gift", -1, 100],
    ]);
    const given = orders[2]?.order;
    expect(given?.price).to.equal(0n);
    expect(given?.counterparty).to.equal(SHELTER);
  });

  it("never goes beyond energy, day, money or allowance, however orders are filled", () => {
    const wh = fc.bigInt({ min: 0n, max: 4_000n });
    const round = fc.record({
      exported: wh,
      imported: wh,
      sureExport: wh,
      sureImport: wh,
      fill: fc.integer({ min: 0, max: 100 }),
      pass: fc.integer({ min: 0, max: 8 }),
    });
    void fc.assert(
      fc.property(
        fc.array(round, { minLength: 1, maxLength: 25 }),
        fc.bigInt({ min: 0n, max: 3n * EURO }),
        fc.bigInt({ min: 0n, max: 9n * EURO }),
        fc.bigInt({ min: 0n, max: 9n * EURO }),
        (rounds, mostPerDayMillis, balanceMillis, allowanceMillis) => {
          const limits = { ...LIMITS, mostPerDayMillis };
          const model = new Model(balanceMillis, allowanceMillis);
          for (const each of rounds) {
            const facts = model.see(each);
            const { orders } = planTrades(facts, limits);
            model.place(orders);
            expect(planTrades(model.facts(), limits).orders).to.have.length(0);
            model.fill(each.fill);
            model.check(mostPerDayMillis);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

interface Round {
  readonly exported: bigint;
  readonly imported: bigint;
  readonly sureExport: bigint;
  readonly sureImport: bigint;
  readonly pass: number;
}

/** A plain market: it fills a share of every open order at the community price, all at the same time. */
class Model {
  readonly #placed: { order: Order; purpose: PlacedOrder["purpose"]; filledWh: bigint }[] = [];
  readonly #metered: { slot: number; exportedWh: bigint; importedWh: bigint }[] = [];
  readonly #promised = new Map<number, bigint>();
  #slot = NOW_SLOT;
  #moneyMillis: bigint;
  #allowanceMillis: bigint;
  #forecast: TradingFacts["forecast"] = [];

  constructor(moneyMillis: bigint, allowanceMillis: bigint) {
    this.#moneyMillis = moneyMillis;
    this.#allowanceMillis = allowanceMillis;
  }

  see({ exported, imported, sureExport, sureImport, pass }: Round): TradingFacts {
    for (let i = 0; i < pass; i++) {
      this.#metered.push({ slot: this.#slot++, exportedWh: exported, importedWh: imported });
    }
    const slots = [2, 3, 9].map((ahead) => this.#slot + ahead);
    this.#forecast = slots.map((slot) => ({
      ...forecast(0, sureExport, sureImport),
      slot,
    }));
    return this.facts();
  }

  facts = (): TradingFacts =>
    factsWith({
      nowSeconds: this.#slot * QUARTER,
      metered: this.#metered,
      forecast: this.#forecast,
      promisedWh: this.#promised,
      placed: this.#placed,
      balanceMillis: this.#moneyMillis,
      allowanceMillis: this.#allowanceMillis,
      nonce: BigInt(this.#placed.length),
    });

  place(orders: ReturnType<typeof planTrades>["orders"]): void {
    this.#placed.push(...placedOf(orders).map((each) => ({ ...each })));
  }

  fill(percent: number): void {
    for (const each of this.#placed) {
      const { order } = each;
      if (order.deadline < this.#slot * QUARTER) continue;
      const wh = ((BigInt(order.energy) - each.filledWh) * BigInt(percent)) / 100n;
      each.filledWh += wh;
      if (order.forward && order.side !== BID) {
        const { firstSlot } = order;
        this.#promised.set(firstSlot, (this.#promised.get(firstSlot) ?? 0n) + wh);
      }
      const price = LEVEL.pricePerKwh;
      const pledged = order.forward && order.side !== BID ? order.bond : 0n;
      this.#moneyMillis -= wh * (order.side === BID ? price : pledged);
      this.#allowanceMillis -= wh * (price + pledged);
    }
  }

  check(mostPerDayMillis: bigint): void {
    expect(this.#moneyMillis >= 0n && this.#allowanceMillis >= 0n).to.equal(true);
    const spent = new Map<number, bigint>();
    for (const { order, filledWh } of this.#placed) {
      if (order.side !== BID) continue;
      const day = Math.floor((order.firstSlot * QUARTER) / 86_400);
      spent.set(day, (spent.get(day) ?? 0n) + filledWh * LEVEL.pricePerKwh);
    }
    for (const millis of spent.values()) expect(millis <= mostPerDayMillis).to.equal(true);
    for (const { slot, exportedWh } of this.#metered) {
      const sold = this.#filled(slot, "spot offer") + this.#filled(slot, "gift");
      const promised = this.#promised.get(slot) ?? 0n;
      const most = exportedWh > promised ? exportedWh - promised : 0n;
      expect(sold <= most).to.equal(true);
    }
  }

  #filled = (slot: number, purpose: PlacedOrder["purpose"]): bigint =>
    this.#placed
      .filter((each) => each.order.firstSlot === slot && each.purpose === purpose)
      .reduce((sum, { filledWh }) => sum + filledWh, 0n);
}
