import {
  ANY_SOURCE,
  ANYONE,
  EMPTY_ORDER,
  type Level,
  type Microgrid,
  type Order,
  sourceMask,
  type Way,
} from "@wattline/sdk";
import { expect } from "chai";
import { type Address, type Hex, numberToHex } from "viem";
import { microgridWith } from "../../../sdk/test/support/microgrid.ts";
import type { BookOrder } from "../data/index.ts";
import { asksOf, type MarketAsk } from "./asks.ts";
import { backingOf } from "./backing.ts";
import { dayToShow } from "./day.ts";
import { meritOrderOf } from "./meritOrder.ts";
import { bidsOf, slotFiguresOf } from "./slotFigures.ts";
import { holdingKey, type Inflow, type Stock } from "./supply.ts";

const account = (number: number): Address => numberToHex(number, { size: 20 });
const [JANE, OTHER, NEIGHBOUR, METER] = [1, 2, 3, 4].map(account) as [
  Address,
  Address,
  Address,
  Address,
];
const DAY = { firstSlot: 100, lastSlot: 195 };

let nonces = 0n;
function bookOrder(overrides: Partial<Order> = {}, remainingWh = 10_000n): BookOrder {
  const nonce = nonces++;
  const hash: Hex = numberToHex(nonce, { size: 32 });
  const order: Order = {
    ...EMPTY_ORDER,
    maker: JANE,
    microgrid: 1,
    sources: ANY_SOURCE,
    firstSlot: 100,
    lastSlot: 195,
    energy: 10_000,
    price: 100n,
    crosses: true,
    nonce,
    deadline: 2 ** 32,
    ...overrides,
  };
  const times = { receivedAt: 0, updatedSequence: 0 };
  return { order, signature: "0x", hash, signer: "maker", remainingWh, state: "live", ...times };
}

const slotsOf = (energyWh: Record<number, number>) =>
  new Map(Object.entries(energyWh).map(([slot, wh]) => [Number(slot), BigInt(wh)]));

const held = (...holdings: [Address, number, Record<number, number>][]): Stock => ({
  held: new Map(
    holdings.map(([who, microgrid, energy]) => [
      holdingKey(who, microgrid, "Solar"),
      slotsOf(energy),
    ]),
  ),
  promisable: new Map(),
});

const level: Level = {
  pricePerKwh: 100n,
  feePerKwh: 10n,
  capPerKwh: 300n,
  feedInPerKwh: 50n,
  retailPerKwh: 300n,
};
const microgridOf = (number: number, changes: Partial<Microgrid> = {}): Microgrid =>
  microgridWith({ levels: [level], microgrid: number, rations: [], ...changes });

const LINE: Inflow = {
  from: 2,
  lossBps: 2_000n,
  capacityWh: 10_000n,
  wheelingPerKwh: 20n,
  flowWh: new Map(),
};

const asks = (
  orders: readonly BookOrder[],
  stock: Stock,
  { here = microgridOf(1), far }: { here?: Microgrid; far?: Microgrid } = {},
): MarketAsk[] => {
  const ways = new Map<number, Way>([[1, { from: here, line: undefined }]]);
  if (far !== undefined) ways.set(2, { from: far, line: LINE });
  return asksOf(orders, { here, trader: NEIGHBOUR, ways, stock, slots: DAY, openSlot: 150 });
};

