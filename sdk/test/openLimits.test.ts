import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Address, zeroAddress } from "viem";
import { runs } from "../../test/support/runs.ts";
import {
  type Batch,
  BID,
  batchesOf,
  dueBlocksOf,
  type EnergyBySlot,
  keepMatches,
  LANES,
  OFFER,
  type OpenLimit,
  type Order,
  type Position,
  pairLimits,
  RELEASE_GAS,
  type Release,
  releaseBatchesOf,
  type Source,
} from "../src/index.ts";
import { account, held, open, SLOT, LIMIT_SLOTS as slots } from "./support/limits.ts";
import { microgridWith } from "./support/microgrid.ts";

const FIRST_BLOCK = SLOT / LANES;
const microgrid = microgridWith({ levels: [{ feePerKwh: 10_000n, capPerKwh: 250_000n }] });

const poolsOf =
  (byMaker: ReadonlyMap<Address, EnergyBySlot>) => (order: Order, source: Source) => ({
    key: `${order.maker} ${source}`,
    energyWh: source === "Solar" ? (byMaker.get(order.maker) ?? new Map()) : new Map(),
  });

describe("Open limits", () => {
  it("of one maker share its energy, the cheapest first", () => {
    const [dear, cheap] = [
      open(1, OFFER, 1_000, { price: 150_000n }),
      open(1, OFFER, 300, { price: 120_000n }),
    ];
    const pairings = pairLimits({
      microgrid,
      slots,
      offers: [dear, cheap],
      bids: [open(2, BID, 5_000)],
      poolOf: poolsOf(new Map([[account(1), held([500, 0, 0, 0])]])),
    });
    const sold = (offer: OpenLimit) =>
      pairings
        .filter((pairing) => pairing.offer.order === offer.order)
        .flatMap(({ energyWh }) => [...energyWh.values()])
        .reduce((sum, wh) => sum + wh, 0n);
    expect([sold(cheap), sold(dear)]).to.deep.equal([300n, 200n]);
  });

  it("never trade more than is left of an order, or than covers it, nor depend on the list's order", () => {
    const offers = fc.array(
      fc.record({
        maker: fc.integer({ min: 1, max: 3 }),
        wh: fc.integer({ min: 1, max: 900 }),
        price: fc.constantFrom(100_000n, 150_000n, 195_000n),
      }),
      { minLength: 1, maxLength: 5 },
    );
    const bids = fc.array(
      fc.record({ maker: fc.integer({ min: 2, max: 6 }), wh: fc.integer({ min: 1, max: 900 }) }),
      { minLength: 1, maxLength: 5 },
    );
    const energy = fc.array(fc.array(fc.nat(400), { minLength: 4, maxLength: 4 }), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(offers, bids, energy, (offered, wanted, energyWh) => {
        const book = {
          microgrid,
          slots,
          offers: offered.map(({ maker, wh, price }) => open(maker, OFFER, wh, { price })),
          bids: wanted.map(({ maker, wh }) => open(maker, BID, wh)),
          poolOf: poolsOf(new Map(energyWh.map((wh, index) => [account(index + 1), held(wh)]))),
        };
        const pairings = pairLimits(book);
        const sums = new Map<string, bigint>();
        const add = (key: string, wh: bigint) => sums.set(key, (sums.get(key) ?? 0n) + wh);
        for (const { offer, bid, energyWh: given } of pairings) {
          for (const [slot, wh] of given) {
            add(`${offer.order.nonce}`, wh);
            add(`${bid.order.nonce}`, wh);
            add(`${offer.order.maker} ${slot}`, wh);
          }
        }
        for (const { order, leftWh } of [...book.offers, ...book.bids]) {
          expect((sums.get(`${order.nonce}`) ?? 0n) <= leftWh).to.equal(true);
        }
        for (const [index, wh] of energyWh.entries()) {
          for (const slot of slots) {
            const sold = sums.get(`${account(index + 1)} ${slot}`) ?? 0n;
            expect(sold <= BigInt(wh[slot - SLOT] ?? 0)).to.equal(true);
          }
        }
        const told = (of: typeof pairings): string[] =>
          of
            .map(({ offer, bid, energyWh: given }) =>
              [offer.order.nonce, bid.order.nonce, ...[...given].flat()].join(" "),
            )
            .sort();
        const turned = pairLimits({
          ...book,
          offers: [...book.offers].reverse(),
          bids: [...book.bids].reverse(),
        });
        expect(told(turned)).to.deep.equal(told(pairings));
      }),
      runs(200),
    );
  });
});

