import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Address, numberToHex, zeroAddress } from "viem";
import { ANY_SOURCE } from "../src/energyId.ts";
import { costOf } from "../src/money.ts";
import {
  type Ask,
  askPricePerKwh,
  inMeritOrder,
  planPurchase,
  takeArguments,
  type Way,
} from "../src/purchase.ts";
import { arrivingWh, landedPricePerKwh, sentForWh } from "../src/tieLine.ts";
import type { Order } from "../src/typedData.ts";

const account = (number: number): Address => numberToHex(number, { size: 20 });
const HERE: Way = { chargePerKwh: 0n, lossBps: 0n };
const DAY = { firstSlot: 0, lastSlot: 95 };

let nonces = 0n;
const orderOf = (maker: number, overrides: Partial<Order> = {}): Order => ({
  maker: account(maker),
  meter: zeroAddress,
  microgrid: 1,
  side: 0,
  sources: ANY_SOURCE,
  firstSlot: 0,
  lastSlot: 95,
  energy: 1_000_000,
  price: 0n,
  forward: false,
  bond: 0n,
  counterparty: zeroAddress,
  nonce: nonces++,
  counter: 0n,
  deadline: 2 ** 32,
  ...overrides,
});

const stock = (energyWh: Record<number, number>): Map<number, bigint> =>
  new Map(Object.entries(energyWh).map(([slot, wh]) => [Number(slot), BigInt(wh)]));

const askOf = (order: Order, stockWh: Map<number, bigint>, more: Partial<Ask> = {}): Ask => ({
  order,
  signature: "0x",
  source: "Solar",
  stockWh,
  way: HERE,
  ...more,
});

