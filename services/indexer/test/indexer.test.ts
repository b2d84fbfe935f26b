import type { MarketName } from "@wattline/community/simulation";
import { hashOrder, marketDomain, sumWh } from "@wattline/sdk";
import { expect } from "chai";
import { recoverAddress } from "viem";
import { readInput } from "../../../scripts/allocate/inputs.ts";
import { freePort } from "../../../scripts/testing/ports.ts";
import type { LocalNode } from "../../relay/test/support/node.ts";
import { askAt } from "../client/graphql.ts";
import { BLOCKS_HEADER } from "../client/query.ts";
import * as rows from "../client/rows.ts";
import { confirmableAt, expectAsOnChain } from "./support/chainState.ts";
import { type RunningIndexer, startIndexer } from "./support/indexer.ts";
import { type Played, playOn, type Script } from "./support/played.ts";
import { randomActions } from "./support/randomActions.ts";
import { tablesAt } from "./support/tables.ts";

const isDeep = process.env.WATTLINE_DEEP !== undefined;
/** Four hours around noon; in the third one the first community is islanded. Deep runs play the whole day. */
const HOURS: Omit<Script, "market"> = isDeep
  ? { skipped: 0, slots: 96, households: 14, outage: [44, 52] }
  : { skipped: 40, slots: 16, households: 6, outage: [8, 12] };
const MARKETS_PLAYED: readonly MarketName[] = isDeep
  ? ["settle", "forward", "accept"]
  : ["settle", "forward"];
/** The most blocks of the chain that can be undone: Ponder regards older ones as final. */
const DEEPEST_REORG = 28;

const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);

