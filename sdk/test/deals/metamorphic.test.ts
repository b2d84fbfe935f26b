/** What may change in how a market is settled without changing what two neighbours get, to the thousandth. */
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  arrivedOf,
  type Deal,
  leastSentFor,
  type Party,
  type SlotDeal,
  strike,
  type Totals,
  totalsOf,
} from "../../src/deals/index.ts";
import { community, deal, FIRST, PRICES, party, taker } from "./deals.ts";

const SLOTS = 6;
const levels = [PRICES, { ...PRICES, pricePerKwh: 120_000n, feePerKwh: 7n, capPerKwh: 90_000n }];
const price = fc.bigInt(0n, 300_000n);
const wh = fc.bigInt(0n, 500n);
const profile = fc.array(wh, { minLength: SLOTS, maxLength: SLOTS });
const inEverySecondSlot = (energy: readonly bigint[]) =>
  new Map(energy.map((each, i) => [FIRST + 2 * i, each]));

const home = fc
  .record({
    levelOfHour: fc.bigInt(0n, 15n).map((bits) => bits & 0b0101n),
    islandedFrom: fc.nat(12),
  })
  .map(({ levelOfHour, islandedFrom }) =>
    community({
      schedule: { firstSlot: 0, endSlot: 2 ** 32 - 1, levelOfHour, levels },
      isIslanded: (slot) => slot - FIRST >= islandedFrom,
    }),
  );

const sides = fc.oneof(
  fc.tuple(price, price).map(([ask, worth]) => [party("limit", ask), party("limit", worth)]),
  fc.tuple(price, price).map(([ask, worth]) => [party("posted", ask), party("limit", worth)]),
  fc.tuple(price, price).map(([ask, worth]) => [party("limit", ask), party("posted", worth)]),
  price.map((ask) => [party("posted", ask), taker]),
  price.map((worth) => [taker, party("posted", worth)]),
) as fc.Arbitrary<[Party, Party]>;

/** Both orders of a pair, a home, and what is left of the orders and of the ration. */
const scene = fc.record({
  sides,
  home,
  offerLeftWh: fc.bigInt(1n, 2_000n),
  bidLeftWh: fc.bigInt(1n, 2_000n),
  rationWh: wh,
});

/** Settles deals one after the other, each with what the ones before have left. */
class Ledger {
  private readonly filled = new Map<string, bigint>();
  private readonly flow = new Map<number, bigint>();
  private readonly rationed = new Map<number, bigint>();

  settle(
    of: Deal,
    [offerId, bidId]: readonly [string, string],
    rationWh = 0n,
  ): readonly SlotDeal[] {
    const left = ({ leftWh }: Party, id: string) =>
      leftWh === undefined ? undefined : leftWh - (this.filled.get(id) ?? 0n);
    const flowWh = (slot: number) => this.flow.get(slot) ?? 0n;
    const { slots } = strike({
      ...of,
      offer: { ...of.offer, leftWh: left(of.offer, offerId) },
      bid: { ...of.bid, leftWh: left(of.bid, bidId) },
      rationLeftWh: (slot) => rationWh - (this.rationed.get(slot) ?? 0n),
      ...(of.line === undefined ? {} : { line: { ...of.line, flowWh } }),
    });
    const { sentWh, arrivedWh } = totalsOf(slots);
    this.filled.set(offerId, (this.filled.get(offerId) ?? 0n) + sentWh);
    this.filled.set(bidId, (this.filled.get(bidId) ?? 0n) + arrivedWh);
    for (const { slot, isRationed, ...each } of slots) {
      this.flow.set(slot, flowWh(slot) + each.sentWh);
      if (isRationed) this.rationed.set(slot, (this.rationed.get(slot) ?? 0n) + each.arrivedWh);
    }
    return slots;
  }
}

const plus = (one: Totals, other: Totals) => ({
  sentWh: one.sentWh + other.sentWh,
  arrivedWh: one.arrivedWh + other.arrivedWh,
  costMillis: one.costMillis + other.costMillis,
  chargeMillis: one.chargeMillis + other.chargeMillis,
});