describe("Planning a purchase", () => {
  it("takes the cheapest energy of the window, over orders and slots, and only a part of the last", () => {
    const dear = askOf(orderOf(1, { price: 200_000n }), stock({ 1: 500 }));
    const cheap = askOf(orderOf(2, { price: 100_000n }), stock({ 2: 300, 3: 400, 90: 9_000 }));
    const plan = planPurchase([dear, cheap], {
      window: { firstSlot: 1, lastSlot: 10 },
      energyWh: 1_000n,
    });
    expect(plan.takes.map(({ ask, sentWh }) => [ask, [...sentWh]])).to.deep.equal([
      [cheap, [...stock({ 2: 300, 3: 400 })]],
      [dear, [...stock({ 1: 300 })]],
    ]);
    expect(plan.cost).to.equal(70_000n + 60_000n);
    expect([plan.totalWh, plan.missingWh]).to.deep.equal([1_000n, 0n]);
  });

  it("reports what is missing when the window has less", () => {
    const plan = planPurchase([askOf(orderOf(1), stock({ 5: 40 }))], {
      window: DAY,
      energyWh: 100n,
    });
    expect([plan.totalWh, plan.missingWh]).to.deep.equal([40n, 60n]);
  });

  it("counts energy behind two orders of a seller once", () => {
    const held = stock({ 1: 100 });
    const asks = [askOf(orderOf(1), held), askOf(orderOf(1, { price: 5n }), held)];
    expect(planPurchase(asks, { window: DAY, energyWh: 500n }).totalWh).to.equal(100n);
  });

  it("takes no more than an order leaves, nor than orders with one nonce leave together", () => {
    const first = orderOf(1, { energy: 150, nonce: 7_000n });
    const again = { ...first, price: 9n };
    const asks = [
      askOf(first, stock({ 1: 100, 2: 100 }), { leftWh: 120n }),
      askOf(again, stock({ 3: 100 }), { leftWh: 120n }),
    ];
    expect(planPurchase(asks, { window: DAY, energyWh: 500n }).totalWh).to.equal(120n);
  });

  it("prices a tie line's loss and charge in, and never overfills it", () => {
    const way: Way = { chargePerKwh: 20_000n, lossBps: 300n, freeWh: stock({ 1: 500, 2: 100 }) };
    const far = askOf(orderOf(1, { price: 100_000n }), stock({ 1: 900, 2: 900 }), { way });
    const near = askOf(orderOf(2, { price: 123_000n }), stock({ 1: 50 }));
    expect(askPricePerKwh(far)).to.equal(123_712n);
    const plan = planPurchase([far, near], { window: DAY, energyWh: 10_000n });
    expect(plan.takes.map(({ ask }) => ask)).to.deep.equal([near, far]);
    expect([...(plan.takes[1]?.sentWh ?? [])]).to.deep.equal([...stock({ 1: 500, 2: 100 })]);
    expect(plan.totalWh).to.equal(50n + 485n + 97n);
    expect(plan.takes[1]?.cost).to.equal(costOf(100_000n, 600n) + 12_000n);
  });

  it("sends exactly as much as has to arrive", () => {
    const way: Way = { chargePerKwh: 0n, lossBps: 300n };
    const plan = planPurchase([askOf(orderOf(1), stock({ 1: 900 }), { way })], {
      window: DAY,
      energyWh: 333n,
    });
    expect([plan.totalWh, plan.takes[0]?.sentWh.get(1)]).to.deep.equal([333n, 343n]);
  });

  it("keeps to an island's price cap and ration", () => {
    const fee: Way = { chargePerKwh: 10n, lossBps: 0n };
    const above = askOf(orderOf(1, { price: 91n }), stock({ 1: 100 }), { way: fee });
    const within = askOf(orderOf(2, { price: 90n }), stock({ 1: 100, 2: 100 }), { way: fee });
    const plan = planPurchase([above, within], {
      window: DAY,
      energyWh: 500n,
      mostPerKwh: 100n,
      rationWh: stock({ 1: 30 }),
    });
    expect(plan.takes.map(({ sentWh }) => [...sentWh])).to.deep.equal([[...stock({ 1: 30 })]]);
  });

  it("takes of no more orders than fit a transaction", () => {
    const asks = Array.from({ length: 5 }, (_, i) => askOf(orderOf(i + 1), stock({ 1: 10 })));
    const plan = planPurchase(asks, { window: DAY, energyWh: 500n, mostOrders: 3 });
    expect([plan.takes.length, plan.missingWh]).to.deep.equal([3, 470n]);
  });

  it("prefers energy that is there to energy that is promised at the same price", () => {
    const promised = askOf(orderOf(1, { forward: true }), stock({ 1: 10 }));
    const there = askOf(orderOf(2), stock({ 2: 10 }));
    expect(inMeritOrder([promised, there])).to.deep.equal([there, promised]);
  });

  it("limits a reservation by what its blocks can lock", () => {
    const way: Way = { chargePerKwh: 1n, lossBps: 0n };
    const ask = askOf(orderOf(1, { forward: true, price: 1n }), stock({ 7: 1, 8: 1 }), { way });
    const [take] = planPurchase([ask], { window: DAY, energyWh: 2n }).takes;
    expect(take?.cost).to.equal(4n);
  });

  it("makes the arguments of accept", () => {
    const ask = askOf(orderOf(1, { price: 100n }), stock({ 8: 5, 17: 6 }));
    const [take] = planPurchase([ask], { window: DAY, energyWh: 50n }).takes;
    if (take === undefined) throw new Error("Nothing was planned.");
    const [, , { firstBlock, energy, limit, source }] = takeArguments(take, {
      microgrid: 1,
      meter: zeroAddress,
    });
    expect([firstBlock, energy, limit, source]).to.deep.equal([1, [5n, 6n << 32n], 2n, 0]);
  });

  it("refuses to buy nothing", () => {
    expect(() => planPurchase([], { window: DAY, energyWh: 0n })).to.throw(RangeError, "0 Wh");
  });

  it("never costs more than any other choice of the same energy, whatever the book", () => {
    const offers = fc.array(
      fc.record({ price: fc.bigInt(1n, 500n), wh: fc.integer({ min: 1, max: 50 }) }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(offers, fc.bigInt(1n, 600n), (book, energyWh) => {
        const asks = book.map(({ price, wh }, i) =>
          askOf(orderOf(i + 1, { price: price * 1_000n }), stock({ [i]: wh })),
        );
        const plan = planPurchase(asks, { window: DAY, energyWh });
        const each = book
          .flatMap(({ price, wh }) => new Array<bigint>(wh).fill(price))
          .sort((a, b) => Number(a - b));
        const cheapest = each.slice(0, Number(energyWh)).reduce((sum, price) => sum + price, 0n);
        expect(plan.cost).to.equal(cheapest);
        expect(plan.totalWh + plan.missingWh).to.equal(energyWh);
      }),
    );
  });
});

describe("A tie line", () => {
  it("delivers exactly what sentForWh was asked for, and one Wh less would not do", () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10_000_000n), fc.bigInt(0n, 9_999n), (arrived, lossBps) => {
        const sent = sentForWh(arrived, lossBps);
        expect(arrivingWh(sent, lossBps)).to.equal(arrived);
        expect(arrivingWh(sent - 1n, lossBps) < arrived).to.equal(true);
      }),
    );
  });

  it("gives the price on arrival with charge and loss, rounded up", () => {
    expect(landedPricePerKwh(100_000n, 20_000n, 300n)).to.equal(123_712n);
    expect(landedPricePerKwh(100_000n, 0n, 0n)).to.equal(100_000n);
  });
});