describe("The indexer", function () {
  this.timeout(isDeep ? 1_800_000 : 900_000);

  for (const market of MARKETS_PLAYED) {
    describe(`over a played day (${market})`, () => {
      let played: Played;
      let chain: LocalNode | undefined;
      let indexer: RunningIndexer | undefined;

      before(async () => {
        [played, chain] = await playOn({ ...HOURS, market });
        // Reorganisations and a kill are for the database that `npm start` has.
        const database = market === "settle" ? "pglite" : undefined;
        indexer = await startIndexer({ ...played, port: await freePort(), database });
        await indexer.caughtUp();
      });
      after(async () => {
        await indexer?.end();
        await chain?.stop();
      });
      const running = (): RunningIndexer => {
        if (indexer === undefined) throw new Error("The indexer does not run.");
        return indexer;
      };

      it("has the rows that the contracts' views confirm", async () => {
        await expectAsOnChain(played.deployment, played.rpcUrl, await confirmable(running().url));
      });

      it("has the same sums as the simulation", async () => {
        const { summary, communities } = played;
        const all = askAt(running().url, fetch).all;
        const trades = await all("trades", "tradeFilter", rows.trade, {});
        const readings = await all("readings", "readingFilter", rows.reading, {});
        const between = trades.filter((trade) => !trade.withGrid);
        const delivered = between.filter(({ kind }) => kind !== "reserve");
        expect(readings.length).to.equal(summary.readings);
        expect(sum(readings.map(({ exportedWh }) => exportedWh))).to.equal(
          BigInt(summary.reportedWh ?? 0),
        );
        expect(between.filter(({ kind }) => kind !== "release").length).to.equal(summary.trades);
        expect(sum(delivered.map(({ sentWh }) => sentWh))).to.equal(BigInt(summary.tradedWh ?? 0));
        expect(sum(delivered.map(({ sentWh, arrivedWh }) => sentWh - arrivedWh))).to.equal(
          BigInt(summary.lostWh ?? 0),
        );
        expect(
          sum(trades.map(({ kind, bondMillis }) => (kind === "release" ? bondMillis : 0n))),
        ).to.equal(BigInt(summary.bondPaidMillis ?? 0));
        const homes = communities.flatMap(({ households }) => households);
        for (const [home, { address, name }] of homes.entries()) {
          const earnings = await running().api.earningsOf(address, 0, 2 ** 40);
          const summed = summary.households[home];
          const total = (of: (row: rows.EarningRow) => bigint) => sum(earnings.map(of));
          expect(
            total(({ soldWh, toGridWh }) => soldWh - toGridWh),
            name,
          ).to.equal(BigInt(summed?.soldWh ?? 0));
          expect(
            total(({ boughtWh }) => boughtWh),
            name,
          ).to.equal(BigInt(summed?.boughtWh ?? 0));
          expect(
            total(({ earnedMillis }) => earnedMillis),
            name,
          ).to.equal(BigInt(summed?.earnedOverFeedInMillis ?? 0));
        }
      });

      it("splits trades over hours and slots without losing a unit", async () => {
        const all = askAt(running().url, fetch).all;
        const trades = await all("trades", "tradeFilter", rows.trade, {});
        const earnings = await all("earnings", "earningFilter", rows.earning, {});
        const prices = await all("slotPrices", "slotPriceFilter", rows.slotPrice, {});
        const done = trades.filter(({ kind }) => kind !== "reserve");
        for (const member of [
          "earnedMillis",
          "savedMillis",
          "feedInValueMillis",
          "retailCostMillis",
        ] as const) {
          expect(sum(earnings.map((row) => row[member])), member).to.equal(
            sum(done.map((row) => row[member])),
          );
        }
        expect(sum(earnings.map(({ paidMillis }) => paidMillis))).to.equal(
          sum(done.map(({ costMillis }) => costMillis)),
        );
        const spot = trades.filter(
          ({ kind, withGrid }) => !withGrid && (kind === "accept" || kind === "settle"),
        );
        expect(sum(prices.map(({ costMillis }) => costMillis))).to.equal(
          sum(spot.map(({ costMillis }) => costMillis)),
        );
        expect(sum(prices.map(({ energyWh }) => energyWh))).to.equal(
          sum(spot.map(({ arrivedWh }) => arrivedWh)),
        );
      });

      it("compares each trade with the prices of its slots", async () => {
        const { firstSlot, slots } = played;
        const { items } = await running().api.trades({ limit: 1000 });
        expect(items).not.to.be.empty;
        for (const trade of items) {
          expect(trade.sentWh, trade.id).to.equal(sumWh(trade.words));
          if (trade.arrivedWh !== trade.sentWh) continue;
          const retailOf = (slot: number) => (slot - firstSlot < slots / 2 ? 320_000n : 350_000n);
          const due = trade.words.flatMap((word, offset) =>
            Array.from({ length: 8 }, (_, lane) => {
              const wh = (word >> BigInt(lane * 32)) & 0x7fffffffn;
              return wh * retailOf((trade.firstBlock + offset) * 8 + lane);
            }),
          );
          expect(trade.retailCostMillis, trade.id).to.equal(sum(due));
          expect(trade.feedInValueMillis, trade.id).to.equal(80_000n * trade.sentWh);
        }
      });

      it("links a trade to its orders, signed by their makers", async () => {
        const { chainId, marketplace } = played.deployment;
        const domain = marketDomain(chainId, marketplace);
        const { items } = await running().api.trades({
          kinds: ["accept", "settle", "reserve"],
          limit: 40,
        });
        for (const { id } of items) {
          const trade = await running().api.trade(id);
          expect(trade?.transaction?.gasUsed).to.equal(trade?.gasUsed);
          const orders = [trade?.offer, trade?.bid].filter((order) => order?.signature);
          expect(orders, id).not.to.be.empty;
          for (const order of orders) {
            if (!order) continue;
            const hash = hashOrder(domain, signedOrder(order));
            expect(hash).to.equal(order.hash);
            const signer = await recoverAddress({ hash, signature: order.signature ?? "0x" });
            expect(signer.toLowerCase()).to.equal(order.maker);
          }
        }
      });

      it("finds trades by microgrid, household, slot, transaction and order, page by page", async () => {
        const { api } = running();
        const all = await askAt(running().url, fetch).all("trades", "tradeFilter", rows.trade, {});
        const { seller, firstSlot, txHash, toMicrogrid } = all[0] ?? expect.fail("no trades");
        const idsOf = (trades: readonly rows.TradeRow[]) => trades.map(({ id }) => id).sort();
        const asked = async (filter: Parameters<typeof api.trades>[0]) => {
          const found: rows.TradeRow[] = [];
          let cursor: string | undefined;
          do {
            const page = await api.trades({ ...filter, cursor, limit: 7 });
            found.push(...page.items);
            ({ cursor } = page);
          } while (cursor !== undefined);
          return idsOf(found);
        };
        expect(await asked({ household: seller.toUpperCase().replace("X", "x") })).to.deep.equal(
          idsOf(all.filter((trade) => [trade.seller, trade.buyer].includes(seller))),
        );
        expect(await asked({ microgrid: toMicrogrid, slot: firstSlot })).to.deep.equal(
          idsOf(
            all.filter(
              (trade) =>
                [trade.fromMicrogrid, trade.toMicrogrid].includes(toMicrogrid) &&
                trade.firstSlot <= firstSlot &&
                trade.lastSlot >= firstSlot,
            ),
          ),
        );
        expect(await asked({ tx: txHash })).to.deep.equal(
          idsOf(all.filter((trade) => trade.txHash === txHash)),
        );
      });

      it("exports settled trades as allocations", async () => {
        const trades = await askAt(running().url, fetch).all(
          "trades",
          "tradeFilter",
          rows.trade,
          {},
        );
        let found = 0;
        for (const { microgrid } of played.communities) {
          const input = { kind: "market", indexer: running().url, microgrid } as const;
          const read = await readInput(input, 0, 2 ** 32, new AbortController().signal);
          const delivered = trades.filter(
            ({ kind, withGrid, fromMicrogrid, toMicrogrid }) =>
              kind !== "reserve" && !withGrid && [fromMicrogrid, toMicrogrid].includes(microgrid),
          );
          const own = delivered.filter(
            ({ fromMicrogrid, toMicrogrid }) => fromMicrogrid === toMicrogrid,
          );
          const wh = sum(read.allocation.shares.map(({ energyWh }) => energyWh));
          expect(wh).to.equal(sum(own.map(({ sentWh }) => sentWh)));
          expect(read.crossed).to.equal(delivered.length - own.length);
          found += delivered.length;
          for (const { producer, consumer, slot } of read.allocation.shares) {
            const isTraded = own.some(
              ({ seller, buyer, firstSlot, lastSlot }) =>
                seller === producer && buyer === consumer && firstSlot <= slot && slot <= lastSlot,
            );
            expect(isTraded, `slot ${slot}`).to.equal(true);
          }
        }
        // On a short day all of them may cross the tie line, and then there is nothing to allocate.
        expect(found).to.be.above(0);
      });

      it("answers reading SQL only", async () => {
        const ask = (sql: string) => {
          const query = encodeURIComponent(JSON.stringify({ json: { sql, params: [] } }));
          return fetch(`${running().url}/sql/db?sql=${query}`);
        };
        const read = await ask("select count(*)::int as readings from reading");
        expect(await read.text()).to.include(String(played.summary.readings));
        expect((await ask("delete from reading")).ok).to.equal(false);
      });

      it("says between which blocks its rows were read, to pages of other places, too", async () => {
        const { headers } = await fetch(`${running().url}/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json", origin: "https://page.example" },
          body: JSON.stringify({ query: "{ microgrids { items { id } } }" }),
        });
        const { block } = await running().api.status();
        expect(headers.get(BLOCKS_HEADER)).to.equal(`${block}-${block}`);
        expect(headers.get("access-control-expose-headers")).to.equal(BLOCKS_HEADER);
      });

      if (market === "settle") {
        it("agrees with a fresh indexer on another database after reorgs and a kill", async () => {
          const indexer = running();
          const seed = isDeep ? Date.now() : 5;
          const random = randomActions(played, seed);
          await random.doAll();
          const rounds = isDeep ? 8 : 2;
          for (let round = 0; round < rounds; round++) {
            const depth = 1 + Math.floor((DEEPEST_REORG * (round + 1)) / rounds / 3);
            await random.undone(async () => {
              await random.perform(depth);
              await indexer.caughtUp();
            });
            // Ponder does not notice a chain that only got shorter: it must continue with other blocks.
            await random.perform(depth + 2);
            await indexer.caughtUp();
          }
          // Killed while things happen, not between them.
          await Promise.all([random.perform(8), indexer.killAndRestart()]);
          await indexer.caughtUp();
          expect(indexer.log().join("\n")).to.include("type=pglite");
          await expectAsOnChain(played.deployment, played.rpcUrl, await confirmable(indexer.url));

          const fresh = await startIndexer({ ...played, port: await freePort() });
          try {
            await fresh.caughtUp();
            expect(fresh.log().join("\n")).to.include("type=postgres");
            const [ours, theirs] = [await tablesAt(indexer.url), await tablesAt(fresh.url)];
            for (const table of Object.keys(theirs)) {
              expect(ours[table], `${table} (seed ${seed})`).to.deep.equal(theirs[table]);
            }
            // A contract wallet's trades are known by their events alone.
            const hidden = await fresh.api.ordersOf(played.communities[0]?.dso ?? "", {
              limit: 1000,
            });
            expect(hidden.items.filter(({ price }) => price === null)).not.to.be.empty;
            expect(theirs.pendings).to.deep.equal([]);
            expect(theirs.pins).not.to.be.empty;
            expect(theirs.transfers).not.to.be.empty;
            expect(theirs.retirements).not.to.be.empty;
          } finally {
            await fresh.end();
          }
        });
      }
    });
  }
});

/** The argument of {@link hashOrder}, from a row whose order is known. */
const signedOrder = (row: rows.OrderRow) => ({
  maker: row.maker,
  meter: row.meter ?? "0x",
  microgrid: row.microgrid ?? 0,
  side: row.side === "bid" ? 1 : 0,
  sources: row.sources ?? 0,
  firstSlot: row.firstSlot ?? 0,
  lastSlot: row.lastSlot ?? 0,
  energy: Number(row.energyWh),
  price: row.price ?? 0n,
  forward: row.forward ?? false,
  bond: row.bond ?? 0n,
  mostAhead: Number(row.mostAheadWh),
  crosses: row.crosses ?? false,
  counterparty: row.counterparty ?? "0x",
  settler: row.settler ?? "0x",
  nonce: row.nonce,
  counter: row.counter ?? 0n,
  deadline: row.deadline ?? 0,
});

async function confirmable(url: string) {
  const known = await confirmableAt(url);
  for (const table of [
    "microgrids",
    "schedules",
    "rations",
    "meters",
    "balances",
    "accounts",
    "orders",
    "flows",
  ] as const) {
    expect(known[table], table).not.to.be.empty;
  }
  return known;
}
