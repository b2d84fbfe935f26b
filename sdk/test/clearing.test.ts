import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Address, type Hex, numberToHex, zeroAddress } from "viem";
import {
  type Batch,
  clearingPrices,
  type Demand,
  planBatches,
  SETTLE_GAS,
  SETTLE_GAS_BUDGET,
  type Supply,
  settleGas,
  TRANSACTION_GAS_CAP,
  uniformPrice,
} from "../src/clearing.ts";
import { ANY_SOURCE, SOURCES, type Source, sourceMask } from "../src/energyId.ts";
import { unpackProfile } from "../src/profile.ts";
import type { Order } from "../src/typedData.ts";

const SIGNATURE: Hex = `0x${"11".repeat(65)}`;
const NO_FEE = { networkFee: 0n };

const account = (number: number): Address => numberToHex(number, { size: 20 });

let nonces = 0n;

/** An order of the `maker`-th household for the slots 0 to 1000. */
const order = (maker: number, overrides: Partial<Order>): Order => ({
  maker: account(maker),
  meter: zeroAddress,
  microgrid: 1,
  side: 0,
  sources: ANY_SOURCE,
  firstSlot: 0,
  lastSlot: 1_000,
  energy: 1_000_000,
  price: 0n,
  forward: false,
  bond: 0n,
  counterparty: zeroAddress,
  nonce: nonces++,
  counter: 0n,
  deadline: 2_000_000_000,
  ...overrides,
});

const supply = (
  maker: number,
  price: bigint,
  energyWh: Record<number, bigint>,
  overrides: Partial<Order> & { source?: Source; leftWh?: bigint } = {},
): Supply => {
  const { source = "Solar", leftWh, ...members } = overrides;
  return {
    order: order(maker, { side: 0, price, ...members }),
    signature: SIGNATURE,
    source,
    energyWh: bySlot(energyWh),
    ...(leftWh === undefined ? {} : { leftWh }),
  };
};

const demand = (
  maker: number,
  price: bigint,
  energyWh: Record<number, bigint>,
  overrides: Partial<Order> & { leftWh?: bigint } = {},
): Demand => {
  const { leftWh, ...members } = overrides;
  return {
    order: order(maker, { side: 1, price, ...members }),
    signature: SIGNATURE,
    energyWh: bySlot(energyWh),
    ...(leftWh === undefined ? {} : { leftWh }),
  };
};

const bySlot = (energyWh: Record<number, bigint>): Map<number, bigint> =>
  new Map(Object.entries(energyWh).map(([slot, wh]) => [Number(slot), wh]));

/** Who gets how much from whom: seller, buyer, slot, Wh. */
const trades = (batches: readonly Batch[]): [number, number, number, bigint][] =>
  batches.flatMap(({ orders, matches }) =>
    matches.flatMap(({ offer, bid, firstBlock, energy }) =>
      [...unpackProfile({ firstBlock, words: energy })].map(
        ([slot, wh]): [number, number, number, bigint] => [
          Number(orders[offer]?.maker),
          Number(orders[bid]?.maker),
          slot,
          wh,
        ],
      ),
    ),
  );

