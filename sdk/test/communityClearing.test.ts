import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  type CommunityBook,
  type CommunityMatch,
  clearCommunity,
  type LimitOrder,
} from "../src/communityClearing/index.ts";
import type { Source } from "../src/energyId.ts";
import { rationEqually } from "../src/rationing.ts";

const PRICE = 200n;
const FEE = 10n;

let nonces = 0n;

const orderOf = (
  side: "offer" | "bid",
  maker: string,
  changes: Partial<LimitOrder>,
): LimitOrder => ({
  maker,
  nonce: nonces++,
  side,
  sources: ["Solar"],
  firstSlot: 0,
  lastSlot: 0,
  leftWh: 100n,
  pricePerKwh: side === "offer" ? 100n : 300n,
  ...changes,
});
const offer = (maker: string, changes: Partial<LimitOrder> = {}) =>
  orderOf("offer", maker, changes);
const bid = (maker: string, changes: Partial<LimitOrder> = {}) => orderOf("bid", maker, changes);

const slotsOf = (count: number, changes: { rationWh?: bigint } = {}) =>
  Array.from({ length: count }, (_, slot) => ({
    slot,
    pricePerKwh: PRICE,
    networkFeePerKwh: FEE,
    ...changes,
  }));

/** Wh by the place of an order, in all slots or in one. */
function tradedBy(matches: readonly CommunityMatch[], count: number, slot?: number): bigint[] {
  const traded = new Array<bigint>(count).fill(0n);
  for (const match of matches) {
    for (const [at, wh] of match.energyWh) {
      if (slot !== undefined && at !== slot) continue;
      for (const order of [match.offer, match.bid]) traded[order] = (traded[order] ?? 0n) + wh;
    }
  }
  return traded;
}

const clear = (orders: readonly LimitOrder[], book: Partial<CommunityBook> = {}) =>
  clearCommunity({ orders, slots: slotsOf(1), ...book });

const cleared = (orders: readonly LimitOrder[], book: Partial<CommunityBook> = {}) =>
  tradedBy(clear(orders, book), orders.length);

