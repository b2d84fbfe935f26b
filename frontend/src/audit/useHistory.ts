import { connectIndexer, type TradeRow } from "@wattline/indexer/client";
import { sourceIndex } from "@wattline/sdk";
import { type Network, useNetwork } from "../chain/index.ts";
import { type Indexed, useIndexed } from "../data/index.ts";
import { byTime, fits, type HistoryFilter, type HistoryRow } from "./history.ts";
import { followHistory } from "./worker/startWorker.ts";

/** Settlements that were found, newest first. */
export interface Found {
  readonly rows: readonly HistoryRow[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

/** Rows that the indexer is asked for at a time. */
const PAGE = 1_000;

/**
 * The settlements that fit a filter, from the indexer; while it is down, from the chain itself.
 * @param pages How many thousands of them.
 */
export function useHistory(filter: HistoryFilter, pages: number): Indexed<Found> {
  const network = useNetwork();
  return useIndexed(
    ["settlements", filter, pages],
    (_, signal) => readIndexed(network, filter, { most: pages * PAGE, signal }),
    async () => {
      const rows = (await readChain(network)).filter((row) => fits(row, filter));
      return { rows, more: false };
    },
  );
}

/**
 * All settlements that fit a filter, however many.
 * @param from Who tells.
 */
export const readAll = async (
  network: Network,
  filter: HistoryFilter,
  from: Indexed<Found>["from"],
  signal?: AbortSignal,
): Promise<readonly HistoryRow[]> =>
  from === "chain"
    ? (await readChain(network)).filter((row) => fits(row, filter))
    : (await readIndexed(network, filter, { signal })).rows;

async function readIndexed(
  { indexerUrl = "" }: Network,
  { transaction, ...filter }: HistoryFilter,
  { most = Number.POSITIVE_INFINITY, signal }: { most?: number; signal?: AbortSignal | undefined },
): Promise<Found> {
  const indexer = connectIndexer(indexerUrl);
  const microgrids = new Map(
    (await indexer.microgrids({ signal })).map((each) => [each.id, each] as const),
  );
  const rows: HistoryRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await indexer.trades({ ...filter, tx: transaction, cursor, limit: PAGE, signal });
    for (const trade of page.items) {
      const home = microgrids.get(trade.fromMicrogrid);
      if (home !== undefined) rows.push(rowOf(trade, home));
    }
    cursor = page.cursor;
  } while (cursor !== undefined && rows.length < most);
  return { rows, more: cursor !== undefined };
}

const rowOf = (
  trade: TradeRow,
  { slotSeconds, currency }: { slotSeconds: number; currency: HistoryRow["currency"] },
): HistoryRow => ({
  type: trade.kind,
  block: Number(trade.blockNumber),
  time: trade.time,
  transaction: trade.txHash,
  logIndex: trade.logIndex,
  seller: trade.seller,
  buyer: trade.buyer,
  from: trade.fromMicrogrid,
  to: trade.toMicrogrid,
  source: sourceIndex(trade.source),
  firstSlot: trade.firstSlot,
  lastSlot: trade.lastSlot,
  slotSeconds,
  currency,
  sentWh: trade.sentWh,
  arrivedWh: trade.arrivedWh,
  cost: trade.cost,
  charge: trade.charge,
  refund: trade.refund,
  bond: trade.bond,
  orders: [trade.offerHash, trade.bidHash].filter((hash) => hash !== null),
  // The indexer judges nobody: who signed is told when a row is opened.
  signers: [],
  meters: [trade.sellerMeter, trade.buyerMeter].filter((meter) => meter !== null),
});

interface Followed {
  more: ReturnType<typeof followHistory>;
  rows: HistoryRow[];
}

/** One worker per network follows its history for as long as the app is open. */
const followed = new Map<string, Followed>();

async function readChain(network: Network): Promise<readonly HistoryRow[]> {
  const key = `${network.rpcUrl} ${network.deployment.marketplace}`;
  const history = followed.get(key) ?? { more: followHistory(network), rows: [] };
  followed.set(key, history);
  const { afresh, settlements } = await history.more();
  if (afresh) history.rows = [];
  if (settlements.length > 0) history.rows = [...history.rows, ...settlements].sort(byTime);
  return history.rows;
}