describe("Clearing", () => {
  describe("the uniform price", () => {
    it("is the midpoint of the highest offer with the fee and the lowest bid, rounded down", () => {
      expect(uniformPrice(100n, 0n, 200n)).to.equal(150n);
      expect(uniformPrice(100n, 20n, 200n)).to.equal(160n);
      expect(uniformPrice(100n, 0n, 201n)).to.equal(150n);
      expect(uniformPrice(100n, 0n, 101n)).to.equal(100n);
      expect(uniformPrice(100n, 0n, 100n)).to.equal(100n);
    });

    it("does not exist where an offer with the fee exceeds a bid", () => {
      expect(() => uniformPrice(101n, 0n, 100n)).to.throw(RangeError);
      expect(() => uniformPrice(100n, 1n, 100n)).to.throw(RangeError);
    });

    it("is one for each slot, whoever trades in it", () => {
      const [batch] = planBatches(
        [supply(1, 100n, { 0: 10n, 1: 10n }), supply(2, 150n, { 1: 10n })],
        [demand(3, 300n, { 0: 10n, 1: 10n }), demand(4, 201n, { 1: 10n })],
        NO_FEE,
      );
      expect(batch && clearingPrices(batch, 0n)).to.deep.equal(
        new Map([
          [0, 200n],
          [1, 175n],
        ]),
      );
      expect(batch && clearingPrices(batch, 1n)).to.deep.equal(
        new Map([
          [0, 200n],
          [1, 176n],
        ]),
      );
    });
  });

  describe("matching", () => {
    it("gives the cheapest energy to the highest bids", () => {
      const batches = planBatches(
        [supply(1, 150n, { 5: 10n }), supply(2, 100n, { 5: 10n }), supply(3, 260n, { 5: 10n })],
        [demand(4, 200n, { 5: 8n }), demand(5, 250n, { 5: 7n }), demand(6, 90n, { 5: 10n })],
        NO_FEE,
      );
      expect(trades(batches)).to.deep.equal([
        [2, 5, 5, 7n],
        [2, 4, 5, 3n],
        [1, 4, 5, 5n],
      ]);
    });

    it("takes equal prices in the given order", () => {
      const batches = planBatches(
        [supply(1, 100n, { 0: 5n }), supply(2, 100n, { 0: 5n })],
        [demand(3, 200n, { 0: 5n }), demand(4, 200n, { 0: 5n })],
        NO_FEE,
      );
      expect(trades(batches)).to.deep.equal([
        [1, 3, 0, 5n],
        [2, 4, 0, 5n],
      ]);
    });

    it("counts the network fee", () => {
      const [supplies, demands] = [[supply(1, 100n, { 0: 5n })], [demand(2, 110n, { 0: 5n })]];
      expect(trades(planBatches(supplies, demands, { networkFee: 10n })).length).to.equal(1);
      expect(planBatches(supplies, demands, { networkFee: 11n })).to.deep.equal([]);
    });

    it("joins the slots of a pair to one match", () => {
      const [batch] = planBatches(
        [supply(1, 1n, { 6: 5n, 7: 5n, 8: 5n, 30: 5n })],
        [demand(2, 2n, { 6: 5n, 7: 4n, 8: 3n, 30: 2n })],
        NO_FEE,
      );
      const lane = (index: number, wh: bigint) => wh << BigInt(32 * index);
      expect(batch?.matches).to.deep.equal([
        { offer: 0, bid: 1, source: 0, firstBlock: 0, energy: [lane(6, 5n) | lane(7, 4n), 3n] },
        { offer: 0, bid: 1, source: 0, firstBlock: 3, energy: [lane(6, 2n)] },
      ]);
    });

    it("skips what orders do not allow", () => {
      const solar = { sources: sourceMask("Solar") };
      const bid = demand(9, 200n, { 0: 5n });
      const nothing = (one: Supply, other: Demand) =>
        expect(planBatches([one], [other], NO_FEE)).to.deep.equal([]);
      nothing(supply(1, 100n, { 0: 5n }, { source: "Wind" }), demand(9, 200n, { 0: 5n }, solar));
      nothing(supply(1, 100n, { 0: 5n }, { source: "Wind", ...solar }), bid);
      nothing(supply(1, 100n, { 0: 5n }, { counterparty: account(8) }), bid);
      nothing(supply(1, 100n, { 0: 5n }), demand(9, 200n, { 0: 5n }, { counterparty: account(8) }));
      nothing(supply(9, 100n, { 0: 5n }), bid);
      nothing(supply(1, 100n, { 1: 5n }), bid);
      nothing(supply(1, 100n, { 0: 5n }, { firstSlot: 1 }), bid);
      nothing(supply(1, 100n, { 0: 5n }), demand(9, 200n, { 0: 5n }, { firstSlot: 1 }));
    });

    it("accepts the counterparty in any letter case", () => {
      const mixed: Address = "0x52908400098527886E0F7030069857D2E4169EE7";
      const batches = planBatches(
        [supply(1, 100n, { 0: 5n }, { counterparty: mixed })],
        [demand(0, 200n, { 0: 5n }, { maker: numberToHex(BigInt(mixed), { size: 20 }) })],
        NO_FEE,
      );
      expect(trades(batches).length).to.equal(1);
    });

    it("fills no order beyond what is left of it, earlier slots first", () => {
      const left = { leftWh: 7n };
      expect(
        trades(
          planBatches(
            [supply(1, 1n, { 0: 5n, 1: 5n, 2: 5n }, left)],
            [demand(2, 2n, { 0: 5n, 1: 5n, 2: 5n })],
            NO_FEE,
          ),
        ),
      ).to.deep.equal([
        [1, 2, 0, 5n],
        [1, 2, 1, 2n],
      ]);
      expect(
        trades(
          planBatches(
            [supply(1, 1n, { 0: 5n, 1: 5n, 2: 5n })],
            [demand(2, 2n, { 0: 5n, 1: 5n, 2: 5n }, { energy: 7 })],
            NO_FEE,
          ),
        ),
      ).to.deep.equal([
        [1, 2, 0, 5n],
        [1, 2, 1, 2n],
      ]);
    });

    it("takes an offer of several sources as one order", () => {
      const offer = supply(1, 1n, { 0: 5n }, { energy: 8 });
      const wind: Supply = { ...offer, source: "Wind" };
      const batches = planBatches([offer, wind], [demand(2, 2n, { 0: 10n })], NO_FEE);
      expect(batches[0]?.orders.length).to.equal(2);
      expect(trades(batches)).to.deep.equal([
        [1, 2, 0, 5n],
        [1, 2, 0, 3n],
      ]);
      expect(batches[0]?.matches.map(({ source }) => source)).to.deep.equal([0, 1]);
    });

    it("never crosses, even where sources and counterparties disturb the merit order", () => {
      const slots = fc.dictionary(fc.constantFrom("0", "7", "8"), fc.bigInt(0n, 20n));
      const terms = fc.record({
        maker: fc.integer({ min: 1, max: 5 }),
        price: fc.bigInt(0n, 30n),
        wh: slots,
        sources: fc.integer({ min: 1, max: 3 }),
        source: fc.constantFrom(...SOURCES.slice(0, 2)),
        counterparty: fc.constantFrom(0, 0, 1, 2, 3),
        energy: fc.integer({ min: 0, max: 40 }),
      });
      const property = fc.property(
        fc.array(terms, { maxLength: 8 }),
        fc.array(terms, { maxLength: 8 }),
        fc.bigInt(0n, 5n),
        (offers, bids, networkFee) => {
          const batches = planBatches(
            offers.map(({ maker, price, wh, source, sources, counterparty, energy }) =>
              supply(maker, price, wh, {
                source,
                sources,
                energy,
                counterparty: account(counterparty),
              }),
            ),
            bids.map(({ maker, price, wh, sources, counterparty, energy }) =>
              demand(maker, price, wh, { sources, energy, counterparty: account(counterparty) }),
            ),
            { networkFee },
          );
          // Throws where an offer exceeds a bid of its slot.
          for (const batch of batches) clearingPrices(batch, networkFee);
          const filled = new Map<Order, bigint>();
          for (const { orders, matches } of batches) {
            for (const match of matches) {
              const wh = [...unpackProfile({ ...match, words: match.energy }).values()];
              for (const each of [orders[match.offer], orders[match.bid]]) {
                if (each === undefined) throw new Error("A match names no order.");
                const sum = wh.reduce((a, b) => a + b, filled.get(each) ?? 0n);
                filled.set(each, sum);
                expect(sum <= BigInt(each.energy)).to.equal(true);
              }
            }
          }
        },
      );
      fc.assert(property, { numRuns: 300 });
    });
  });

  describe("batches", () => {
    /** As many pairs as told, each trading in one slot of each of the first blocks. */
    const book = (pairs: number, blocks: number) => {
      const energyWh = Object.fromEntries(
        Array.from({ length: blocks }, (_, block) => [8 * block, 5n]),
      );
      return {
        supplies: Array.from({ length: pairs }, (_, i) => supply(2 * i + 1, 100n, energyWh)),
        demands: Array.from({ length: pairs }, (_, i) => demand(2 * i + 2, 200n, energyWh)),
      };
    };
    const blocksOf = ({ matches }: Batch) =>
      new Set(
        matches.flatMap(({ firstBlock, energy }) => energy.map((_, offset) => firstBlock + offset)),
      );

    it("are one as long as the gas suffices", () => {
      const { supplies, demands } = book(10, 4);
      const batches = planBatches(supplies, demands, NO_FEE);
      expect(batches.length).to.equal(1);
      expect(batches[0]?.orders.length).to.equal(20);
      expect(batches[0]?.matches.length).to.equal(10);
    });

    it("leave headroom below the gas limit of a transaction", () => {
      expect(SETTLE_GAS_BUDGET).to.equal(14_000_000n);
      expect(TRANSACTION_GAS_CAP).to.equal(2n ** 24n);
    });

    it("are cut between blocks, so that no slot has two prices", () => {
      const { supplies, demands } = book(20, 40);
      const batches = planBatches(supplies, demands, NO_FEE);
      expect(batches.length).to.be.greaterThan(1);
      const seen = new Set<number>();
      for (const batch of batches) {
        expect(batch.gas <= SETTLE_GAS_BUDGET).to.equal(true);
        for (const block of blocksOf(batch)) {
          expect(seen.has(block)).to.equal(false);
          seen.add(block);
        }
      }
      expect(seen.size).to.equal(40);
      expect(trades(batches).length).to.equal(20 * 40);
    });

    it("cut a block that is too big for one, and lose nothing of it", () => {
      const { supplies, demands } = book(300, 1);
      const batches = planBatches(supplies, demands, NO_FEE);
      expect(batches.length).to.be.greaterThan(1);
      for (const batch of batches) expect(batch.gas <= SETTLE_GAS_BUDGET).to.equal(true);
      expect(trades(batches).length).to.equal(300);
    });

    it("keep to a smaller budget, and refuse one that nothing fits", () => {
      const { supplies, demands } = book(4, 1);
      const [one] = planBatches(supplies.slice(0, 1), demands.slice(0, 1), NO_FEE);
      const gasBudget = one?.gas ?? 0n;
      expect(planBatches(supplies, demands, { ...NO_FEE, gasBudget }).length).to.equal(4);
      expect(() =>
        planBatches(supplies, demands, { ...NO_FEE, gasBudget: gasBudget - 1n }),
      ).to.throw(RangeError, "No match fits");
    });

    it("count what the cost model says", () => {
      const [batch] = planBatches(
        [supply(1, 1n, { 0: 5n, 1: 5n, 8: 5n })],
        [{ ...demand(2, 2n, { 0: 5n, 1: 5n, 8: 5n }), signature: `0x${"11".repeat(65 + 66)}` }],
        NO_FEE,
      );
      const {
        batch: base,
        perOrder,
        perProofByte,
        perMatch,
        perWord,
        perLane,
        perBlock,
      } = SETTLE_GAS;
      const expected =
        base +
        2n * perOrder +
        66n * perProofByte +
        perMatch +
        2n * perWord +
        3n * perLane +
        2n * perBlock;
      expect(batch?.gas).to.equal(expected);
      expect(batch && settleGas(batch)).to.equal(expected);
    });
  });

  describe("refuses", () => {
    const offer = supply(1, 1n, { 0: 5n });
    const bid = demand(2, 2n, { 0: 5n });

    it("orders on the wrong side", () => {
      expect(() => planBatches([{ ...bid, source: "Solar" }], [bid], NO_FEE)).to.throw("no offer");
      expect(() => planBatches([offer], [offer], NO_FEE)).to.throw("no bid");
    });

    it("forwards", () => {
      expect(() =>
        planBatches([offer], [demand(2, 2n, { 0: 5n }, { forward: true })], NO_FEE),
      ).to.throw("is a forward");
    });

    it("orders of two microgrids", () => {
      expect(() =>
        planBatches([offer], [demand(2, 2n, { 0: 5n }, { microgrid: 2 })], NO_FEE),
      ).to.throw("is of microgrid 2, not 1");
    });
  });
});