describe("The clearing at community prices", () => {
  it("trades what both sides can, whatever their limits beyond the price", () => {
    expect(
      cleared([offer("a", { pricePerKwh: 190n }), bid("b", { pricePerKwh: 200n })]),
    ).to.deep.equal([100n, 100n]);
  });

  it("leaves out offers above the price less the fee, and bids below the price", () => {
    const orders = [
      offer("a", { pricePerKwh: 191n }),
      bid("b"),
      offer("c"),
      bid("d", { pricePerKwh: 199n }),
    ];
    expect(cleared(orders)).to.deep.equal([0n, 100n, 100n, 0n]);
  });

  it("compares limits with each slot's own price", () => {
    const orders = [
      offer("a", { lastSlot: 1, leftWh: 200n }),
      bid("b", { lastSlot: 1, leftWh: 200n, pricePerKwh: 150n }),
    ];
    const slots = slotsOf(2).map((slot) =>
      slot.slot === 1 ? { ...slot, pricePerKwh: 150n } : slot,
    );
    const [match] = clear(orders, { slots });
    expect(match?.energyWh).to.deep.equal(new Map([[1, 200n]]));
  });

  it("rations buyers equally when energy is short, sellers when need is", () => {
    expect(
      cleared([offer("a", { leftWh: 110n }), bid("b", { leftWh: 10n }), bid("c"), bid("d")]),
    ).to.deep.equal([110n, 10n, 50n, 50n]);
    expect(
      cleared([bid("a", { leftWh: 110n }), offer("b", { leftWh: 10n }), offer("c"), offer("d")]),
    ).to.deep.equal([110n, 10n, 50n, 50n]);
  });

  it("gives a household one share, however many orders it has", () => {
    const orders = [offer("a"), bid("b"), bid("c"), bid("C"), bid("c", { pricePerKwh: 999n })];
    const [, b, ...c] = cleared(orders);
    expect(b).to.equal(50n);
    expect(c.reduce((total, wh) => total + wh, 0n)).to.equal(50n);
  });

  it("spends an order's energy in its earliest slots, unless it says otherwise", () => {
    const [match] = clear(
      [offer("a", { lastSlot: 3, leftWh: 1_000n }), bid("b", { lastSlot: 3 })],
      { slots: slotsOf(4) },
    );
    expect(match?.energyWh).to.deep.equal(new Map([[0, 100n]]));
    const evenly = bid("b", { lastSlot: 3, mostWh: 25n });
    const [spread] = clear([offer("a", { lastSlot: 3, leftWh: 1_000n }), evenly], {
      slots: slotsOf(4),
    });
    expect([...(spread?.energyWh ?? [])]).to.deep.equal([0, 1, 2, 3].map((slot) => [slot, 25n]));
    const late = bid("b", { lastSlot: 3, mostWh: new Map([[2, 60n]]) });
    const [only] = clear([offer("a", { lastSlot: 3, leftWh: 1_000n }), late], {
      slots: slotsOf(4),
    });
    expect(only?.energyWh).to.deep.equal(new Map([[2, 60n]]));
  });

  it("trades the difference when a household is on both sides", () => {
    expect(
      cleared([offer("a", { leftWh: 70n }), bid("A", { leftWh: 100n }), offer("b")]),
    ).to.deep.equal([0n, 30n, 30n]);
    expect(
      cleared([offer("a", { leftWh: 70n }), bid("a", { leftWh: 20n }), bid("b")]),
    ).to.deep.equal([50n, 0n, 50n]);
  });

  it("lets orders of one nonce share their fill", () => {
    const shared = { nonce: 7n, leftWh: 60n };
    const orders = [
      offer("a", shared),
      offer("a", { ...shared, sources: ["Wind"] }),
      bid("b", { sources: ["Solar", "Wind"] }),
    ];
    const [solar = 0n, wind = 0n, bought] = cleared(orders);
    expect([solar + wind, bought]).to.deep.equal([60n, 60n]);
  });

  it("counts a fill once where orders of one nonce start in different slots", () => {
    const shared = { nonce: 7n, leftWh: 60n };
    const orders = [
      offer("a", shared),
      offer("a", { ...shared, firstSlot: 1, lastSlot: 1 }),
      bid("b", { lastSlot: 1 }),
    ];
    expect(cleared(orders, { slots: slotsOf(2) })).to.deep.equal([60n, 0n, 60n]);
  });

  it("serves all that sources allow, and equally", () => {
    const orders = [
      offer("a", { leftWh: 30n }),
      offer("b", { leftWh: 90n, sources: ["Wind"] }),
      bid("c", { sources: ["Solar", "Wind"] }),
      bid("d"),
    ];
    // Solar can only serve d; what is left of the level goes to c from the wind.
    expect(cleared(orders)).to.deep.equal([30n, 90n, 90n, 30n]);
  });

  it("buys no more than a household's money pays for, over all slots", () => {
    const orders = [
      offer("a", { lastSlot: 1, leftWh: 500n }),
      bid("b", { lastSlot: 1, leftWh: 500n, mostWh: 40n }),
    ];
    const moneyMillis = new Map([["B", 50n * PRICE + 199n]]);
    const matches = clear(orders, { slots: slotsOf(2), moneyMillis });
    expect(matches[0]?.energyWh).to.deep.equal(
      new Map([
        [0, 40n],
        [1, 10n],
      ]),
    );
  });

  it("serves critical loads first in an island, and others up to their meters' ration", () => {
    const orders = [
      offer("a", { leftWh: 150n }),
      bid("clinic", { meter: "m1", critical: true }),
      bid("b", { meter: "m2" }),
      bid("b", { meter: "m2" }),
      bid("c", { meter: "m3", leftWh: 15n }),
      bid("d"),
    ];
    const traded = cleared(orders, { slots: slotsOf(1, { rationWh: 20n }) });
    expect(traded).to.deep.equal([135n, 100n, 20n, 0n, 15n, 0n]);
    const short = cleared(orders.with(0, offer("a", { leftWh: 90n })), {
      slots: slotsOf(1, { rationWh: 20n }),
    });
    expect(short).to.deep.equal([90n, 90n, 0n, 0n, 0n, 0n]);
  });

  it("merges the slots of a pair into one match", () => {
    const orders = [
      offer("a", { lastSlot: 9, leftWh: 1_000n, mostWh: 10n }),
      bid("b", { lastSlot: 9, leftWh: 1_000n }),
      offer("c", { lastSlot: 9, leftWh: 1_000n, mostWh: 10n }),
      bid("d", { lastSlot: 9, leftWh: 1_000n, mostWh: 10n }),
    ];
    const matches = clear(orders, { slots: slotsOf(10) });
    expect(matches.length).to.be.at.most(3);
    expect(tradedBy(matches, 4)).to.deep.equal([100n, 100n, 100n, 100n]);
  });

  it("names the invalid order or slot", () => {
    expect(() => clear([offer("a", { nonce: 9n, leftWh: -1n })])).to.throw(
      RangeError,
      "Order 9 of a has -1 Wh left",
    );
    expect(() => clear([offer("a", { leftWh: 2n ** 31n })])).to.throw(RangeError, "2147483648 Wh");
    expect(() => clear([offer("a", { firstSlot: 3 })])).to.throw(RangeError, "starts in slot 3");
    expect(() => clear([bid("a", { sources: [] })])).to.throw(RangeError, "names no source");
    expect(() => clear([offer("a", { sources: ["Solar", "Wind"] })])).to.throw(
      RangeError,
      "once for each",
    );
    expect(() => clear([bid("a", { mostWh: -1n })])).to.throw(RangeError, "at most -1 Wh");
    expect(() => clear([], { slots: slotsOf(2).reverse() })).to.throw(RangeError, "sort them");
  });
});

