/**
 * The pages' queries to the indexer, typed, for browser and Node. Energy in Wh, money in thousandths of a base unit where a
 * name ends in `Millis`, else in base units, prices in base units per kWh: `bigint`. Slots, blocks and times (Unix seconds): `number`. Addresses and hashes in lower case.
 * Functions throw `IndexerError` when the indexer can't be reached or refuses, and the signal's reason when aborted.
 */
import { type Position, type PositionView, sourceIndex } from "@wattline/sdk";
import { count, maybe, nested, readRow } from "./fields.ts";
import {
  between,
  type Cancellable,
  given,
  type Paged,
  type ReadingFilter,
  type RetirementFilter,
  type TradeFilter,
  whereOf,
} from "./filters.ts";
import { askAt, type Page } from "./graphql.ts";
import { noteBlock } from "./query.ts";
import * as rows from "./rows.ts";

export { type Hex, IndexerAnswerError } from "./fields.ts";
export type { ReadingFilter, RetirementFilter, TradeFilter } from "./filters.ts";
export type { Page } from "./graphql.ts";
export { IndexerError } from "./query.ts";
export type * from "./rows.ts";

/** The indexer's queries. */
export type Indexer = ReturnType<typeof connectIndexer>;

/** The indexer's progress. */
export interface IndexerStatus {
  /** Whether history is complete up to `block`. */
  readonly ready: boolean;
  /** The newest indexed block, and its time; undefined before the first. */
  readonly block: number | undefined;
  readonly time: number | undefined;
}

/**
 * The indexer at `url`, such as `http://127.0.0.1:8569`.
 * @param fetcher Sends the requests.
 */
