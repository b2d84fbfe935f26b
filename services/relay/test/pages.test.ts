import { tmpdir } from "node:os";
import { ANYONE, isPosted, type OrderState, SIDES, SOURCES, sourceMask } from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { type Address, getAddress, numberToHex, zeroAddress } from "viem";
import { newDatabase } from "../../../test/support/postgres.ts";
import { OrderCache } from "../src/orderCache.ts";
import { openDatabase } from "../src/store/database.ts";
import { LiveOrders } from "../src/store/liveOrders.ts";
import { insertOrders, textOf } from "../src/store/orders.ts";
import { type Cursor, conditionsOf, orderingOf } from "../src/store/query.ts";
import type { OrderRow } from "../src/store/tables.ts";
import { NOWHERE, Texts } from "../src/store/texts.ts";
import { ORDER_KINDS, type OrdersQuery, SORTS } from "../src/wire.ts";
import { rowOf } from "./support/rows.ts";

const deployment = {
  chainId: 31_337,
  marketplace: zeroAddress,
  microgrids: zeroAddress,
  meters: zeroAddress,
  energy: zeroAddress,
  board: zeroAddress,
  fromBlock: 0,
};

/** Few of each kind, so that orders are often alike, and the ends of every range. */
const ADDRESSES: readonly Address[] = [1n, 2n, 2n ** 159n + 1n, 2n ** 160n - 1n].map((address) =>
  getAddress(numberToHex(address, { size: 20 })),
);
const SLOTS = [0, 1, 5, 6, 7, 2 ** 31, 2 ** 32 - 1];
const PRICES = [0n, 1n, 7n, 8n, 2n ** 32n, 2n ** 64n + 1n, 2n ** 96n - 1n];
const MICROGRIDS = [1, 2, 2 ** 32 - 1];
const STATES: readonly OrderState[] = ["live", "live", "live", "filled", "unbacked", "expired"];
const ANYBODY = [zeroAddress, ...ADDRESSES];
const SETTLERS = [zeroAddress, ANYONE, ...ADDRESSES.slice(1)];

const slotRange = fc
  .tuple(fc.constantFrom(...SLOTS), fc.constantFrom(...SLOTS))
  .map(([a, b]) => ({ first_slot: Math.min(a, b), last_slot: Math.max(a, b) }));

const searched = fc.record({
  microgrid: fc.constantFrom(...MICROGRIDS),
  side: fc.integer({ min: 0, max: SIDES.length - 1 }),
  sources: fc.integer({ min: 1, max: 2 ** SOURCES.length - 1 }),
  slots: slotRange,
  price: fc.constantFrom(...PRICES).map(String),
  forward: fc.boolean(),
  maker: fc.constantFrom(...ADDRESSES),
  counterparty: fc.constantFrom(...ANYBODY),
  settler: fc.constantFrom(...SETTLERS),
  state: fc.constantFrom(...STATES),
});

/** Sequences do not start at zero, and outgrow 32 bits. */
const books = fc
  .tuple(fc.array(searched, { maxLength: 80, size: "max" }), fc.constantFrom(1, 2 ** 32 - 20))
  .map(([orders, start]) =>
    orders.map(({ slots, ...order }, i) => rowOf({ ...order, ...slots }, start + i)),
  );

const maybe = <T>(values: readonly T[]) =>
  fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });

const queries: fc.Arbitrary<OrdersQuery> = fc.record({
  microgrid: maybe(MICROGRIDS),
  side: maybe(SIDES),
  source: maybe(SOURCES),
  fromSlot: maybe(SLOTS),
  toSlot: maybe(SLOTS),
  minPrice: maybe(PRICES),
  maxPrice: maybe(PRICES),
  maker: maybe(ADDRESSES),
  counterparty: maybe(ADDRESSES),
  kind: maybe(ORDER_KINDS),
  settler: maybe(ADDRESSES.slice(1)),
  forward: maybe([true, false]),
  state: maybe(["live", "all"] as const),
  sort: maybe(SORTS),
});

/** What a query finds, said as plainly as can be. */
function plainly(book: readonly OrderRow[], query: OrdersQuery): OrderRow[] {
  const { source, fromSlot = 0, toSlot = Infinity, minPrice = 0n, maxPrice } = query;
  const meets = (row: OrderRow): boolean =>
    (query.state === "all" || row.state === "live") &&
    (query.microgrid === undefined || row.microgrid === query.microgrid) &&
    (query.side === undefined || SIDES[row.side] === query.side) &&
    (source === undefined || (row.sources & sourceMask(source)) !== 0) &&
    row.last_slot >= fromSlot &&
    row.first_slot <= toSlot &&
    BigInt(row.price) >= minPrice &&
    (maxPrice === undefined || BigInt(row.price) <= maxPrice) &&
    (query.maker === undefined || row.maker === query.maker) &&
    (query.counterparty === undefined ||
      [zeroAddress, query.counterparty].includes(row.counterparty)) &&
    (query.kind === undefined || isPosted(row) === (query.kind === "posted")) &&
    (query.settler === undefined || [ANYONE, query.settler].includes(row.settler)) &&
    (query.forward === undefined || row.forward === query.forward);
  const found = book.filter(meets).toSorted((a, b) => a.received_sequence - b.received_sequence);
  const { sort = "price", side } = query;
  if (sort === "received") return found.toReversed();
  if (sort === "firstSlot") return found.toSorted((a, b) => a.first_slot - b.first_slot);
  const sign = side === "bid" ? -1 : 1;
  return found.toSorted((a, b) => sign * Number(BigInt(a.price) - BigInt(b.price)));
}

