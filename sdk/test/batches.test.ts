import { expect } from "chai";
import fc from "fast-check";
import { type Address, type Hex, numberToHex } from "viem";
import {
  type Batch,
  batchesOf,
  type Pairing,
  SETTLE_GAS,
  SETTLE_GAS_BUDGET,
  TRANSACTION_GAS_CAP,
} from "../src/batches.ts";
import { EMPTY_ORDER } from "../src/bulk.ts";
import { communitySlotIn, limitOf } from "../src/communityClearing/book.ts";
import { clearCommunity } from "../src/communityClearing/clear.ts";
import { ANYONE } from "../src/deals/order.ts";
import { ANY_SOURCE, SOURCES } from "../src/energyId.ts";
import { NO_RATION_WH } from "../src/microgrid.ts";
import { blockOf, LANES, unpackProfile } from "../src/profile.ts";
import type { Order, SignedOrder } from "../src/typedData.ts";
import { microgridWith } from "./support/microgrid.ts";

const SIGNATURE: Hex = `0x${"11".repeat(65)}`;

const account = (number: number): Address => numberToHex(number, { size: 20 });

let nonces = 0n;

const order = (maker: number, overrides: Partial<Order> = {}): Order => ({
  ...EMPTY_ORDER,
  maker: account(maker),
  microgrid: 1,
  sources: ANY_SOURCE,
  lastSlot: 100_000,
  energy: 1_000_000,
  settler: ANYONE,
  nonce: nonces++,
  deadline: 2_000_000_000,
  ...overrides,
});

const offerOf = (maker: number, overrides: Partial<Order> = {}): SignedOrder => ({
  order: order(maker, overrides),
  signature: SIGNATURE,
});
const bidOf = (maker: number, overrides: Partial<Order> = {}): SignedOrder => ({
  order: order(maker, { side: 1, ...overrides }),
  signature: SIGNATURE,
});

/** Hours 0 to 11 by the first level, the others by the second; from slot 960 on by another schedule. */
const HALF_DAYS = microgridWith({
  levels: [
    { pricePerKwh: 200_000n, feePerKwh: 10_000n },
    { pricePerKwh: 100_000n, feePerKwh: 5_000n },
  ],
  levelOfHour: Array.from({ length: 12 }, (_, hour) => 1n << BigInt(2 * (hour + 12))).reduce(
    (a, b) => a | b,
  ),
  nextFromSlot: 960,
});

const pairing = (
  offer: SignedOrder,
  bid: SignedOrder,
  energyWh: ReadonlyMap<number, bigint>,
): Pairing => ({ offer, bid, source: "Solar", energyWh });

const options = { known: (microgrid: number) => ({ ...HALF_DAYS, microgrid }) };

const evenly = (first: number, count: number, wh = 5n): Map<number, bigint> =>
  new Map(Array.from({ length: count }, (_, index) => [first + index, wh]));

/** Who sends how much to whom: offer's and bid's nonce, source, schedules and slot. */
const tradesOf = (batches: readonly Batch[]): Map<string, bigint> => {
  const trades = new Map<string, bigint>();
  for (const { orders, matches } of batches) {
    for (const { offer, bid, source, schedule, bidSchedule, firstBlock, energy } of matches) {
      for (const [slot, wh] of unpackProfile({ firstBlock, words: energy })) {
        const pair = `${orders[offer]?.nonce} ${orders[bid]?.nonce}`;
        const key = `${pair} ${source} ${schedule} ${bidSchedule} ${slot}`;
        expect(trades.has(key), key).to.equal(false);
        trades.set(key, wh);
      }
    }
  }
  return trades;
};