export function connectIndexer(url: string, fetcher: typeof fetch = (...args) => fetch(...args)) {
  const ask = askAt(url, fetcher);
  const lower = (address: string): string => address.toLowerCase();

  return {
    microgrids: ({ signal }: Cancellable = {}) =>
      ask.all("microgrids", "microgridFilter", rows.microgrid, { orderBy: "id", signal }),

    microgrid: (id: number, { signal }: Cancellable = {}) =>
      ask.one("microgrid", { id }, rows.microgrid, signal),

    /** Every schedule of prices that a microgrid has announced, oldest first. */
    schedules: (microgrid: number, { signal }: Cancellable = {}) =>
      ask.all("schedules", "scheduleFilter", rows.schedule, {
        where: { microgrid },
        orderBy: "number",
        signal,
      }),

    /** Islanded slots of a microgrid, oldest first. */
    islands: (microgrid: number, { signal }: Cancellable = {}) =>
      ask.all("islands", "islandFilter", rows.island, {
        where: { microgrid },
        orderBy: "firstSlot",
        signal,
      }),

    /** Rations of a microgrid's islanded slots, oldest first. */
    rations: (microgrid: number, { signal }: Cancellable = {}) =>
      ask.all("rations", "rationFilter", rows.ration, {
        where: { microgrid },
        orderBy: "fromSlot",
        signal,
      }),

    tieLines: ({ signal }: Cancellable = {}) =>
      ask.all("tieLines", "tieLineFilter", rows.tieLine, { orderBy: "lower", signal }),

    tieLineProposals: ({ signal }: Cancellable = {}) =>
      ask.all("tieLineProposals", "tieLineProposalFilter", rows.tieLineProposal, {
        orderBy: "time",
        signal,
      }),

    /** Flows over all tie lines in these blocks, both included. */
    flows: (fromBlock: number, toBlock: number, { signal }: Cancellable = {}) =>
      ask.all("flows", "flowFilter", rows.flow, {
        where: { block_gte: fromBlock, block_lte: toBlock },
        orderBy: "block",
        signal,
      }),

    /** Meters of a microgrid, of an owner, or both. */
    meters: ({
      microgrid,
      owner,
      signal,
    }: Cancellable & { microgrid?: number; owner?: string } = {}) =>
      ask.all("meters", "meterFilter", rows.meter, {
        where: given({ microgrid, owner: owner?.toLowerCase() }),
        orderBy: "registeredAt",
        signal,
      }),

    meter: (address: string, { signal }: Cancellable = {}) =>
      ask.one("meter", { address: lower(address) }, rows.meter, signal),

    /** Readings, newest blocks first. */
    readingsOf: ({
      owner,
      meter,
      microgrid,
      tx,
      fromBlock,
      toBlock,
      ...paged
    }: ReadingFilter): Promise<Page<rows.ReadingRow>> =>
      ask.page("readings", "readingFilter", rows.reading, {
        where: given({
          owner: owner?.toLowerCase(),
          meter: meter?.toLowerCase(),
          microgrid,
          txHash: tx?.toLowerCase(),
          lastBlock_gte: fromBlock,
          firstBlock_lte: toBlock,
        }),
        orderBy: "firstBlock",
        orderDirection: "desc",
        ...paged,
      }),

    /** Reports of a microgrid's meters in these slots, both included. */
    production: (
      microgrid: number,
      fromSlot: number,
      toSlot: number,
      { signal }: Cancellable = {},
    ) =>
      ask.all("productions", "productionFilter", rows.production, {
        where: { microgrid, ...between("slot", fromSlot, toSlot) },
        orderBy: "slot",
        signal,
      }),

    /** Prices of a microgrid's slots, both included; slots without trades are left out. */
    slotPrices: (
      microgrid: number,
      fromSlot: number,
      toSlot: number,
      { signal }: Cancellable = {},
    ) =>
      ask.all("slotPrices", "slotPriceFilter", rows.slotPrice, {
        where: { microgrid, ...between("slot", fromSlot, toSlot) },
        orderBy: "slot",
        signal,
      }),

    /** The settlement history. */
    trades: ({ cursor, limit, signal, ...filter }: TradeFilter): Promise<Page<rows.TradeRow>> =>
      ask.page("trades", "tradeFilter", rows.trade, {
        where: whereOf(filter),
        orderBy: "sequence",
        orderDirection: "desc",
        cursor,
        limit,
        signal,
      }),

    /** A row of the settlement history with its orders, signatures and transaction. */
    trade: (id: string, { signal }: Cancellable = {}) =>
      ask.one("trade", { id }, rows.tradeInFull, signal),

    /** Energy that a holder has in these blocks, both included. */
    portfolioOf: (
      holder: string,
      {
        microgrid,
        fromBlock,
        toBlock,
        signal,
      }: Cancellable & { microgrid?: number; fromBlock?: number; toBlock?: number } = {},
    ) =>
      ask.all("balances", "balanceFilter", rows.balance, {
        where: given({
          holder: lower(holder),
          microgrid,
          block_gte: fromBlock,
          block_lte: toBlock,
          energyWh_gt: 0n,
        }),
        orderBy: "block",
        signal,
      }),

    /** A holder's transfers outside the market, newest first. */
    transfersOf: (holder: string, paged: Paged = {}): Promise<Page<rows.TransferRow>> =>
      ask.page("transfers", "transferFilter", rows.transfer, {
        where: { OR: [{ from: lower(holder) }, { to: lower(holder) }] },
        orderBy: "time",
        orderDirection: "desc",
        ...paged,
      }),

    /** Forwards in which a holder is seller or buyer, latest first, each with its blocks. */
    async positionsOf(holder: string, { signal }: Cancellable = {}): Promise<PositionView[]> {
      const found = await ask.all("positions", "positionFilter", rows.position, {
        where: { OR: [{ seller: lower(holder) }, { buyer: lower(holder) }] },
        orderBy: "firstBlock",
        orderDirection: "desc",
        signal,
      });
      const blocks: rows.PositionBlockRow[] = [];
      for (let first = 0; first < found.length; first += POSITIONS_AT_ONCE) {
        const ids = found.slice(first, first + POSITIONS_AT_ONCE).map((row) => row.positionId);
        blocks.push(
          ...(await ask.all("positionBlocks", "positionBlockFilter", rows.positionBlock, {
            where: { positionId_in: ids },
            orderBy: "block",
            signal,
          })),
        );
      }
      const byPosition = Map.groupBy(blocks, ({ positionId }) => positionId);
      return found.map((row) => viewOf(row, byPosition.get(row.positionId) ?? []));
    },

    /** How reliably these sellers have delivered their forwards; sellers without any are left out. */
    deliveryRecordsOf: (sellers: readonly string[], { signal }: Cancellable = {}) =>
      ask.all("deliveryRecords", "deliveryRecordFilter", rows.deliveryRecord, {
        where: { seller_in: sellers.map(lower) },
        orderBy: "seller",
        signal,
      }),

    /**
     * Sums of a holder's trades by hour of delivery, from `from` to before `to` (Unix seconds): add hours up to the
     * days and months of a time zone.
     */
    earningsOf: (holder: string, from: number, to: number, { signal }: Cancellable = {}) =>
      ask.all("earnings", "earningFilter", rows.earning, {
        where: { holder: lower(holder), hour_gte: String(from), hour_lt: String(to) },
        orderBy: "hour",
        signal,
      }),

    /** A holder's accounts, one per currency. */
    accountsOf: (holder: string, { signal }: Cancellable = {}) =>
      ask.all("accounts", "accountFilter", rows.account, {
        where: { holder: lower(holder) },
        orderBy: "currency",
        signal,
      }),

    /** Deposits, withdrawals, locks and cancellations of a holder, newest first. */
    moneyMovesOf: (holder: string, paged: Paged = {}): Promise<Page<rows.MoneyMoveRow>> =>
      ask.page("moneyMoves", "moneyMoveFilter", rows.moneyMove, {
        where: { holder: lower(holder) },
        orderBy: "time",
        orderDirection: "desc",
        ...paged,
      }),

    /** A maker's delegates, revoked and used-up ones included. */
    delegatesOf: (maker: string, { signal }: Cancellable = {}) =>
      ask.all("delegates", "delegateFilter", rows.delegate, {
        where: { maker: lower(maker) },
        orderBy: "authorizedAt",
        signal,
      }),

    /** An order that has appeared on chain; undefined for any other. */
    order: (hash: string, { signal }: Cancellable = {}) =>
      ask.one("order", { hash: lower(hash) }, rows.order, signal),

    /** A maker's orders that have appeared on chain, newest first. */
    ordersOf: (maker: string, paged: Paged = {}): Promise<Page<rows.OrderRow>> =>
      ask.page("orders", "orderFilter", rows.order, {
        where: { maker: lower(maker) },
        orderBy: "time",
        orderDirection: "desc",
        ...paged,
      }),

    /** Orders posted on the board, newest first, each with the signature posted with it, valid or not: verify it. */
    pins: (microgrid: number, paged: Paged = {}): Promise<Page<rows.PinRow>> =>
      ask.page("pins", "pinFilter", rows.pin, {
        where: { microgrid },
        orderBy: "time",
        orderDirection: "desc",
        ...paged,
      }),

    /** Skipped matches, of one order or of all, newest first. */
    skips: ({ order, ...paged }: Paged & { order?: string } = {}): Promise<Page<rows.SkipRow>> =>
      ask.page("skips", "skipFilter", rows.skip, {
        where: order ? { OR: [{ offerHash: lower(order) }, { bidHash: lower(order) }] } : {},
        orderBy: "time",
        orderDirection: "desc",
        ...paged,
      }),

    /** Retirements, newest first. */
    retirementsOf: ({
      holder,
      beneficiary,
      microgrid,
      tx,
      ...paged
    }: RetirementFilter): Promise<Page<rows.RetirementRow>> =>
      ask.page("retirements", "retirementFilter", rows.retirement, {
        where: given({
          holder: holder?.toLowerCase(),
          beneficiary: beneficiary?.toLowerCase(),
          microgrid,
          txHash: tx?.toLowerCase(),
        }),
        orderBy: "time",
        orderDirection: "desc",
        ...paged,
      }),

    retirement: (id: string, { signal }: Cancellable = {}) =>
      ask.one("retirement", { id }, rows.retirement, signal),

    transaction: (hash: string, { signal }: Cancellable = {}) =>
      ask.one("transaction", { hash: lower(hash) }, rows.transaction, signal),

    async status({ signal }: Cancellable = {}): Promise<IndexerStatus> {
      const [{ ok: ready }, status] = await Promise.all([
        ask.reach("/ready", signal),
        ask.reach("/status", signal),
      ]);
      const { wattline } = readRow(statusFields, await status.json(), "status");
      const { number: block, timestamp: time } = wattline.block ?? {};
      if (ready && block !== undefined) noteBlock(url, block);
      return { ready, block, time };
    },
  };
}

/** Positions whose blocks are asked for together. */
const POSITIONS_AT_ONCE = 100;

/** A position as the sdk reads it from the events. */
function viewOf(row: rows.PositionRow, blocks: readonly rows.PositionBlockRow[]): PositionView {
  const { positionId, source, fromMicrogrid, toMicrogrid, offerHash, bidHash, ...rest } = row;
  const { open: _, reservedAt: __, reserveTx: ___, ...terms } = rest;
  const position: Position = {
    ...terms,
    source: sourceIndex(source),
    from: fromMicrogrid,
    to: toMicrogrid,
  };
  return {
    id: positionId,
    position,
    offerHash: offerHash ?? undefined,
    bidHash: bidHash ?? undefined,
    blocks: blocks.map(({ positionId: _id, releasedAt: _at, releaseTx: _tx, ...block }) => block),
  };
}

/** Ponder's status of the chain. */
const statusFields = {
  wattline: nested({ block: maybe(nested({ number: count, timestamp: count })) }),
};
