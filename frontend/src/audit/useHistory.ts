import { connectIndexer, type TradeRow } from "@wattline/indexer/client";
import { sourceIndex } from "@wattline/sdk";
import { type Network, useNetwork } from "../chain/index.ts";
import { type Indexed, useIndexed } from "../data/index.ts";
import { byTime, fits, type HistoryFilter, type HistoryRow } from "./history.ts";
import { followHistory } from "./worker/startWorker.ts";

/** The settlements found, newest first. */
export interface Found {
  readonly rows: readonly HistoryRow[];
  /** Whether there are older settlements. */
  readonly more: boolean;
}

/** Rows requested from the indexer at a time. */
const PAGE = 1_000;

/**
 * The settlements that pass a filter, from the indexer; while it is down, from the chain.
 * @param pages How many pages of 1,000 rows.
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
 * All settlements that pass a filter.
 * @param from Where to read them.
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
  costMillis: trade.costMillis,
  chargeMillis: trade.chargeMillis,
  refundMillis: trade.refundMillis,
  bondMillis: trade.bondMillis,
  orders: [trade.offerHash, trade.bidHash].filter((hash) => hash !== null),
  // The indexer checks no signatures: they are checked when a row is opened.
  signers: [],
  meters: [trade.sellerMeter, trade.buyerMeter].filter((meter) => meter !== null),
});

interface Followed {
  more: ReturnType<typeof followHistory>;
  rows: HistoryRow[];
}

/** One worker per network follows its history while the app is open. */
const followed = new Map<string, Followed>();

async function readChain(network: Network): Promise<readonly HistoryRow[]> {
  const key = `${network.rpcUrl} ${network.deployment.marketplace}`;
  const history = followed.get(key) ?? { more: followHistory(network), rows: [] };
  followed.set(key, history);
  const { restarted, settlements } = await history.more();
  if (restarted) history.rows = [];
  if (settlements.length > 0) history.rows = [...history.rows, ...settlements].sort(byTime);
  return history.rows;
}
