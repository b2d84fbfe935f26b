import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Address, numberToHex, zeroAddress } from "viem";
import { EMPTY_ORDER } from "../src/bulk.ts";
import { ANYONE } from "../src/deals/order.ts";
import { landedPricePerKwh } from "../src/deals/price.ts";
import type { Level } from "../src/deals/schedule.ts";
import { ANY_SOURCE } from "../src/energyId.ts";
import type { Microgrid } from "../src/microgrid.ts";
import {
  type Ask,
  askPricePerKwh,
  type Buyer,
  planPurchase,
  takeArguments,
  type Way,
  type Wish,
} from "../src/purchase.ts";
import type { Order } from "../src/typedData.ts";
import { LEVEL, microgridWith, type Wanted } from "./support/microgrid.ts";

const account = (number: number): Address => numberToHex(number, { size: 20 });
const DAY = { firstSlot: 0, lastSlot: 95 };
const NO_END = 2 ** 32 - 1;

const FREE: Level = { ...LEVEL, capPerKwh: 250_000n };

const microgridOf = (microgrid: number, changes: Wanted = {}): Microgrid =>
  microgridWith({ microgrid, levels: [FREE], rations: [], ...changes });

/** A microgrid with one level, changed from {@link FREE}. */
const pricedAt = (changes: Partial<Level>, others: Partial<Microgrid> = {}): Microgrid =>
  microgridOf(1, { levels: [{ ...FREE, ...changes }], ...others });

const LINDEN = microgridOf(1);
const HERE: Way = { from: LINDEN, line: undefined };
const BUYER: Buyer = { microgrid: LINDEN, rationLeftWh: () => undefined, nowSeconds: 0 };

/** The line from microgrid 2. */
const lineOf = (changes: Partial<NonNullable<Way["line"]>> = {}): Way => ({
  from: microgridOf(2),
  line: {
    lossBps: 300n,
    capacityWh: 1_000n,
    wheelingPerKwh: 20_000n,
    flowWh: new Map(),
    ...changes,
  },
});

