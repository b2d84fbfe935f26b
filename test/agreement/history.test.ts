import {
  actsOf,
  type Deployment,
  decodeLog,
  earningsOf,
  type HistoryEvent,
  microgridsOf,
  openBlocksOf,
  positionsOf,
  slotPricesOf,
  sourceAt,
  tradesOf,
} from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { createPublicClient, getAddress, http } from "viem";
import { freePort } from "../../scripts/testing/ports.ts";
import { audit, auditsOf } from "../../services/audit/test/support/auditing.ts";
import { type RunningIndexer, startIndexer } from "../../services/indexer/test/support/indexer.ts";
import { type Played, playOn } from "../../services/indexer/test/support/played.ts";
import { randomActions } from "../../services/indexer/test/support/randomActions.ts";
import { tablesAt } from "../../services/indexer/test/support/tables.ts";
import type { LocalNode } from "../../services/relay/test/support/node.ts";
import { expectSameTables } from "./support/tables.ts";

const isDeep = process.env.WATTLINE_DEEP !== undefined;
const FAR = 2 ** 40;
const SEED = 7;

type Row = Readonly<Record<string, unknown>>;

describe("A lived-in history", function () {
  this.timeout(900_000);
  let played: Played;
  let chain: LocalNode | undefined;
  let indexer: RunningIndexer | undefined;
  let acts: Awaited<ReturnType<typeof actsOn>>;
  let tables: Record<string, unknown[]>;

  before(async () => {
    [played, chain] = await playOn({
      ...{ skipped: 40, slots: isDeep ? 56 : 16, households: 6, outage: [8, 12] },
      market: "forward",
    });
    const random = randomActions(played, SEED);
    // Twice, so that trades before and after the first change of DSO are compared.
    for (let round = 0; round < 2; round++) await random.doAll();
    await random.fallShort();
    indexer = await startIndexer({ ...played, port: await freePort() });
    await indexer.caughtUp();
    tables = await tablesAt(indexer.url);
    acts = await actsOn(played.rpcUrl, played.deployment);
  });
  after(async () => {
    await indexer?.end();
    await chain?.stop();
  });

  const running = (): RunningIndexer => {
    if (indexer === undefined) throw new Error("The indexer does not run.");
    return indexer;
  };
  const rowsOf = (table: string): Row[] => (tables[table] ?? []) as Row[];

  it("has all cases that were once read in two ways", () => {
    const trades = tradesOf(acts);
    expect(new Set(trades.map(({ kind }) => kind)).size).to.equal(4);
    expect(trades.some(({ from, to }) => from !== to)).to.equal(true);
    expect(trades.some(({ kind, bondMillis }) => kind === "release" && bondMillis > 0n)).to.equal(
      true,
    );
    expect(acts.some(({ act }) => act.kind === "transfer")).to.equal(true);
    const dsos = acts.filter(({ act }) => act.kind === "plain" && act.event.eventName === "DsoSet");
    expect(dsos.length).to.equal(2);
  });

  it("has the same trades in the indexer as in the events, with or without the grid", () => {
    const read = tradesOf(acts).map(({ told, ...trade }) => ({
      id: `${told.hash}-${trade.logIndex}`,
      kind: trade.kind,
      seller: trade.seller,
      buyer: trade.buyer,
      maker: trade.maker ?? null,
      taker: trade.taker ?? null,
      offerHash: trade.offerHash ?? null,
      bidHash: trade.bidHash ?? null,
      positionId: trade.positionId ?? null,
      source: trade.source,
      fromMicrogrid: trade.from,
      toMicrogrid: trade.to,
      sentWh: total(trade.sentWh),
      arrivedWh: total(trade.arrivedWh),
      reservedWh: trade.reservedWh === undefined ? null : total(trade.reservedWh),
      costMillis: trade.costMillis,
      chargeMillis: trade.chargeMillis,
      bondMillis: trade.bondMillis,
      refundMillis: trade.refundMillis,
      withGrid: trade.withGrid,
    }));
    expectSame(rowsOf("trades"), read);
  });

  it("has the same prices by slot", () => {
    const [trades, microgrids] = [tradesOf(acts), microgridsOf(acts)];
    const read = played.communities.flatMap(({ microgrid }) =>
      [...slotPricesOf(trades, microgrids, microgrid)].map(([slot, price]) => ({
        microgrid,
        slot,
        ...price,
      })),
    );
    expectSame(rowsOf("slotPrices"), read);
  });

  it("has the same positions, and the same of each of their blocks", () => {
    const views = positionsOf(acts.map(({ act }) => act));
    const read = views.map(({ id, position, offerHash, bidHash, ...view }) => ({
      positionId: id,
      seller: position.seller,
      buyer: position.buyer,
      meter: position.meter,
      source: sourceAt(position.source),
      fromMicrogrid: position.from,
      toMicrogrid: position.to,
      price: position.price,
      perArrived: position.perArrived,
      charge: position.charge,
      bond: position.bond,
      lossBps: position.lossBps,
      energy: position.energy,
      ahead: position.ahead,
      offerHash: offerHash ?? null,
      bidHash: bidHash ?? null,
      open: openBlocksOf({ position, ...view })
        .toString(2)
        .replaceAll("0", "").length,
    }));
    expectSame(rowsOf("positions"), read);
    const blocks = views.flatMap(({ id, blocks: all }) =>
      all.map((block) => ({ positionId: id, ...block })),
    );
    expectSame(rowsOf("positionBlocks"), blocks);
  });

  it("has the same earnings of everyone, hour by hour", async () => {
    const trades = tradesOf(acts);
    const holders = new Set(trades.flatMap(({ seller, buyer }) => [seller, buyer]));
    const microgrids = microgridsOf(acts);
    const read = [...holders].flatMap((holder) =>
      earningsOf(trades, microgrids, holder).map((earning) => ({ holder, ...earning })),
    );
    expectSame(rowsOf("earnings"), read);
    // And as a page queries them.
    const [holder] = holders;
    if (holder === undefined) throw new Error("Nobody has traded.");
    const asked = await running().api.earningsOf(holder, 0, FAR);
    expectSame(
      asked.map((row) => ({ ...row })),
      earningsOf(trades, microgrids, holder).map((earning) => ({ ...earning })),
    );
  });

  it("has the same tables in the audit", async () => {
    const audits = auditsOf();
    try {
      const command = audits.commandOf(played.rpcUrl, played);
      await expectSameTables(running().url, await audit(command), command.out);
    } finally {
      audits.clear();
    }
  });
});