describe("The market's offers and bids", () => {
  it("offers what sellers hold, with the network fee in the price", () => {
    const stock = held([JANE, 1, { 99: 900, 120: 300, 121: 200 }]);
    const [ask, ...others] = asks([bookOrder({ maker: JANE }), bookOrder({ maker: OTHER })], stock);
    expect(others).to.deep.equal([]);
    expect([ask?.totalWh, ask?.pricePerKwh, ask?.source]).to.deep.equal([500n, 110n, "Solar"]);
  });

  it("never shows more than is left of an order, nor outside its slots", () => {
    const stock = held([JANE, 1, { 120: 300, 121: 200 }]);
    expect(asks([bookOrder({}, 250n)], stock)[0]?.totalWh).to.equal(250n);
    expect(asks([bookOrder({ firstSlot: 121 })], stock)[0]?.totalWh).to.equal(200n);
    expect(asks([bookOrder({ firstSlot: 122 })], stock)).to.deep.equal([]);
  });

  it("leaves out bids and offers for another counterparty", () => {
    const stock = held([JANE, 1, { 120: 300 }]);
    const mine = bookOrder({ counterparty: NEIGHBOUR });
    const found = asks([bookOrder({ counterparty: OTHER }), mine, bookOrder({ side: 1 })], stock);
    expect(found.map(({ hash }) => hash)).to.deep.equal([mine.hash]);
  });

  it("shows offers of another microgrid only over a tie line, with its loss and charge", () => {
    const far = bookOrder({ microgrid: 2 });
    const stock = held([JANE, 2, { 120: 300 }]);
    expect(asks([far], stock)).to.deep.equal([]);
    expect(asks([far], stock, { far: microgridOf(2) })[0]?.pricePerKwh).to.equal(150n);
  });

  it("shows nothing over a line that an order does not cross, that nobody can take, or of an islanded slot", () => {
    const stock = held([JANE, 2, { 120: 300, 121: 200 }]);
    const over = (changes: Partial<Order>, far: Partial<Microgrid> = {}) =>
      asks([bookOrder({ microgrid: 2, ...changes })], stock, { far: microgridOf(2, far) }).map(
        ({ totalWh }) => totalWh,
      );
    expect(over({})).to.deep.equal([500n]);
    expect(over({ crosses: false })).to.deep.equal([]);
    expect(over({ settler: ANYONE })).to.deep.equal([]);
    const island = { firstSlot: 120, lastSlot: 120, endedAtSeconds: 0 };
    expect(over({}, { islands: [island] })).to.deep.equal([200n]);
    expect(over({}, { closedFrom: 121 })).to.deep.equal([300n]);
  });

  it("takes the fee of each slot's own hour, and shows the lowest price", () => {
    const later = { ...level, feePerKwh: 40n };
    // Slot 124 begins at 7 o'clock, two bits an hour.
    const schedules = [
      { firstSlot: 0, endSlot: 2 ** 32 - 1, levelOfHour: 1n << 14n, levels: [level, later] },
    ];
    const here = microgridOf(1, { schedules });
    const both = held([JANE, 1, { 123: 100, 124: 100 }]);
    expect(asks([bookOrder()], both, { here })[0]?.pricePerKwh).to.equal(110n);
    const evening = held([JANE, 1, { 124: 100 }]);
    expect(asks([bookOrder()], evening, { here })[0]?.pricePerKwh).to.equal(140n);
    const figures = slotFiguresOf(asks([bookOrder()], both, { here }), [], DAY);
    expect([figures.get(123)?.bestPrice, figures.get(124)?.bestPrice]).to.deep.equal([110n, 140n]);
  });

  it("offers of a meter only what it can still promise, in slots that have not started", () => {
    const forward = bookOrder({ forward: true, meter: METER });
    const energyWh = slotsOf({ 149: 100, 150: 100, 151: 40 });
    const promise = (owner: Address): Stock => ({
      held: new Map(),
      promisable: new Map([
        [
          METER.toLowerCase(),
          { source: "Wind", owner, microgrid: 1, energyWh, promisedWh: new Map() },
        ],
      ]),
    });
    const [ask] = asks([forward], promise(JANE));
    expect([ask?.totalWh, ask?.source]).to.deep.equal([140n, "Wind"]);
    expect(asks([forward], promise(OTHER))).to.deep.equal([]);
  });

  it("reads each holding and meter once", () => {
    const backing = backingOf(
      [
        bookOrder({ sources: sourceMask("Solar") }),
        bookOrder({ sources: sourceMask("Solar", "Wind") }),
        bookOrder({ forward: true, meter: METER }),
        bookOrder({ side: 1 }),
        bookOrder({ firstSlot: 300, lastSlot: 310 }),
      ],
      DAY,
    );
    expect(backing).to.deep.equal({
      holdings: [
        { holder: JANE, microgrid: 1, source: "Solar" },
        { holder: JANE, microgrid: 1, source: "Wind" },
      ],
      meters: [METER],
    });
  });

  it("counts energy that backs two offers once in a slot, at the cheaper price", () => {
    const stock = held([JANE, 1, { 120: 300 }], [OTHER, 1, { 120: 50 }]);
    const orders = [
      bookOrder({ price: 90n }),
      bookOrder({ price: 80n }, 100n),
      bookOrder({ maker: OTHER, price: 70n }),
      bookOrder({ side: 1, price: 60n, firstSlot: 119, lastSlot: 120 }),
    ];
    const figures = slotFiguresOf(asks(orders, stock), bidsOf(orders), DAY);
    expect(figures.get(120)).to.deep.equal({ offeredWh: 350n, bestPrice: 80n, bestBid: 60n });
    expect(figures.get(119)).to.deep.equal({
      offeredWh: 0n,
      bestPrice: undefined,
      bestBid: 60n,
    });
  });

  it("counts in a slot what arrives, as the merit order of the slot does", () => {
    const stock = held([JANE, 2, { 120: 300, 121: 7 }], [OTHER, 1, { 120: 50 }]);
    const orders = [
      bookOrder({ microgrid: 2 }),
      bookOrder({ microgrid: 2, price: 60n }, 100n),
      bookOrder({ maker: OTHER }),
    ];
    const here = microgridOf(1);
    const offered = asks(orders, stock, { far: microgridOf(2) });
    const figures = slotFiguresOf(offered, [], DAY);
    for (const slot of [120, 121]) {
      const { offers } = meritOrderOf(slot, here, offered, []);
      expect(figures.get(slot)?.offeredWh, String(slot)).to.equal(offers.at(-1)?.upToWh);
    }
    // A fifth of what is sent is lost.
    expect(figures.get(120)?.offeredWh).to.equal(240n + 50n);
  });

  it("gives the merit order, and how much of it meets the community price", () => {
    const stock = held([JANE, 1, { 120: 300 }], [OTHER, 1, { 120: 200 }]);
    const offers = [
      bookOrder({ price: 100n }),
      // A limit counts at what a buyer would pay at the least, too.
      bookOrder({ maker: OTHER, price: 60n, settler: ANYONE }),
    ];
    const bids = [
      bookOrder({ side: 1, maker: NEIGHBOUR, price: 130n, settler: ANYONE }, 100n),
      bookOrder({ side: 1, maker: account(9), price: 90n }, 500n),
    ];
    const merit = meritOrderOf(120, microgridOf(1), asks(offers, stock), bids);
    expect(merit.offers).to.deep.equal([
      { pricePerKwh: 70n, energyWh: 200n, upToWh: 200n },
      { pricePerKwh: 110n, energyWh: 300n, upToWh: 500n },
    ]);
    expect(merit.bids.map(({ pricePerKwh, upToWh }) => [pricePerKwh, upToWh])).to.deep.equal([
      [130n, 100n],
      [90n, 600n],
    ]);
    const { communityPerKwh, offeredWh, wantedWh } = merit;
    expect([communityPerKwh, offeredWh, wantedWh]).to.deep.equal([100n, 200n, 100n]);
  });

  it("shows today, or the nearest day with an order", () => {
    const slotSeconds = 900;
    const noon = 1_781_956_800;
    const slot = noon / slotSeconds;
    const at = (first: number) => [bookOrder({ firstSlot: first, lastSlot: first + 3 })];
    const today = dayToShow([], noon, slotSeconds);
    expect(dayToShow(at(slot), noon, slotSeconds)).to.equal(today);
    expect(dayToShow(at(slot - 96), noon, slotSeconds) < today).to.equal(true);
    expect(dayToShow(at(slot + 192), noon, slotSeconds) > today).to.equal(true);
  });
});
