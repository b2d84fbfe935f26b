import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { runs } from "../../test/support/runs.ts";
import {
  BID,
  type CrossingBook,
  communityOf,
  linePricesOf,
  OFFER,
  type OpenLimit,
  type Order,
  type Pairing,
  pairAcross,
  type Source,
  strike,
} from "../src/index.ts";
import { account, held, open as openLimit, SLOT, LIMIT_SLOTS as slots } from "./support/limits.ts";
import { microgridWith } from "./support/microgrid.ts";

const [from, to] = [microgridWith({ microgrid: 1 }), microgridWith({ microgrid: 2 })];
const crossing = { lossBps: 300n, capacityWh: 2_500n, wheelingPerKwh: 20_000n };

const open = (maker: number, side: number, wh: number, terms: Partial<Order> = {}): OpenLimit =>
  openLimit(maker, side, wh, { microgrid: side === OFFER ? 1 : 2, crosses: true, ...terms });
const bookOf = (terms: Partial<CrossingBook> & { energyWh?: readonly (readonly number[])[] }) => ({
  from,
  to,
  crossing,
  flowWh: new Map(),
  slots,
  offers: [],
  bids: [],
  poolOf: (order: Order, source: Source) => ({
    key: `${order.maker} ${source}`,
    energyWh: held(terms.energyWh?.[Number(BigInt(order.maker)) - 0x1001] ?? []),
  }),
  ...terms,
});

/** What a pairing trades as the contracts would cut it, after those before it. */
function struck(book: CrossingBook, pairings: readonly Pairing[]) {
  const flowWh = new Map(book.flowWh);
  const leftWh = new Map([...book.offers, ...book.bids].map((each) => [each.order, each.leftWh]));
  const party = ({ order }: OpenLimit | Pairing["offer"]) => ({
    kind: "limit" as const,
    pricePerKwh: order.price,
    firstSlot: order.firstSlot,
    lastSlot: order.lastSlot,
    leftWh: leftWh.get(order) ?? 0n,
    crosses: order.crosses,
  });
  return pairings.map(({ offer, bid, energyWh }) => {
    const traded = strike({
      offer: party(offer),
      bid: party(bid),
      isForward: false,
      energyWh,
      from: communityOf(from, 0),
      to: communityOf(to, 0),
      line: { ...crossing, ...book.crossing, flowWh: (slot) => flowWh.get(slot) ?? 0n },
      rationLeftWh: () => undefined,
      nowS: (SLOT + 100) * from.slotSeconds,
    });
    for (const { slot, sentWh, arrivedWh } of traded.slots) {
      flowWh.set(slot, (flowWh.get(slot) ?? 0n) + sentWh);
      leftWh.set(offer.order, (leftWh.get(offer.order) ?? 0n) - sentWh);
      leftWh.set(bid.order, (leftWh.get(bid.order) ?? 0n) - arrivedWh);
    }
    return traded;
  });
}
const sum = (values: Iterable<bigint>): bigint => [...values].reduce((all, one) => all + one, 0n);