describe("Two neighbours get the same", () => {
  it("when their trade is cut into parts", () => {
    fc.assert(
      fc.property(scene, profile, profile, (drawn, one, other) => {
        const [offer, bid] = drawn.sides;
        const left = (of: Party, leftWh: bigint) =>
          of.leftWh === undefined ? of : { ...of, leftWh };
        const over = { from: drawn.home, to: drawn.home };
        const asked = (energy: readonly bigint[]) =>
          deal(left(offer, drawn.offerLeftWh), left(bid, drawn.bidLeftWh), {
            ...over,
            energyWh: inEverySecondSlot(energy),
          });
        const names = ["offer", "bid"] as const;
        const whole = new Ledger().settle(
          asked(one.map((each, i) => each + (other[i] ?? 0n))),
          names,
          drawn.rationWh,
        );
        // Slot by slot, in both parts: an order that runs out does so in the same slot.
        const parts = new Ledger();
        let sum = { sentWh: 0n, arrivedWh: 0n, costMillis: 0n, chargeMillis: 0n };
        for (let i = 0; i < SLOTS; i++) {
          for (const part of [one, other]) {
            const only = part.map((each, j) => (i === j ? each : 0n));
            sum = plus(sum, totalsOf(parts.settle(asked(only), names, drawn.rationWh)));
          }
        }
        expect(sum).to.deep.equal(totalsOf(whole));
      }),
    );
  });

  it("when a batch in which all fits is settled in another order, or with foreign orders in between", () => {
    const pairs = fc.array(fc.tuple(sides, profile), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(home, pairs, fc.infiniteStream(fc.nat()), (place, drawn, ranks) => {
        const results = (order: readonly number[]) => {
          const ledger = new Ledger();
          return new Map(
            order.map((i) => {
              const [[offer, bid], energy] = drawn[i] ?? [[taker, taker], []];
              const made = deal(offer, bid, {
                from: place,
                to: place,
                energyWh: inEverySecondSlot(energy),
              });
              return [i, ledger.settle(made, [`offer ${i}`, `bid ${i}`])];
            }),
          );
        };
        const order = drawn.map((_, i) => i);
        const ranked = new Map(order.map((i) => [i, ranks.next().value ?? 0]));
        const rankOf = (i: number) => ranked.get(i) ?? 0;
        const usual = results(order);
        const other = results(order.toSorted((a, b) => rankOf(a) - rankOf(b)));
        for (const i of order) {
          expect(other.get(i)).to.deep.equal(usual.get(i));
          expect(results([i]).get(i)).to.deep.equal(usual.get(i));
        }
      }),
    );
  });

  it("across a line but for a Wh per part and slot", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 9_999n), wh, wh, (lossBps, one, other) => {
        const line = { lossBps, capacityWh: 10_000n, wheelingPerKwh: 0n, flowWh: () => 0n };
        const send = (ledger: Ledger, sentWh: bigint) =>
          totalsOf(
            ledger.settle(
              deal(party("posted", 1n), taker, { energyWh: new Map([[FIRST, sentWh]]), line }),
              ["offer", "taker"],
            ),
          ).arrivedWh;
        const parts = new Ledger();
        const inParts = send(parts, one) + send(parts, other);
        const whole = send(new Ledger(), one + other);
        expect(inParts <= whole && whole - inParts <= 1n).to.equal(true);
      }),
    );
  });
});

describe("A tie line", () => {
  it("loses of parts what it loses of the whole", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 9_999n), wh, wh, wh, (lossBps, flowWh, one, other) => {
        const first = arrivedOf(one, { lossBps, flowWh });
        const second = arrivedOf(other, { lossBps, flowWh: flowWh + one });
        expect(first + second).to.equal(arrivedOf(one + other, { lossBps, flowWh }));
      }),
    );
  });

  it("sends the least of which so much arrives", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 9_999n), wh, fc.bigInt(1n, 500n), (lossBps, flowWh, wanted) => {
        const loss = { lossBps, flowWh };
        const sent = leastSentFor(wanted, loss);
        expect(arrivedOf(sent, loss)).to.equal(wanted);
        expect(arrivedOf(sent - 1n, loss) < wanted).to.equal(true);
      }),
    );
  });
});