describe("batches for settling", () => {
  it("join the slots of a pair to one match per run of blocks", () => {
    const [offer, bid] = [offerOf(1), bidOf(2)];
    const energyWh = new Map([
      [6, 5n],
      [7, 4n],
      [8, 3n],
      [30, 2n],
    ]);
    const [batch] = batchesOf([pairing(offer, bid, energyWh)], options);
    const lane = (index: number, wh: bigint) => wh << BigInt(32 * index);
    const shared = { offer: 0, bid: 1, source: 0, schedule: 0, bidSchedule: 0 };
    expect(batch?.matches).to.deep.equal([
      { ...shared, firstBlock: 0, energy: [lane(6, 5n) | lane(7, 4n), 3n] },
      { ...shared, firstBlock: 3, energy: [lane(6, 2n)] },
    ]);
    expect(batch?.orders).to.deep.equal([offer.order, bid.order]);
    expect(batch?.signatures).to.deep.equal([SIGNATURE, SIGNATURE]);
  });

  it("are none of no pairings, and of pairings without energy", () => {
    expect(batchesOf([], options)).to.deep.equal([]);
    expect(batchesOf([pairing(offerOf(1), bidOf(2), new Map([[3, 0n]]))], options)).to.deep.equal(
      [],
    );
    expect(batchesOf([pairing(offerOf(1), bidOf(2), new Map())], options)).to.deep.equal([]);
  });

  it("name the schedule that each slot goes by, at both ends of a line", () => {
    const schedules = (bid: SignedOrder) =>
      batchesOf([pairing(offerOf(1), bid, evenly(956, 8))], options)[0]?.matches.map(
        ({ schedule, bidSchedule, firstBlock }) => [schedule, bidSchedule, firstBlock],
      );
    expect(schedules(bidOf(2))).to.deep.equal([
      [0, 0, 119],
      [1, 0, 120],
    ]);
    expect(schedules(bidOf(2, { microgrid: 2 }))).to.deep.equal([
      [0, 0, 119],
      [1, 1, 120],
    ]);
  });

  it("cut a forward where its price changes, and only a forward", () => {
    // Slots of 15 minutes: noon is slot 48.
    const slotsOf = (forward: boolean) =>
      batchesOf(
        [pairing(offerOf(1, { forward }), bidOf(2, { forward }), evenly(44, 8))],
        options,
      )[0]?.matches.map(({ firstBlock, energy }) => [
        ...unpackProfile({ firstBlock, words: energy }).keys(),
      ]);
    expect(slotsOf(false)).to.deep.equal([[44, 45, 46, 47, 48, 49, 50, 51]]);
    expect(slotsOf(true)).to.deep.equal([
      [44, 45, 46, 47],
      [48, 49, 50, 51],
    ]);
  });

  it("keep each match whole where it fits, and cut one that exceeds the budget alone", () => {
    const pairings = Array.from({ length: 40 }, (_, index) =>
      pairing(offerOf(2 * index), bidOf(2 * index + 1), evenly(0, 96)),
    );
    const batches = batchesOf(pairings, options);
    expect(batches.length).to.be.greaterThan(1);
    for (const { gas } of batches) expect(gas <= SETTLE_GAS_BUDGET).to.equal(true);
    // A match of twelve blocks is never in two batches.
    expect(batches.flatMap((batch) => batch.matches).length).to.equal(40);

    const year = batchesOf([pairing(offerOf(1), bidOf(2), evenly(0, 8 * 1_000))], options);
    expect(year.length).to.be.greaterThan(1);
    for (const { gas } of year) expect(gas <= SETTLE_GAS_BUDGET).to.equal(true);
    expect(tradesOf(year).size).to.equal(8_000);
  });

  it("refuse a budget that no match fits", () => {
    const pairings = [pairing(offerOf(1), bidOf(2), evenly(0, 1))];
    const gasBudget = batchesOf(pairings, options)[0]?.gas ?? 0n;
    expect(batchesOf(pairings, { ...options, gasBudget }).length).to.equal(1);
    expect(() => batchesOf(pairings, { ...options, gasBudget: gasBudget - 1n })).to.throw(
      RangeError,
      "No match fits",
    );
  });

  it("count what the bounds say, a wallet that is asked included", () => {
    const proof: Hex = `0x${"11".repeat(65 + 70)}`;
    const bid = { ...bidOf(2, { microgrid: 2 }), signature: proof };
    const energyWh = new Map([0, 1, 8].map((slot) => [slot, 5n]));
    const [batch] = batchesOf([pairing(offerOf(1), bid, energyWh)], {
      ...options,
      isWallet: (maker) => maker === account(1),
    });
    const gas = SETTLE_GAS;
    expect(batch?.gas).to.equal(
      gas.batch +
        2n * gas.perOrder +
        gas.perWallet +
        70n * gas.perProofByte +
        gas.perMatch +
        2n * (gas.perWord + gas.perCountedWord) +
        3n * gas.perLane,
    );
    expect(SETTLE_GAS_BUDGET < TRANSACTION_GAS_CAP).to.equal(true);
  });

  it("lose nothing and double nothing, however small the budget", () => {
    const pair = fc.record({
      offer: fc.integer({ min: 0, max: 3 }),
      bid: fc.integer({ min: 4, max: 7 }),
      first: fc.integer({ min: 900, max: 1_000 }),
      count: fc.integer({ min: 1, max: 60 }),
      wh: fc.bigInt(1n, 1_000n),
    });
    const pairs = fc.uniqueArray(pair, {
      selector: ({ offer, bid }) => `${offer} ${bid}`,
      maxLength: 12,
    });
    const property = fc.property(
      pairs,
      fc.bigInt(500_000n, 3_000_000n),
      fc.boolean(),
      (drawn, gasBudget, forward) => {
        const offers = Array.from({ length: 4 }, (_, index) => offerOf(index, { forward }));
        const bids = Array.from({ length: 4 }, (_, index) => bidOf(4 + index, { forward }));
        const pairings = drawn.flatMap(({ offer, bid, first, count, wh }) => {
          const [sold, bought] = [offers[offer], bids[bid - 4]];
          return sold && bought ? [pairing(sold, bought, evenly(first, count, wh))] : [];
        });
        const batches = batchesOf(pairings, { ...options, gasBudget });
        for (const { gas } of batches) expect(gas <= gasBudget).to.equal(true);
        const wanted = pairings.flatMap(({ offer, bid, energyWh }) =>
          [...energyWh].map(([slot, wh]): [string, bigint] => [
            `${offer.order.nonce} ${bid.order.nonce} 0 ${slot < 960 ? 0 : 1} 0 ${slot}`,
            wh,
          ]),
        );
        expect(new Map([...tradesOf(batches)].sort())).to.deep.equal(new Map(wanted.sort()));
        for (const { energy } of batches.flatMap((batch) => batch.matches)) {
          expect(energy.length).to.be.within(1, 256);
          expect(energy).not.to.include(0n);
        }
      },
    );
    fc.assert(property, { numRuns: 100 });
  });

  it("follow the clearing of a book", () => {
    const signed = [
      offerOf(1, { price: 80_000n }),
      offerOf(2, { price: 195_000n }),
      bidOf(3, { price: 250_000n }),
    ];
    const open = { leftWh: 100n, mostWh: 30n };
    const matches = clearCommunity({
      orders: signed.map(({ order: each }) => limitOf(each, open, "Solar")),
      slots: [40, 41].map((slot) => communitySlotIn(HALF_DAYS, slot)),
    });
    const pairings = matches.flatMap(({ offer, bid, energyWh }) => {
      const [sold, bought] = [signed[offer], signed[bid]];
      return sold && bought ? [pairing(sold, bought, energyWh)] : [];
    });
    const [batch] = batchesOf(pairings, options);
    // 195,000 and the fee exceed 200,000.
    expect(batch?.orders.map(({ maker }) => maker)).to.deep.equal([account(1), account(3)]);
    expect(batch?.matches.map(({ firstBlock }) => firstBlock)).to.deep.equal([blockOf(40)]);
  });
});