/** Every act since the contracts' deployment, oldest first, from logs alone. */
async function actsOn(rpcUrl: string, deployment: Deployment) {
  const contracts = {
    marketplace: getAddress(deployment.marketplace),
    microgrids: getAddress(deployment.microgrids),
    meters: getAddress(deployment.meters),
    energy: getAddress(deployment.energy),
  };
  const client = createPublicClient({ transport: http(rpcUrl), cacheTime: 0 });
  const logs = await client.getLogs({
    address: Object.values(contracts),
    fromBlock: BigInt(deployment.fromBlock),
  });
  const groups = [...Map.groupBy(logs, ({ transactionHash }) => transactionHash)];
  const read = groups.map(async ([hash, within]) => {
    const events = within
      .map((log) => decodeLog(contracts, log))
      .filter((event): event is HistoryEvent => event !== undefined);
    const { timestamp } = await client.getBlock({ blockNumber: within[0]?.blockNumber });
    return actsOf(contracts, events).map((act) => ({ act, hash, time: Number(timestamp) }));
  });
  return (await Promise.all(read)).flat();
}

/** Expects the same rows, in any order, by the members that were read. */
function expectSame(indexed: readonly Row[], read: readonly Row[]): void {
  const [first] = read;
  if (first === undefined) throw new Error("Nothing was read.");
  const names = Object.keys(first).sort();
  const lines = (rows: readonly Row[]) =>
    rows.map((row) => names.map((name) => `${name}: ${textOf(row[name])}`).join(", ")).sort();
  expect(lines(indexed)).to.deep.equal(lines(read));
}

const textOf = (value: unknown): string => String(value ?? "none").toLowerCase();

const total = (energyWh: ReadonlyMap<number, bigint>): bigint =>
  [...energyWh.values()].reduce((sum, wh) => sum + wh, 0n);