for (const kind of ["PGlite", "Postgres"] as const) {
  describe(`Pages of a book in ${kind}`, function () {
    this.timeout(600_000);
    let opened: Awaited<ReturnType<typeof openDatabase>> | undefined;
    // Room for a few orders: most give way before they are asked for again.
    const texts = new Texts(tmpdir(), expect.fail, 4_000);

    before(async () => {
      const storage =
        kind === "Postgres" ? { postgresUrl: await newDatabase() } : { memory: true as const };
      opened = await openDatabase(storage, deployment);
    });
    after(async () => {
      texts.close();
      await opened?.close();
    });

    it("are what filtering and sorting the book plainly gives, one after the other", async () => {
      const { db } = opened ?? {};
      if (db === undefined) throw new Error("There is no database.");
      const asked = fc.array(fc.tuple(queries, fc.integer({ min: 1, max: 30 })), {
        minLength: 8,
        maxLength: 8,
      });
      await fc.assert(
        fc.asyncProperty(books, asked, async (rows, questions) => {
          await db.deleteFrom("orders").execute();
          if (rows.length > 0) await insertOrders(db, rows);
          const cache = await OrderCache.open(db, texts);
          for (const [query, limit] of questions) {
            const pages: string[] = [];
            let cursor: Cursor | undefined;
            do {
              const page = await cache.page(query, cursor, limit);
              expect(page.texts.length).to.be.at.most(limit);
              pages.push(...page.texts.map(String));
              expect(pages.length).to.be.at.most(rows.length);
              cursor = page.next;
            } while (cursor !== undefined);
            expect(pages).to.deep.equal(plainly(rows, query).map(textOf));
          }
        }),
        { numRuns: process.env.WATTLINE_DEEP !== undefined ? 300 : 40 },
      );
    });

    it("show the latest change, even one published while they were read", async () => {
      const { db } = opened ?? {};
      if (db === undefined) throw new Error("There is no database.");
      const row = rowOf({}, 1);
      await db.deleteFrom("orders").execute();
      await insertOrders(db, [row]);
      const cache = await OrderCache.open(db, texts);
      const reading = cache.page({}, undefined, 1);
      const changed = { ...row, remaining_wh: 7, updated_sequence: 2 };
      cache.update([changed]);
      await reading;
      const { texts: told } = await cache.page({}, undefined, 1);
      expect(told.map(String)).to.deep.equal([textOf(changed)]);
    });
  });
}

describe("The live orders in memory", () => {
  it("are those that were added and not taken out again", () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(40)), { maxLength: 200 });
    fc.assert(
      fc.property(steps, queries, (changes, query) => {
        const live = new LiveOrders();
        const rows = new Map<number, OrderRow>();
        for (const [isAdded, n] of changes) {
          const row = rowOf({ price: String(n % 7), first_slot: n % 5, last_slot: n % 5 }, n + 1);
          if (isAdded) {
            live.add(row, NOWHERE);
            rows.set(n, row);
          } else {
            live.remove(row);
            rows.delete(n);
          }
        }
        expect(live.size).to.equal(rows.size);
        const { orders } = live.find(conditionsOf(query), orderingOf(query), undefined, 50);
        const expected = plainly([...rows.values()], query);
        expect(orders.map(({ sequence }) => sequence)).to.deep.equal(
          expected.map(({ received_sequence }) => received_sequence),
        );
      }),
    );
  });

  it("are found in a large book whatever the order in which they came", () => {
    const price = fc.integer({ min: 0, max: 500 });
    const orders = { minLength: 5_000, maxLength: 9_000, size: "max" } as const;
    fc.assert(
      fc.property(
        fc.array(price, orders),
        fc.constantFrom(...SORTS),
        fc.constantFrom("offer", "bid", undefined),
        fc.integer({ min: 100, max: 700 }),
        (prices, sort, side, limit) => {
          const rows = prices.map((each, n) =>
            rowOf({ price: String(each), first_slot: (each * 7) % 31, side: n % 2 }, n + 1),
          );
          const live = new LiveOrders();
          for (const row of rows) live.add(row, NOWHERE);
          const query = { sort, side };
          const found: number[] = [];
          let cursor: Cursor | undefined;
          do {
            const page = live.find(conditionsOf(query), orderingOf(query), cursor, limit);
            found.push(...page.orders.map(({ sequence }) => sequence));
            cursor = page.next;
          } while (cursor !== undefined && found.length <= rows.length);
          const expected = plainly(rows, query).map((row) => row.received_sequence);
          expect(found.join()).to.equal(expected.join());
        },
      ),
      // So large a book would take minutes to make smaller.
      { numRuns: 20, endOnFailure: true },
    );
  });

  it("are as many as there are, the best found though each is better than all before it", () => {
    const live = new LiveOrders();
    // Each is better than all before it.
    for (let n = 1; n <= 3_000; n++) live.add(rowOf({ price: String(5_000 - n) }, n), NOWHERE);
    const { orders, next } = live.find([], orderingOf({}), undefined, 3);
    expect(orders.map(({ sequence }) => sequence)).to.deep.equal([3_000, 2_999, 2_998]);
    expect(next).to.deep.equal({ value: "2002", sequence: 2_998 });
  });
});