describe("what the clearing needs to know", () => {
  it("is an order's terms and what is left of it", () => {
    const meter = account(9);
    expect(
      limitOf(order(3, { side: 1, meter, price: 7n, nonce: 4n }), { leftWh: 12n }),
    ).to.deep.equal({
      maker: account(3),
      nonce: 4n,
      side: "bid",
      sources: [...SOURCES],
      firstSlot: 0,
      lastSlot: 100_000,
      pricePerKwh: 7n,
      meter,
      leftWh: 12n,
    });
    expect(limitOf(order(3), { leftWh: 12n }, "Solar").sources).to.deep.equal(["Solar"]);
    expect(() => limitOf(order(3), { leftWh: 1n })).to.throw("no source");
  });

  it("is a slot's community price and fee, and the ration of an islanded slot", () => {
    const microgrid = {
      ...HALF_DAYS,
      islands: [{ firstSlot: 2 * LANES, lastSlot: 3 * LANES, endedAtSeconds: 1 }],
      rations: [
        { fromSlot: 0, rationWh: 250n },
        { fromSlot: 20, rationWh: NO_RATION_WH },
      ],
    };
    const fee = { networkFeePerKwh: 10_000n };
    expect(communitySlotIn(microgrid, 0)).to.deep.equal({ slot: 0, pricePerKwh: 200_000n, ...fee });
    // The cap of an islanded slot is 150,000.
    const islanded = { pricePerKwh: 150_000n, ...fee };
    expect(communitySlotIn(microgrid, 16)).to.deep.equal({ slot: 16, ...islanded, rationWh: 250n });
    expect(communitySlotIn(microgrid, 20)).to.deep.equal({
      slot: 20,
      ...islanded,
      rationWh: NO_RATION_WH,
    });
  });
});