describe("A batch without some of its matches", () => {
  it("keeps the others as they were, with their orders and signatures alone", () => {
    const offers = [open(1, OFFER, 100), open(2, OFFER, 100)];
    const bids = [open(3, BID, 100), open(4, BID, 100)];
    const pairings = offers.flatMap((offer, o) =>
      bids.map((bid, b) => ({
        offer: { ...offer, signature: `0x0${o}` as const },
        bid: { ...bid, signature: `0x1${b}` as const },
        source: "Solar" as const,
        energyWh: new Map([[SLOT, BigInt(10 * o + b + 1)]]),
      })),
    );
    const [batch] = batchesOf(pairings, { known: () => microgrid });
    if (batch === undefined) throw new Error("There is no batch.");
    const told = ({ orders, signatures, matches }: Batch) =>
      matches.map(({ offer, bid, energy }) => [
        orders[offer]?.nonce,
        signatures[offer],
        orders[bid]?.nonce,
        signatures[bid],
        energy[0],
      ]);
    for (let kept = 0; kept < 16; kept++) {
      const isKept = (index: number): boolean => ((kept >> index) & 1) === 1;
      const part = keepMatches(batch, isKept);
      expect(told(part)).to.deep.equal(told(batch).filter((_, index) => isKept(index)));
      const used = new Set(part.matches.flatMap(({ offer, bid }) => [offer, bid]));
      expect(part.orders.length).to.equal(used.size);
      expect(part.signatures.length).to.equal(used.size);
    }
  });
});

const position = (energy: readonly bigint[]): Position => ({
  seller: account(1),
  buyer: account(2),
  meter: account(3),
  source: 0,
  from: 1,
  to: 1,
  currency: zeroAddress,
  price: 0n,
  perArrived: false,
  charge: 0n,
  bond: 0n,
  lossBps: 0,
  buyerDelegate: zeroAddress,
  rationed: zeroAddress,
  firstBlock: FIRST_BLOCK,
  energy: [...energy],
  ahead: energy.map(() => 0n),
});
const guard = (lane: number): bigint => 1n << BigInt(32 * lane + 31);

describe("Blocks of a forward that are due", () => {
  /** Energy in the first two lanes of three blocks. */
  const three = position([1n | (2n << 32n), 1n | (2n << 32n), 1n | (2n << 32n)]);
  const endOfLane = (block: number, lane: number): number =>
    ((FIRST_BLOCK + block) * LANES + lane + 1) * 900;
  const due = (nowSeconds: number, isBuyer: boolean, marks: readonly bigint[], isOpen = 7n) =>
    dueBlocksOf(three, {
      open: isOpen,
      reported: (block) => marks[block - FIRST_BLOCK] ?? 0n,
      microgrid,
      nowSeconds,
      isBuyer,
    });

  it("are those of which every lane with energy is reported, and that are open", () => {
    const all = guard(0) | guard(1);
    expect(due(0, true, [all, guard(0), 0n])).to.deep.equal({ reported: 1n, overdue: 0n });
    expect(due(0, true, [all, all, all], 5n)).to.deep.equal({ reported: 5n, overdue: 0n });
  });

  it("may be called undelivered when the last missing slot is overdue, by others 30 days later", () => {
    const overdue = endOfLane(0, 1) + 86_400;
    expect(due(overdue - 1, true, []).overdue).to.equal(0n);
    expect(due(overdue, true, []).overdue).to.equal(1n);
    // Only lanes that are missing count.
    expect(due(overdue - 900, true, [guard(1)]).overdue).to.equal(1n);
    expect(due(overdue + 30 * 86_400 - 1, false, []).overdue).to.equal(0n);
    expect(due(overdue + 30 * 86_400, false, []).overdue).to.equal(1n);
  });
});

describe("Batches of releases", () => {
  it("release every block once, in order, within the gas", () => {
    const counts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(counts, fc.bigInt({ min: 400_000n, max: 3_000_000n }), (blocks, budget) => {
        const releases: Release[] = blocks.map((count, index) => ({
          position: { ...position(Array(count).fill(1n)), firstBlock: index },
          blocks: (1n << BigInt(count)) - 1n,
        }));
        const batches = releaseBatchesOf(releases, budget);
        const seen = blocks.map(() => 0n);
        for (const { releases: part, gas } of batches) {
          expect(gas <= budget).to.equal(true);
          let planned: bigint = RELEASE_GAS.batch;
          for (const { position: of, blocks: bits } of part) {
            expect((seen[of.firstBlock] ?? 0n) & bits).to.equal(0n);
            seen[of.firstBlock] = (seen[of.firstBlock] ?? 0n) | bits;
            const count = bits.toString(2).replaceAll("0", "").length;
            planned +=
              RELEASE_GAS.perRelease +
              RELEASE_GAS.perWord * BigInt(of.energy.length) +
              RELEASE_GAS.perBlock * BigInt(count);
          }
          expect(planned).to.equal(gas);
        }
        expect(seen).to.deep.equal(releases.map(({ blocks: bits }) => bits));
      }),
      runs(200),
    );
  });
});