const SOURCES: readonly Source[] = ["Solar", "Wind", "Storage"];

const someOrder = fc
  .record({
    maker: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    nonce: fc.bigInt(0n, 6n),
    side: fc.constantFrom("offer" as const, "bid" as const),
    sources: fc.subarray([...SOURCES], { minLength: 1 }),
    firstSlot: fc.integer({ min: 0, max: 3 }),
    length: fc.integer({ min: 0, max: 3 }),
    leftWh: fc.bigInt(0n, 40n),
    pricePerKwh: fc.constantFrom(100n, 190n, 191n, 200n, 300n),
    mostWh: fc.option(fc.bigInt(0n, 30n), { nil: undefined }),
  })
  .map(
    ({ length, mostWh, sources, side, ...order }): LimitOrder => ({
      ...order,
      side,
      sources: side === "offer" ? sources.slice(0, 1) : sources,
      lastSlot: order.firstSlot + length,
      ...(mostWh !== undefined && { mostWh }),
    }),
  );

const someOrders = fc.array(someOrder, { maxLength: 14 });
const book = { slots: slotsOf(6) };

describe("The clearing of any book", () => {
  it("keeps every limit", () => {
    fc.assert(
      fc.property(
        someOrders,
        fc.dictionary(fc.constantFrom("a", "b", "c"), fc.bigInt(0n, 9_000n)),
        (orders, money) => {
          const moneyMillis = new Map(Object.entries(money));
          const paid = new Map<string, bigint>();
          const filled = new Map<string, bigint>();
          for (const match of clear(orders, { ...book, moneyMillis })) {
            const [ask, want] = [orders[match.offer], orders[match.bid]];
            if (ask === undefined || want === undefined) throw new Error("A match names no order.");
            expect([ask.side, want.side]).to.deep.equal(["offer", "bid"]);
            expect(ask.maker).not.to.equal(want.maker);
            expect(want.sources).to.include(ask.sources[0]);
            expect(ask.pricePerKwh + FEE <= PRICE && want.pricePerKwh >= PRICE).to.equal(true);
            for (const [slot, wh] of match.energyWh) {
              for (const order of [ask, want]) {
                expect(slot).to.be.within(order.firstSlot, order.lastSlot);
                const key = `${order.maker} ${order.nonce}`;
                filled.set(key, (filled.get(key) ?? 0n) + wh);
              }
              paid.set(want.maker, (paid.get(want.maker) ?? 0n) + wh * PRICE);
            }
          }
          for (const [maker, millis] of paid) {
            expect(millis <= (moneyMillis.get(maker) ?? millis)).to.equal(true);
          }
          for (const [index, wh] of cleared(orders, { ...book, moneyMillis }).entries()) {
            expect(wh <= (orders[index]?.leftWh ?? 0n)).to.equal(true);
          }
          for (const [key, wh] of filled) {
            const most = orders.filter(({ maker, nonce }) => `${maker} ${nonce}` === key);
            expect(
              wh <= most.reduce((wide, { leftWh }) => (leftWh > wide ? leftWh : wide), 0n),
            ).to.equal(true);
          }
          for (const { slot } of book.slots) {
            const inSlot = tradedBy(clear(orders, { ...book, moneyMillis }), orders.length, slot);
            for (const [index, { mostWh }] of orders.entries()) {
              if (typeof mostWh === "bigint")
                expect((inSlot[index] ?? 0n) <= mostWh).to.equal(true);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps rations and serves critical loads first in islanded slots, whatever money and own energy there are", () => {
    const withMeter = fc
      .tuple(someOrder, fc.option(fc.constantFrom("m1", "m2", "m3")), fc.boolean())
      .map(
        ([order, meter, critical]): LimitOrder => ({
          ...order,
          sources: ["Solar"],
          critical: critical && meter !== null,
          ...(meter !== null && { meter: `${order.maker} ${meter}` }),
        }),
      );
    const money = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.bigInt(0n, 9_000n));
    fc.assert(
      fc.property(fc.array(withMeter, { maxLength: 14 }), money, (orders, given) => {
        const moneyMillis = new Map(Object.entries(given));
        const slots = slotsOf(1, { rationWh: 25n });
        const traded = cleared(orders, { slots, moneyMillis });
        const byMeter = new Map<string, bigint>();
        const paid = new Map<string, bigint>();
        let ordinaryWh = 0n;
        for (const [index, order] of orders.entries()) {
          const wh = traded[index] ?? 0n;
          if (order.side !== "bid") continue;
          paid.set(order.maker, (paid.get(order.maker) ?? 0n) + wh * PRICE);
          if (order.critical === true) continue;
          ordinaryWh += wh;
          if (order.meter === undefined) expect(wh).to.equal(0n);
          else byMeter.set(order.meter, (byMeter.get(order.meter) ?? 0n) + wh);
        }
        for (const wh of byMeter.values()) expect(wh <= 25n).to.equal(true);
        for (const [maker, millis] of paid) {
          expect(millis <= (moneyMillis.get(maker) ?? millis)).to.equal(true);
        }
        // A critical bid of a household that neither sells nor lacks money has all it wants before others get any.
        if (ordinaryWh === 0n) return;
        for (const [
          index,
          { side, critical, maker, firstSlot, pricePerKwh, leftWh, mostWh, nonce },
        ] of orders.entries()) {
          const isPlain =
            !moneyMillis.has(maker) &&
            orders.every(
              (other) =>
                other.maker !== maker ||
                (other.side === "bid" && (other.nonce !== nonce || other === orders[index])),
            );
          if (
            side !== "bid" ||
            critical !== true ||
            firstSlot > 0 ||
            pricePerKwh < PRICE ||
            !isPlain
          )
            continue;
          const most = typeof mostWh === "bigint" && mostWh < leftWh ? mostWh : leftWh;
          expect(traded[index]).to.equal(most);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("does not depend on the order of the list", () => {
    const distinct = fc.uniqueArray(someOrder, {
      maxLength: 12,
      selector: ({ maker, nonce }) => `${maker}${nonce}`,
    });
    fc.assert(
      fc.property(distinct, fc.infiniteStream(fc.nat()), (orders, keys) => {
        const key = new Map(orders.map((order) => [order, keys.next().value ?? 0]));
        const shuffled = orders.toSorted((a, b) => (key.get(a) ?? 0) - (key.get(b) ?? 0));
        const named = (list: readonly LimitOrder[]) =>
          clear(list, book)
            .map(({ offer: from, bid: to, energyWh }) => {
              const [ask, want] = [list[from], list[to]];
              return `${ask?.maker} ${ask?.nonce} ${want?.maker} ${want?.nonce} ${[...energyWh]}`;
            })
            .sort();
        expect(named(shuffled)).to.deep.equal(named(orders));
      }),
      { numRuns: 300 },
    );
  });

  it("follows the uniform rule where all take one source", () => {
    const wants = fc.array(fc.bigInt(0n, 50n), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(wants, wants, fc.nat(9), (offered, asked, slot) => {
        const at = { firstSlot: slot, lastSlot: slot };
        const sellers = offered.map((leftWh, index) => offer(`s${index}`, { ...at, leftWh }));
        const buyers = asked.map((leftWh, index) => bid(`b${index}`, { ...at, leftWh }));
        const traded = cleared([...sellers, ...buyers], { slots: slotsOf(10) });
        const total = (orders: readonly LimitOrder[]) =>
          orders.reduce((sum, { leftWh }) => sum + leftWh, 0n);
        const plain = (orders: readonly LimitOrder[], availableWh: bigint) =>
          rationEqually(
            orders.map(({ maker, leftWh }) => ({ household: maker, energyWh: leftWh })),
            availableWh,
            slot,
          );
        expect(traded.slice(0, sellers.length)).to.deep.equal(plain(sellers, total(buyers)));
        expect(traded.slice(sellers.length)).to.deep.equal(plain(buyers, total(sellers)));
      }),
    );
  });

  it("gives a household no more for splitting what it wants", () => {
    const wants = fc.array(fc.bigInt(2n, 50n), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(wants, fc.bigInt(0n, 100n), fc.bigInt(1n, 49n), (asked, available, cut) => {
        const seller = offer("s", { leftWh: available });
        const buyers = asked.map((leftWh, index) => bid(`b${index}`, { leftWh }));
        const [first = bid("b0"), ...others] = buyers;
        const part = cut < first.leftWh ? cut : first.leftWh - 1n;
        const parts = [bid("b0", { leftWh: part }), bid("b0", { leftWh: first.leftWh - part })];
        const whole = cleared([seller, first, ...others])[1];
        const [, one = 0n, two = 0n] = cleared([seller, ...parts, ...others]);
        expect(one + two).to.equal(whole);
      }),
    );
  });

  it("serves as equally as sources allow, and all that they allow: compared with every possible outcome", () => {
    const two: readonly Source[] = ["Solar", "Wind"];
    const small = fc.record({
      solar: fc.integer({ min: 0, max: 5 }),
      wind: fc.integer({ min: 0, max: 5 }),
      bids: fc.array(
        fc.record({
          maker: fc.constantFrom("b", "c", "d"),
          sources: fc.subarray([...two], { minLength: 1 }),
          wh: fc.integer({ min: 1, max: 4 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    });
    fc.assert(
      fc.property(small, ({ solar, wind, bids }) => {
        const orders = [
          offer("s", { leftWh: BigInt(solar) }),
          offer("w", { leftWh: BigInt(wind), sources: ["Wind"] }),
          ...bids.map(({ maker, sources, wh }) => bid(maker, { sources, leftWh: BigInt(wh) })),
        ];
        const traded = cleared(orders);
        const makers = ["b", "c", "d"];
        const got = makers.map((maker) =>
          bids.reduce(
            (sum, each, at) => (each.maker === maker ? sum + Number(traded[at + 2]) : sum),
            0,
          ),
        );
        expect(got.sort((a, b) => a - b)).to.deep.equal(fairest(solar, wind, bids, makers));
      }),
      { numRuns: 200 },
    );
  });
});

/** Of all outcomes that trade the most, the one whose poorest households get the most: by trying each of them. */
function fairest(
  solar: number,
  wind: number,
  bids: readonly { maker: string; sources: readonly Source[]; wh: number }[],
  makers: readonly string[],
): number[] {
  let best: number[] = makers.map(() => 0);
  const total = (given: readonly number[]) => given.reduce((a, b) => a + b, 0);
  const isBetter = (given: readonly number[]): boolean => {
    if (total(given) !== total(best)) return total(given) > total(best);
    const at = given.findIndex((wh, index) => wh !== best[index]);
    return at >= 0 && (given[at] ?? 0) > (best[at] ?? 0);
  };
  const visit = (
    at: number,
    sun: number,
    air: number,
    given: ReadonlyMap<string, number>,
  ): void => {
    const each = bids[at];
    if (each === undefined) {
      const sorted = makers.map((maker) => given.get(maker) ?? 0).sort((a, b) => a - b);
      if (isBetter(sorted)) best = sorted;
      return;
    }
    for (let s = 0; s <= (each.sources.includes("Solar") ? Math.min(sun, each.wh) : 0); s++) {
      for (let w = 0; w <= (each.sources.includes("Wind") ? Math.min(air, each.wh - s) : 0); w++) {
        const more = (given.get(each.maker) ?? 0) + s + w;
        visit(at + 1, sun - s, air - w, new Map(given).set(each.maker, more));
      }
    }
  };
  visit(0, solar, wind, new Map());
  return best;
}
