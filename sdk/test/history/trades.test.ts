import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { Address } from "viem";
import {
  type Act,
  addWords,
  costOf,
  type EventNamed,
  earningsOf,
  energyBySlot,
  LANES,
  laneWord,
  lockedFor,
  mergedWords,
  partsOfTrade,
  positionsOf,
  slotPricesOf,
  sumWh,
  tariffHistories,
  tradesOf,
} from "../../src/index.ts";

const [SELLER, BUYER, DSO, NEW_DSO] = ["11", "22", "33", "44"].map(
  (pair): Address => `0x${pair.repeat(20)}`,
) as [Address, Address, Address, Address];
const EURO: Address = `0x${"55".repeat(20)}`;
const METER: Address = `0x${"66".repeat(20)}`;
const HASH = `0x${"77".repeat(32)}` as const;
const SLOT_SECONDS = 900;
const DEADLINE = 3600;

const plain = (event: object): Act => ({ kind: "plain", event: { logIndex: 0, ...event } }) as Act;
const founded = (microgrid = 1, dso = DSO): Act =>
  plain({
    eventName: "Founded",
    args: {
      ...{ microgrid, dso, operator: SELLER },
      charter: { slotSeconds: SLOT_SECONDS, reportingDeadline: DEADLINE },
      tariffs: { feedIn: 80_000n, retail: 320_000n },
    },
  });
const dsoSet = (dso: Address): Act => plain({ eventName: "DsoSet", args: { microgrid: 1, dso } });

/** A batch of one match: Wh and price of each slot of block 1, in order. */
const settled = (from: Address, slots: readonly (readonly [wh: bigint, price: bigint])[]): Act => {
  const energy = slots.reduce((word, [wh], lane) => word | laneWord(lane, wh), 0n);
  const cost = slots.reduce((sum, [wh, price]) => sum + costOf(price, wh), 0n);
  const words = [{ microgrid: 1, source: "Solar", blockNumber: 1, energy }] as const;
  return {
    kind: "settle",
    cleared: {
      eventName: "Cleared",
      logIndex: 3,
      args: { microgrid: 1, firstBlock: 1, prices: slots.map(([, price]) => price) },
    } as EventNamed<"Cleared">,
    outcomes: [
      {
        move: { operator: EURO, from, to: BUYER, words, logIndex: 1 },
        matched: {
          eventName: "Matched",
          logIndex: 2,
          args: { offerHash: HASH, bidHash: HASH, cost, charge: 0n, offerNonce: 0n, bidNonce: 0n },
        } as EventNamed<"Matched">,
        drawn: [],
      },
    ],
  };
};

const TERMS = {
  ...{ seller: SELLER, buyer: BUYER, meter: METER, source: 0, from: 1, to: 1, currency: EURO },
  ...{ price: 123_457n, charge: 1_003n, bond: 50_001n, lossBps: 0 },
};

const reserved = (word: bigint, locked: bigint, bonded: bigint): Act => ({
  kind: "reserve",
  reserved: {
    eventName: "Reserved",
    logIndex: 0,
    args: {
      ...{ positionId: HASH, orderHash: HASH, position: TERMS, maker: SELLER, nonce: 0n },
      ...{ filled: sumWh([word]), locked, bonded, firstBlock: 2, energy: [word] },
    },
  } as EventNamed<"Reserved">,
  drawn: [],
});

const released = (word: bigint, delivered: bigint): Act => {
  const [whole, part] = [lockedFor(TERMS, word), lockedFor(TERMS, delivered)];
  const paid = costOf(TERMS.price, part.reservedWh);
  const charge = part.locked - paid;
  return {
    kind: "release",
    released: {
      eventName: "Released",
      logIndex: 0,
      args: {
        ...{ positionId: HASH, blockNumber: 2, delivered, paid, charge },
        ...{ refund: whole.locked - part.locked, forfeited: whole.bonded - part.bonded },
      },
    } as EventNamed<"Released">,
    mints: [],
    unmintable: [],
  };
};

const word = (most: bigint) =>
  fc
    .array(fc.bigInt(0n, most), { minLength: LANES, maxLength: LANES })
    .map((lanes) => lanes.reduce((sum, wh, lane) => sum | laneWord(lane, wh), 0n));

