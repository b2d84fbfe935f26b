import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Address, zeroAddress, zeroHash } from "viem";
import type { Source } from "../../src/energyId.ts";
import {
  type Act,
  blockOverdueAtSeconds,
  bondedFor,
  type EventNamed,
  earningsOf,
  LANES,
  laneOf,
  laneWord,
  type Microgrids,
  mergedWords,
  microgridsOf,
  openBlocksOf,
  type Position,
  paidFor,
  positionIdOf,
  positionsOf,
  releaseSlot,
  shareWh,
  slotPricesOf,
  sumWh,
  termsOf,
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
/** A microgrid with feed-in tariff and network fee that rise with the hour: two levels, of even and odd hours. */
const founded = (microgrid = 1, dso = DSO): Act[] => [
  plain({
    eventName: "Founded",
    args: {
      ...{ microgrid, dso, operator: SELLER, ration: 150 },
      charter: {
        ...{ name: "Lindental", latitudeTenths: 0, longitudeTenths: 0, currency: EURO },
        ...{ slotSeconds: SLOT_SECONDS, reportingDeadline: DEADLINE, utcOffsetMinutes: 0 },
      },
    },
  }),
  plain({
    eventName: "Scheduled",
    args: {
      ...{ microgrid, schedule: 0, firstSlot: 0, levelOfHour: 0x444444444444 },
      levels: [
        { price: 200_000n, fee: 10_000n, cap: 150_000n, feedIn: 80_000n, retail: 320_000n },
        { price: 300_000n, fee: 20_000n, cap: 150_000n, feedIn: 90_000n, retail: 400_000n },
      ],
    },
  }),
];
const dsoSet = (dso: Address): Act => plain({ eventName: "DsoSet", args: { microgrid: 1, dso } });

/** Slots 0 to 3 are of an even hour, 4 to 7 of an odd one. */
const [EVEN, ODD] = [0, 4];

interface Exchanged {
  readonly wh: Readonly<Record<number, bigint>>;
  readonly cost: bigint;
  readonly charge: bigint;
  readonly seller?: Address;
  readonly source?: Source;
}

/** Two orders that were matched for slots of block 0. */
const matched = ({ wh, cost, charge, seller = SELLER, source = "Solar" }: Exchanged): Act => {
  const energy = Object.entries(wh).reduce(
    (word, [lane, each]) => word | laneWord(Number(lane), each),
    0n,
  );
  const words = [{ microgrid: 1, source, blockNumber: 0, energy }] as const;
  const move = { operator: EURO, from: seller, to: BUYER, words, logIndex: 1 };
  const total = sumWh([energy]);
  return {
    kind: "match",
    sent: move,
    arrived: move,
    matched: {
      eventName: "Matched",
      logIndex: 2,
      args: {
        ...{ offerHash: HASH, bidHash: HASH, offerNonce: 0n, bidNonce: 0n },
        ...{ sentWh: total, arrivedWh: total, cost, charge },
      },
    } as EventNamed<"Matched">,
    drawn: [],
  };
};

const position = (over: Partial<Position> = {}): Position => ({
  ...{ seller: SELLER, buyer: BUYER, meter: METER, source: 0, from: 1, to: 1, currency: EURO },
  ...{ price: 123_457n, perArrived: false, charge: 1_003n, bond: 50_001n, lossBps: 0 },
  ...{ buyerDelegate: zeroAddress, rationed: zeroAddress, firstBlock: 2, energy: [], ahead: [] },
  ...over,
});

const lanesOf = (word: bigint): bigint[] =>
  Array.from({ length: LANES }, (_, lane) => laneOf(word, lane));
const over = (words: readonly bigint[], amountOf: (wh: bigint) => bigint): bigint =>
  words.flatMap(lanesOf).reduce((sum, wh) => sum + amountOf(wh), 0n);

const reserved = (of: Position, offerHash = HASH as `0x${string}`): Act => ({
  kind: "reserve",
  reserved: {
    eventName: "Reserved",
    logIndex: 0,
    args: {
      ...{ positionId: positionIdOf(of), offerHash, bidHash: zeroHash, position: of },
      ...{ offerNonce: 0n, bidNonce: 0n },
      locked: over(of.energy, (wh) => paidFor(termsOf(of), wh)),
      bonded: over(of.energy, (wh) => bondedFor(termsOf(of), wh)),
    },
  } as EventNamed<"Reserved">,
  drawn: [],
});

/** Releases a block of which `deliveredWh` came in each slot. */
const released = (
  of: Position,
  index: number,
  deliveredWh: readonly bigint[],
  undelivered = 0n,
) => {
  const [energy = 0n, ahead = 0n] = [of.energy[index], of.ahead[index]];
  const slots = lanesOf(energy).map((wh, lane) => {
    const share = shareWh(wh, laneOf(ahead, lane), deliveredWh[lane] ?? 0n);
    return { share, ...releaseSlot(termsOf(of), wh, share) };
  });
  const sum = (member: "paidMillis" | "chargeMillis" | "refundMillis" | "forfeitedMillis") =>
    slots.reduce((total, slot) => total + slot[member], 0n);
  const act: Act = {
    kind: "release",
    released: {
      eventName: "Released",
      logIndex: 0,
      args: {
        ...{ positionId: positionIdOf(of), blockNumber: of.firstBlock + index, undelivered },
        delivered: slots.reduce((word, { share }, lane) => word | laneWord(lane, share), 0n),
        ...{ paid: sum("paidMillis"), charge: sum("chargeMillis") },
        ...{ refund: sum("refundMillis"), forfeited: sum("forfeitedMillis") },
      },
    } as EventNamed<"Released">,
  };
  return act;
};

const word = (most: bigint) =>
  fc
    .array(fc.bigInt(0n, most), { minLength: LANES, maxLength: LANES })
    .map((lanes) => lanes.reduce((sum, wh, lane) => sum | laneWord(lane, wh), 0n));

const told = (acts: readonly Act[]) => acts.map((act) => ({ act, time: 0 }));
const pricesOf = (acts: readonly Act[]) =>
  slotPricesOf(tradesOf(told(acts)), microgridsOf(told(acts)), 1);

describe("Trades, read from acts", () => {
  it("of two limits cost the community price of each slot, its fee included", () => {
    const wh = { [EVEN]: 1_000n, [ODD]: 1_000n };
    const acts = [...founded(), matched({ wh, cost: 500_000_000n, charge: 30_000_000n })];
    const prices = pricesOf(acts);
    expect([...prices.values()].map(({ costMillis }) => costMillis)).to.deep.equal([
      200_000_000n,
      300_000_000n,
    ]);
    expect([...prices.values()].map(({ lastPrice }) => lastPrice)).to.deep.equal([
      200_000n,
      300_000n,
    ]);
    const earned = earningsOf(tradesOf(told(acts)), microgridsOf(told(acts)), SELLER);
    expect(earned.map(({ receivedMillis }) => receivedMillis)).to.deep.equal([
      190_000_000n,
      280_000_000n,
    ]);
  });

  it("at a posted price bring its seller the same in each slot, and cost each slot's fee on top", () => {
    const wh = { [EVEN]: 1_000n, [ODD]: 2_000n };
    // 150,000 a kWh, and fees of 10,000 and 20,000.
    const acts = [
      ...founded(),
      matched({ wh, cost: 450_000_000n + 50_000_000n, charge: 50_000_000n }),
    ];
    const prices = [...pricesOf(acts).values()];
    expect(prices.map(({ lastPrice }) => lastPrice)).to.deep.equal([160_000n, 170_000n]);
  });

  it("have costs by slot that add up to the payment, to the thousandth", () => {
    const slots = fc.array(fc.bigInt(1n, 2n ** 31n - 1n), { minLength: 1, maxLength: LANES });
    const money = fc.bigInt(0n, 10n ** 15n);
    fc.assert(
      fc.property(slots, money, money, (wh, earned, charge) => {
        const acts = [...founded(), matched({ wh: { ...wh }, cost: earned + charge, charge })];
        const prices = [...pricesOf(acts).values()];
        const total = prices.reduce((sum, { costMillis }) => sum + costMillis, 0n);
        expect(total).to.equal(earned + charge);
      }),
    );
  });

  it("are with the grid when the DSO of that time is one side, and only then", () => {
    const sold = (seller: Address) =>
      matched({ wh: { [EVEN]: 10n }, cost: 2_000_000n, charge: 0n, seller });
    const acts = [
      ...founded(),
      ...[sold(DSO), sold(NEW_DSO), dsoSet(NEW_DSO), sold(DSO), sold(NEW_DSO)],
    ];
    const trades = tradesOf(told(acts));
    expect(trades.map(({ withGrid }) => withGrid)).to.deep.equal([true, false, false, true]);
    const [price] = pricesOf(acts).values();
    expect([price?.energyWh, price?.gridWh]).to.deep.equal([20n, 20n]);
  });

  it("are with the grid when its energy is sold, whoever sells it", () => {
    const sold = (source: Source) =>
      matched({ wh: { [EVEN]: 10n }, cost: 2_000_000n, charge: 0n, source });
    const trades = tradesOf(told([...founded(), sold("Solar"), sold("Grid")]));
    expect(trades.map(({ withGrid }) => withGrid)).to.deep.equal([false, true]);
  });

  it("are compared with the tariffs of the slot's own hour", () => {
    const acts = [
      ...founded(),
      matched({ wh: { [EVEN]: 1_000n, [ODD]: 1_000n }, cost: 500_000_000n, charge: 30_000_000n }),
    ];
    const [trades, microgrids] = [tradesOf(told(acts)), microgridsOf(told(acts))];
    const bought = earningsOf(trades, microgrids, BUYER);
    expect(bought.map(({ hour, savedMillis }) => [hour, savedMillis])).to.deep.equal([
      [0, 120_000_000n],
      [3600, 100_000_000n],
    ]);
    const [sold] = earningsOf(trades, microgrids, SELLER);
    expect(sold).to.include({ hour: 0, soldWh: 1_000n, earnedMillis: 110_000_000n });
    expect(earningsOf(trades, microgrids, DSO)).to.deep.equal([]);
  });

  it("name the side that took the other's order, and none where two were matched", () => {
    const taken = position({ energy: [5n], ahead: [0n] });
    const [trade] = tradesOf(told([...founded(), reserved(taken)]));
    expect(trade).to.include({ kind: "reserve", maker: SELLER, taker: BUYER, offerHash: HASH });
    expect(trade).not.to.have.property("bidHash");
    const [match] = tradesOf(
      told([...founded(), matched({ wh: { 0: 1n }, cost: 1n, charge: 0n })]),
    );
    expect(match).not.to.have.property("maker");
  });
});

describe("Positions, read from acts", () => {
  it("lose no energy and no money between reservation and release, over a line or not", () => {
    const terms = fc.record({
      price: fc.bigInt(0n, 500_000n),
      perArrived: fc.boolean(),
      charge: fc.bigInt(0n, 20_000n),
      bond: fc.bigInt(0n, 100_000n),
      lossBps: fc.nat(9_999),
      to: fc.constantFrom(1, 2),
    });
    const step = fc.record({ energy: word(10n ** 6n), ahead: word(10n ** 6n) });
    const came = fc.array(fc.bigInt(0n, 2n * 10n ** 6n), { minLength: LANES, maxLength: LANES });
    fc.assert(
      fc.property(terms, fc.array(step, { minLength: 1, maxLength: 4 }), came, (at, steps, wh) => {
        const of = position({
          ...at,
          lossBps: at.to === 1 ? 0 : at.lossBps,
          energy: steps.map(({ energy }) => energy),
          ahead: steps.map(({ ahead }) => ahead),
        });
        const acts = [...founded(), ...founded(2), reserved(of)];
        const [before] = positionsOf(acts);
        const open = of.energy.flatMap((each, index) => (each === 0n ? [] : [index]));
        expect(before && openBlocksOf(before)).to.equal(
          open.reduce((bits, index) => bits | (1n << BigInt(index)), 0n),
        );
        const all = [...acts, ...open.map((index) => released(of, index, wh))];
        const [after] = positionsOf(all);
        expect(after && openBlocksOf(after)).to.equal(0n);
        for (const block of after?.blocks ?? []) {
          expect(block.state).to.equal("released");
          expect(block.paidMillis + block.refundMillis).to.equal(block.lockedMillis);
        }
        const trades = tradesOf(told(all)).filter(({ kind }) => kind === "release");
        for (const trade of trades) {
          const got = [...trade.sentWh.values()].reduce((sum, each) => sum + each, 0n);
          const promised = [...(trade.reservedWh ?? [])].reduce((sum, [, each]) => sum + each, 0n);
          expect(trade.forfeitedMillis).to.equal(of.bond * (promised - got));
          expect(trade.chargeMillis).to.equal(of.charge * (at.to === 1 ? got : promised));
        }
      }),
    );
  });

  it("serve what was promised first", () => {
    const first = position({ energy: [5n], ahead: [0n] });
    const second = position({ energy: [5n], ahead: [5n] });
    expect(positionIdOf(first)).not.to.equal(positionIdOf(second));
    const [one, other] = positionsOf([
      ...founded(),
      ...[reserved(first), reserved(second)],
      // In any order of releases.
      ...[released(second, 0, [7n]), released(first, 0, [7n])],
    ]);
    expect([one?.blocks[0]?.deliveredWh, other?.blocks[0]?.deliveredWh]).to.deep.equal([5n, 2n]);
  });

  it("are told apart from those of which slots were called undelivered", () => {
    const of = position({ energy: [5n], ahead: [0n] });
    const [view] = positionsOf([...founded(), reserved(of), released(of, 0, [], 1n << 31n)]);
    expect(view?.blocks[0]?.state).to.equal("undelivered");
    expect(view?.blocks[0]?.forfeitedMillis).to.equal(5n * 50_001n);
  });

  it("are overdue when the last of their slots is, and not while an island lasts", () => {
    const energy = laneWord(0, 100n) | laneWord(5, 100n);
    const acts = founded();
    const overdueAt = (microgrids: Microgrids, now: number) =>
      blockOverdueAtSeconds(microgrids.known(1), 2, energy, now);
    const end = 22 * SLOT_SECONDS;
    expect(overdueAt(microgridsOf(told(acts)), 0)).to.equal(end + DEADLINE);
    const islanded = plain({
      eventName: "Islanded",
      args: { microgrid: 1, island: 0, firstSlot: 21 },
    });
    const cut = microgridsOf(told([...acts, islanded]));
    expect(overdueAt(cut, end)).to.equal(undefined);
    expect(overdueAt(cut, end + 31 * 86_400)).to.equal(end + 30 * 86_400);
  });

  it("are never released before they are reserved", () => {
    const of = position({ energy: [1n], ahead: [0n] });
    expect(() => positionsOf([...founded(), released(of, 0, [1n])])).to.throw(
      "Block 2 of position",
    );
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