let nonces = 0n;
const orderOf = (maker: number, overrides: Partial<Order> = {}): Order => ({
  ...EMPTY_ORDER,
  maker: account(maker),
  microgrid: 1,
  sources: ANY_SOURCE,
  lastSlot: 95,
  energy: 1_000_000,
  crosses: true,
  nonce: nonces++,
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

const plan = (asks: readonly Ask[], wish: Partial<Wish>, buyer: Partial<Buyer> = {}) =>
  planPurchase(asks, { window: DAY, energyWh: 10_000n, ...wish }, { ...BUYER, ...buyer });

describe("Planning a purchase", () => {
  it("takes the cheapest energy of the window, over orders and slots, and only a part of the last", () => {
    const dear = askOf(orderOf(1, { price: 200_000n }), stock({ 1: 500 }));
    const cheap = askOf(orderOf(2, { price: 100_000n }), stock({ 2: 300, 3: 400, 90: 9_000 }));
    const found = plan([dear, cheap], {
      window: { firstSlot: 1, lastSlot: 10 },
      energyWh: 1_000n,
    });
    expect(found.takes.map(({ ask, sentWh }) => [ask, [...sentWh]])).to.deep.equal([
      [cheap, [...stock({ 2: 300, 3: 400 })]],
      [dear, [...stock({ 1: 300 })]],
    ]);
    expect(found.costMillis).to.equal(70_000_000n + 60_000_000n);
    expect([found.totalWh, found.missingWh]).to.deep.equal([1_000n, 0n]);
  });

  it("reports what is missing when the window has less", () => {
    const found = plan([askOf(orderOf(1), stock({ 5: 40 }))], { energyWh: 100n });
    expect([found.totalWh, found.missingWh]).to.deep.equal([40n, 60n]);
  });

  it("takes posted offers alone: a limit is filled in batches only", () => {
    const limit = askOf(orderOf(1, { settler: ANYONE }), stock({ 1: 100 }));
    expect(plan([limit], {}).takes).to.deep.equal([]);
  });

  it("counts energy behind two orders of a seller once", () => {
    const held = stock({ 1: 100 });
    const asks = [askOf(orderOf(1), held), askOf(orderOf(1, { price: 5n }), held)];
    expect(plan(asks, {}).totalWh).to.equal(100n);
  });

  it("takes no more than an order leaves, nor than orders with one nonce leave together", () => {
    const first = orderOf(1, { energy: 150, nonce: 7_000n });
    const again = { ...first, price: 9n };
    const asks = [
      askOf(first, stock({ 1: 100, 2: 100 }), { leftWh: 120n }),
      askOf(again, stock({ 3: 100 }), { leftWh: 120n }),
    ];
    expect(plan(asks, {}).totalWh).to.equal(120n);
  });

  it("prices a tie line's loss and charge in, never overfills it, and goes by what it carries already", () => {
    const flowWh = stock({ 1: 500, 2: 900 });
    const far = askOf(orderOf(1, { price: 100_000n }), stock({ 1: 900, 2: 900 }), {
      way: lineOf({ flowWh }),
    });
    const near = askOf(orderOf(2, { price: 123_000n }), stock({ 1: 50 }));
    expect(askPricePerKwh(far, 1)).to.equal(123_712n);
    const found = plan([far, near], {});
    expect(found.takes.map(({ ask }) => ask)).to.deep.equal([near, far]);
    expect([...(found.takes[1]?.sentWh ?? [])]).to.deep.equal([...stock({ 1: 500, 2: 100 })]);
    expect(found.totalWh).to.equal(50n + 485n + 97n);
    expect(found.takes[1]?.costMillis).to.equal(120_000n * 600n);
  });

  it("sends exactly as much as has to arrive", () => {
    const found = plan([askOf(orderOf(1), stock({ 1: 900 }), { way: lineOf() })], {
      energyWh: 333n,
    });
    // 3 % of 344 Wh are 10.32 Wh, and 11 Wh are lost.
    expect([found.totalWh, found.takes[0]?.sentWh.get(1)]).to.deep.equal([333n, 344n]);
  });

  it("takes nothing over a line that an order does not cross, or of slots islanded at either end", () => {
    const held = stock({ 1: 100, 2: 100 });
    const way = lineOf();
    const totalOver = (order: Partial<Order>, from: Partial<Microgrid>, to: Microgrid = LINDEN) =>
      plan(
        [askOf(orderOf(1, order), held, { way: { ...way, from: { ...way.from, ...from } } })],
        {},
        { microgrid: to },
      ).totalWh;
    const island = { firstSlot: 1, lastSlot: 1, endedAtSeconds: 1_800 };
    expect(totalOver({}, {})).to.equal(194n);
    expect(totalOver({ crosses: false }, {})).to.equal(0n);
    expect(totalOver({}, { islands: [island] })).to.equal(97n);
    expect(totalOver({}, {}, microgridOf(1, { islands: [island] }))).to.equal(97n);
    expect(totalOver({}, { closedFrom: 2 })).to.equal(97n);
  });

  it("keeps to an island's price cap and ration in islanded slots, and to neither elsewhere", () => {
    const islands = [{ firstSlot: 1, lastSlot: 1, endedAtSeconds: 1_800 }];
    const here = pricedAt({ feePerKwh: 10n, capPerKwh: 100n }, { islands });
    const way: Way = { from: here, line: undefined };
    const above = askOf(orderOf(1, { price: 91n }), stock({ 1: 100, 2: 7 }), { way });
    const within = askOf(orderOf(2, { price: 90n }), stock({ 1: 100 }), { way });
    const rationLeftWh = (slot: number) => (slot === 1 ? 30n : undefined);
    const found = plan([above, within], {}, { microgrid: here, rationLeftWh });
    expect(found.takes.map(({ sentWh }) => [...sentWh])).to.deep.equal([
      [...stock({ 1: 30 })],
      [...stock({ 2: 7 })],
    ]);
  });

  it("pays no more per kWh than the buyer will, slot by slot", () => {
    const ask = askOf(orderOf(1, { price: 100n }), stock({ 1: 10, 2: 10 }));
    const mostPerKwh = (slot: number) => (slot === 1 ? 99n : 100n);
    expect([...plan([ask], { mostPerKwh }).arrivedWh]).to.deep.equal([[2, 10n]]);
  });

  it("names the schedules that its slots go by, one take for each", () => {
    const later: Level = { ...FREE, feePerKwh: 50n };
    const schedules = [
      { firstSlot: 0, endSlot: 10, levelOfHour: 0n, levels: [FREE] },
      { firstSlot: 10, endSlot: NO_END, levelOfHour: 0n, levels: [later] },
    ];
    const here = microgridOf(1, { schedules });
    const ask = askOf(orderOf(1, { price: 100n }), stock({ 9: 10, 10: 10 }), {
      way: { from: here, line: undefined },
    });
    const { takes, costMillis } = plan([ask], {}, { microgrid: here });
    expect(
      takes.map(({ schedule, takerSchedule, sentWh }) => [
        schedule,
        takerSchedule,
        ...sentWh.keys(),
      ]),
    ).to.deep.equal([
      [0, 0, 9],
      [1, 1, 10],
    ]);
    expect(costMillis).to.equal(100n * 10n + 150n * 10n);
  });

  it("parts a forward where the fee changes with the hour; what is there already stays one take", () => {
    const levels = [FREE, { ...FREE, feePerKwh: 50n }];
    // From one to two o'clock the second level holds.
    const schedules = [{ firstSlot: 0, endSlot: NO_END, levelOfHour: 1n << 2n, levels }];
    const here = microgridOf(1, { schedules });
    const way: Way = { from: here, line: undefined };
    const slotsOf = (order: Partial<Order>) =>
      plan(
        [askOf(orderOf(1, { price: 100n, ...order }), stock({ 3: 10, 4: 10 }), { way })],
        {},
        {
          microgrid: here,
        },
      ).takes.map(({ sentWh }) => [...sentWh.keys()]);
    expect(slotsOf({ forward: true })).to.deep.equal([[3], [4]]);
    expect(slotsOf({})).to.deep.equal([[3, 4]]);
  });

  it("reserves only what has not started, behind no more than was promised when it was planned", () => {
    const ask = askOf(orderOf(1, { forward: true }), stock({ 3: 10, 4: 10, 5: 10 }), {
      promisedWh: stock({ 4: 70, 5: 20 }),
    });
    const [take] = plan([ask], {}, { nowSeconds: 3 * 900 }).takes;
    expect([...(take?.sentWh.keys() ?? [])]).to.deep.equal([4, 5]);
    expect(take?.mostAhead).to.equal(70);
  });

  it("takes of no more orders than fit a transaction", () => {
    const asks = Array.from({ length: 5 }, (_, i) => askOf(orderOf(i + 1), stock({ 1: 10 })));
    const found = plan(asks, { energyWh: 500n, mostOrders: 3 });
    expect([found.takes.length, found.missingWh]).to.deep.equal([3, 470n]);
  });

  it("prefers energy that is there to energy that is promised at the same price", () => {
    const promised = askOf(orderOf(1, { forward: true }), stock({ 1: 10 }));
    const there = askOf(orderOf(2), stock({ 2: 10 }));
    const [first] = plan([promised, there], { energyWh: 5n }).takes;
    expect(first?.ask).to.equal(there);
  });

  it("makes the arguments of accept, with a limit per kWh over all that arrives", () => {
    const ask = askOf(orderOf(1, { price: 100n }), stock({ 8: 5, 17: 6 }));
    const found = plan([ask], { energyWh: 50n });
    const [take] = found.takes;
    if (take === undefined) throw new Error("Nothing was planned.");
    const [, , taken] = takeArguments(take, { microgrid: LINDEN });
    expect(taken).to.deep.equal({
      microgrid: 1,
      meter: zeroAddress,
      source: 0,
      schedule: 0,
      takerSchedule: 0,
      firstBlock: 1,
      energy: [5n, 6n << 32n],
      leastWh: 1,
      limit: 100n,
      mostAhead: 0,
    });
    const over = askOf(orderOf(1, { price: 100n }), stock({ 8: 50 }), { way: lineOf() });
    const [crossing] = plan([over], {}).takes;
    if (crossing === undefined) throw new Error("Nothing was planned.");
    const { limit } = takeArguments(crossing, { microgrid: LINDEN })[2];
    // 50 Wh cost 1,005,000 thousandths, and 48 Wh of them arrive.
    expect([crossing.costMillis, limit]).to.deep.equal([1_005_000n, 20_938n]);
  });

  it("refuses to buy nothing", () => {
    expect(() => plan([], { energyWh: 0n })).to.throw(RangeError, "0 Wh");
  });

  it("never costs more than any other choice of the same energy, whatever the book", () => {
    const offers = fc.array(
      fc.record({ price: fc.bigInt(1n, 500n), wh: fc.integer({ min: 1, max: 50 }) }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(offers, fc.bigInt(1n, 600n), (book, energyWh) => {
        const asks = book.map(({ price, wh }, i) =>
          askOf(orderOf(i + 1, { price }), stock({ [i]: wh })),
        );
        const found = plan(asks, { energyWh });
        const each = book
          .flatMap(({ price, wh }) => new Array<bigint>(wh).fill(price))
          .sort((a, b) => Number(a - b));
        const cheapest = each.slice(0, Number(energyWh)).reduce((sum, price) => sum + price, 0n);
        expect(found.costMillis).to.equal(cheapest);
        expect(found.totalWh + found.missingWh).to.equal(energyWh);
      }),
    );
  });

  it("is carried out by the contracts' own rule to the Wh, whatever the lines carry and lose", () => {
    const wh = fc.integer({ min: 0, max: 400 });
    const offers = fc.array(
      fc.record({ price: fc.bigInt(0n, 500n), slot: fc.integer({ min: 0, max: 5 }), wh }),
      { minLength: 1, maxLength: 12 },
    );
    const lines = fc.record({ lossBps: fc.bigInt(0n, 9_999n), capacityWh: fc.bigInt(0n, 600n) });
    fc.assert(
      fc.property(
        offers,
        lines,
        fc.bigInt(1n, 2_000n),
        fc.boolean(),
        (book, line, energyWh, forward) => {
          const way = lineOf({ ...line, flowWh: stock({ 1: 33, 3: 100 }) });
          const asks = book.map(({ price, slot, wh: held }, i) =>
            askOf(orderOf(i + 1, { price, forward }), stock({ [slot]: held }), { way }),
          );
          const found = plan(asks, { energyWh }, { nowSeconds: -900 });
          expect(found.totalWh + found.missingWh).to.equal(energyWh);
          const used = new Map(way.line?.flowWh);
          for (const { sentWh } of found.takes) {
            for (const [slot, sent] of sentWh) used.set(slot, (used.get(slot) ?? 0n) + sent);
          }
          for (const flow of used.values()) {
            expect(flow <= line.capacityWh || flow <= 100n, `${flow}`).to.equal(true);
          }
        },
      ),
    );
  });
});

describe("The price on arrival", () => {
  it("is what was sent, with charge and loss, rounded up", () => {
    expect(landedPricePerKwh(100_000n, 20_000n, 300n)).to.equal(123_712n);
    expect(landedPricePerKwh(100_000n, 0n, 0n)).to.equal(100_000n);
  });
});