describe("Trades, read from acts", () => {
  it("are charged in each slot of a batch by its price, not by energy alone", () => {
    const trades = tradesOf([
      { act: founded() },
      {
        act: settled(SELLER, [
          [1000n, 100_000n],
          [1000n, 300_000n],
        ]),
      },
    ]);
    const prices = slotPricesOf(trades, 1);
    expect([...prices.values()].map(({ cost }) => cost)).to.deep.equal([100_000n, 300_000n]);
    expect([...prices.values()].map(({ lastPrice }) => lastPrice)).to.deep.equal([
      100_000n,
      300_000n,
    ]);
  });

  it("have costs by slot that add up to the payment, to the unit", () => {
    const slot = fc.tuple(fc.bigInt(1n, 2n ** 31n - 1n), fc.bigInt(0n, 10n ** 7n));
    fc.assert(
      fc.property(fc.array(slot, { minLength: 1, maxLength: LANES }), (slots) => {
        const [trade] = tradesOf([{ act: founded() }, { act: settled(SELLER, slots) }]);
        if (trade === undefined) throw new Error("The batch has no trade.");
        const parts = partsOfTrade(trade, [], []);
        expect(parts.reduce((sum, { paid }) => sum + paid, 0n)).to.equal(trade.cost);
        const total = [...slotPricesOf([trade], 1).values()].reduce(
          (sum, { cost }) => sum + cost,
          0n,
        );
        expect(total).to.equal(trade.cost);
      }),
    );
  });

  it("are with the grid when the DSO of that time is one side, and only then", () => {
    const lane = [[10n, 1_000n]] as const;
    const acts = [
      founded(),
      settled(DSO, lane),
      settled(NEW_DSO, lane),
      dsoSet(NEW_DSO),
      settled(DSO, lane),
      settled(NEW_DSO, lane),
    ];
    const trades = tradesOf(acts.map((act) => ({ act })));
    expect(trades.map(({ withGrid }) => withGrid)).to.deep.equal([true, false, false, true]);
    const [price] = slotPricesOf(trades, 1).values();
    expect([price?.energyWh, price?.gridWh]).to.deep.equal([20n, 20n]);
  });

  it("bring each side what they bring the other side's partner, hour by hour", () => {
    const acts = [founded(), settled(SELLER, [[4_000n, 200_000n]])].map((act) => ({
      act,
      time: 0,
    }));
    const [trades, histories] = [tradesOf(acts), tariffHistories(acts)];
    const [sold] = earningsOf(trades, histories, SELLER);
    const [bought] = earningsOf(trades, histories, BUYER);
    expect(sold).to.include({ microgrid: 1, hour: 7200, soldWh: 4_000n, earned: 480_000n });
    expect(bought).to.include({ microgrid: 1, hour: 7200, boughtWh: 4_000n, saved: 480_000n });
    expect(earningsOf(trades, histories, DSO)).to.deep.equal([]);
  });
});

describe("Positions, read from acts", () => {
  it("lose no energy and no money between reservation and release", () => {
    const step = fc.record({
      word: word(10n ** 6n),
      share: fc.bigInt(0n, 100n),
      releases: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const acts: Act[] = [founded()];
        let held = 0n;
        const put = { energyWh: 0n, money: 0n, bonds: 0n };
        for (const { word: added, share, releases } of steps) {
          const [before, after] = [lockedFor(TERMS, held), lockedFor(TERMS, addWords(held, added))];
          if (added !== 0n) {
            acts.push(reserved(added, after.locked - before.locked, after.bonded - before.bonded));
            held = addWords(held, added);
            put.energyWh += sumWh([added]);
            put.money += after.locked - before.locked;
            put.bonds += after.bonded - before.bonded;
          }
          if (!releases || held === 0n) continue;
          let delivered = 0n;
          for (let lane = 0; lane < LANES; lane++) {
            const wh = (held >> BigInt(32 * lane)) & 0x7fffffffn;
            delivered |= laneWord(lane, (wh * share) / 100n);
          }
          acts.push(released(held, delivered));
          const trade = tradesOf(acts.map((act) => ({ act }))).at(-1);
          expect(trade?.reservedWh).to.deep.equal(energyBySlot([{ blockNumber: 2, energy: held }]));
          put.bonds -= lockedFor(TERMS, held).bonded - (trade?.bond ?? 0n);
          held = 0n;
        }
        const [position] = positionsOf(acts);
        if (position === undefined) return;
        expect(position.promisedWh + position.reservedWh).to.equal(put.energyWh);
        const { paid, charged, refund, locked } = position;
        expect(paid + charged + refund + locked).to.equal(put.money);
        expect(position.bonded + position.forfeited).to.equal(put.bonds);
      }),
    );
  });

  it("keep the deadline of the reserved block, however little of it was delivered", () => {
    const both = laneWord(0, 100n) | laneWord(7, 100n);
    const [position] = positionsOf([
      founded(),
      reserved(both, 0n, 0n),
      released(both, laneWord(0, 1n)),
    ]);
    expect(position?.deadline).to.equal(24 * SLOT_SECONDS + DEADLINE);
    expect(position?.state).to.equal("released");
  });

  it("are never released before they are reserved", () => {
    expect(() => positionsOf([founded(), released(1n, 1n)])).to.throw("Block 2 of position 0x77");
  });
});

describe("Words that move", () => {
  it("are merged without loss, whatever their order", () => {
    const moved = fc.record({
      microgrid: fc.constantFrom(1, 2),
      source: fc.constantFrom("Solar" as const, "Wind" as const),
      blockNumber: fc.constantFrom(5, 6),
      energy: word(10n ** 6n),
    });
    fc.assert(
      fc.property(fc.array(moved, { maxLength: 20 }), (words) => {
        const merged = mergedWords(words);
        expect(sumWh(merged.map(({ energy }) => energy))).to.equal(
          sumWh(words.map(({ energy }) => energy)),
        );
        const keys = merged.map((each) => `${each.microgrid} ${each.source} ${each.blockNumber}`);
        expect(new Set(keys).size).to.equal(keys.length);
      }),
    );
  });
});