describe("Limits that meet over a tie line", () => {
  it("share what arrives equally", () => {
    const bids = [open(2, BID, 5_000), open(3, BID, 100), open(4, BID, 5_000)];
    const book = bookOf({
      offers: [open(1, OFFER, 9_000, { lastSlot: SLOT })],
      bids,
      energyWh: [[1_000]],
    });
    const arrived = struck(book, pairAcross(book)).map(({ slots: of }) =>
      sum(of.map(({ arrivedWh }) => arrivedWh)),
    );
    // 970 of 1,000 Wh: 100 for who wants no more, half of the rest each.
    expect(arrived.toSorted((a, b) => Number(a - b)).map(Number)).to.satisfy(
      ([least = 0, ...others]: number[]) =>
        least === 100 && others.every((wh) => wh >= 433 && wh <= 435),
    );
  });

  it("leave no share to an offer that is too dear for the line", () => {
    const cheap = open(1, OFFER, 1_000);
    const book = bookOf({
      offers: [cheap, open(5, OFFER, 1_000, { price: 199_000n })],
      bids: [open(2, BID, 485, { lastSlot: SLOT })],
      energyWh: [[1_000], [], [], [], [1_000]],
    });
    const pairings = pairAcross(book);
    expect(pairings.map(({ offer }) => offer.order)).to.deep.equal([cheap.order]);
    expect(pairings.map(({ energyWh }) => energyWh.get(SLOT))).to.deep.equal([500n]);
  });

  it("are cut alike where the line can't carry all", () => {
    const book = bookOf({
      offers: [open(1, OFFER, 9_000), open(5, OFFER, 9_000)],
      bids: [open(2, BID, 9_000)],
      flowWh: new Map([[SLOT, 2_000n]]),
      energyWh: [[1_000], [], [], [], [3_000]],
    });
    const sentWh = pairAcross(book).map(({ energyWh }) => sum(energyWh.values()));
    expect(sentWh.toSorted((a, b) => Number(a - b))).to.deep.equal([125n, 375n]);
  });

  it("don't meet where the seller's limit, wheeling and loss come to more than the middle", () => {
    const middle = ((200_000n + 20_000n) * 10_000n + 9_699n) / 9_700n;
    const price = (middle + 200_000n) / 2n;
    // What a seller gets of it: for 1,000 Wh that are sent 970 arrive.
    const most = (price * 970n) / 1_000n - 20_000n;
    const pairings = (terms: Partial<Order>, bid: Partial<Order> = {}) =>
      pairAcross(
        bookOf({
          offers: [open(1, OFFER, 1_000, terms)],
          bids: [open(2, BID, 1_000, bid)],
          energyWh: [[1_000]],
        }),
      ).length;
    expect(pairings({ price: most })).to.equal(1);
    expect(pairings({ price: most + 1_000n })).to.equal(0);
    expect(pairings({}, { price })).to.equal(1);
    expect(pairings({}, { price: price - 1n })).to.equal(0);
  });

  it("meet at the line's own prices, also when few Wh are sent", () => {
    const ways = [
      { from, to, crossing },
      { from: to, to: from, crossing },
    ];
    const [seller, buyer] = [linePricesOf(from, ways), linePricesOf(to, ways)];
    for (const wh of [20, 33, 34, 67, 250, 1_000]) {
      const pairings = pairAcross(
        bookOf({
          offers: [open(1, OFFER, wh, { price: seller?.leastEarned(SLOT) ?? 0n })],
          bids: [open(2, BID, wh, { price: buyer?.mostPaid(SLOT) ?? 0n })],
          energyWh: [[wh]],
        }),
      );
      expect(pairings, `${wh} Wh`).to.have.length(1);
    }
    expect(linePricesOf(from, [])).to.equal(undefined);
  });

  it("trade as planned, to the last Wh, within energy, orders, money and line", () => {
    const amount = fc.integer({ min: 1, max: 4_000 });
    const offers = fc.array(
      fc.record({
        maker: fc.integer({ min: 1, max: 3 }),
        wh: amount,
        price: fc.constantFrom(0n, 100_000n, 180_000n),
      }),
      { minLength: 1, maxLength: 5 },
    );
    const bids = fc.array(fc.record({ maker: fc.integer({ min: 4, max: 7 }), wh: amount }), {
      minLength: 1,
      maxLength: 5,
    });
    const energy = fc.array(fc.array(fc.nat(2_000), { minLength: 4, maxLength: 4 }), {
      minLength: 3,
      maxLength: 3,
    });
    const line = fc.record({
      lossBps: fc.bigInt({ min: 0n, max: 2_000n }),
      capacityWh: fc.bigInt({ min: 0n, max: 4_000n }),
      wheelingPerKwh: fc.bigInt({ min: 0n, max: 40_000n }),
    });
    const carried = fc.array(fc.nat(1_000), { minLength: 4, maxLength: 4 });
    const money = fc.bigInt({ min: 0n, max: 400_000_000n });
    fc.assert(
      fc.property(
        offers,
        bids,
        energy,
        line,
        carried,
        money,
        (offered, wanted, energyWh, terms, flow, most) => {
          const moneyMillis = new Map([4, 5, 6, 7].map((maker) => [account(maker), most]));
          const book = bookOf({
            crossing: terms,
            flowWh: held(flow),
            offers: offered.map(({ maker, wh, price }) => open(maker, OFFER, wh, { price })),
            bids: wanted.map(({ maker, wh }) => open(maker, BID, wh)),
            energyWh,
            moneyMillis,
          });
          const pairings = pairAcross(book);
          const deals = struck(book, pairings);
          const sentWh = new Map<string, bigint>();
          const paidMillis = new Map<string, bigint>();
          const add = (sums: Map<string, bigint>, key: string, more: bigint) =>
            sums.set(key, (sums.get(key) ?? 0n) + more);
          for (const [index, { slots: traded }] of deals.entries()) {
            const pairing = pairings[index];
            if (pairing === undefined) throw new Error("Each pairing is a deal.");
            const told = new Map(traded.map((each) => [each.slot, each.sentWh]));
            expect(told).to.deep.equal(pairing.energyWh);
            for (const each of traded) {
              add(sentWh, `${pairing.offer.order.maker} ${each.slot}`, each.sentWh);
              add(sentWh, `${each.slot}`, each.sentWh);
              add(paidMillis, pairing.bid.order.maker, each.costMillis);
            }
          }
          for (const [index, wh] of energyWh.entries()) {
            for (const slot of slots) {
              const sent = sentWh.get(`${account(index + 1)} ${slot}`) ?? 0n;
              expect(sent <= BigInt(wh[slot - SLOT] ?? 0)).to.equal(true);
            }
          }
          for (const paid of paidMillis.values()) expect(paid <= most).to.equal(true);
        },
      ),
      runs(300),
    );
  });
});
