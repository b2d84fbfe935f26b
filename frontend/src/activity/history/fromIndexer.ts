import {
  connectIndexer,
  type MoneyMoveRow,
  type Page,
  type ReadingRow,
  type RetirementRow,
  type TradeRow,
  type TransferRow,
} from "@wattline/indexer/client";
import type { Deed, TradeStep } from "@wattline/sdk";
import type { Address } from "viem";
import { latestOf, oldestOf, type Read } from "./read.ts";

/** The newest of a household's history from the indexer: at most `limit` rows of each kind. */
export async function activityFromIndexer(
  indexerUrl: string,
  holder: Address,
  limit: number,
  signal: AbortSignal,
): Promise<Read> {
  const indexer = connectIndexer(indexerUrl);
  const paged = { limit, signal };
  const [trades, money, readings, retirements, transfers] = await Promise.all([
    indexer.trades({ household: holder, ...paged }),
    indexer.moneyMovesOf(holder, paged),
    indexer.readingsOf({ owner: holder, ...paged }),
    indexer.retirementsOf({ holder, ...paged }),
    indexer.transfersOf(holder, paged),
  ]);
  const reserved = new Set(trades.items.filter(({ kind }) => kind === "reserve").map(positionOf));
  const lacking = [...new Set(trades.items.map(positionOf))].filter(
    (position) => position !== null && !reserved.has(position),
  );
  const earlier =
    lacking.length === 0
      ? []
      : await reservationsOf(lacking.filter((position) => position !== null));
  return {
    steps: [...trades.items, ...earlier].map(stepOf),
    deeds: [
      ...money.items.map(moneyDeedOf),
      ...readings.items.map(readingDeedOf),
      ...retirements.items.map(retirementDeedOf),
      ...transferDeedsOf(transfers.items),
    ],
    sinceSeconds: latestOf(
      [trades, money, retirements, transfers, byTime(readings)].map(({ items, cursor }) =>
        oldestOf(items, cursor !== undefined),
      ),
    ),
  };

  /** What was released lately may have been reserved long ago. */
  async function reservationsOf(positions: readonly string[]): Promise<TradeRow[]> {
    const page = await indexer.trades({ positions, kinds: ["reserve"], limit: 1_000, signal });
    return [...page.items];
  }
}

const positionOf = ({ positionId }: TradeRow) => positionId;

/** Readings come by their slots: a late one is newer than its place says. */
const byTime = ({ items, cursor }: Page<ReadingRow>) => ({
  items: items.toSorted((a, b) => b.time - a.time),
  cursor,
});

const stepOf = ({ fromMicrogrid: from, toMicrogrid: to, ...row }: TradeRow): TradeStep => ({
  ...row,
  from,
  to,
  taker: row.taker ?? undefined,
  offerHash: row.offerHash ?? undefined,
  bidHash: row.bidHash ?? undefined,
  positionId: row.positionId ?? undefined,
  reservedWh: row.reservedWh ?? undefined,
});

function moneyDeedOf({ id, time, txHash, kind, amount, value }: MoneyMoveRow): Deed {
  const moment = { id, time, txHash };
  switch (kind) {
    case "deposit":
    case "withdrawal":
      return { ...moment, kind, amount };
    case "lock":
      return { ...moment, kind, until: Number(value ?? 0n) };
    case "cancelAll":
      return { ...moment, kind };
  }
}

const readingDeedOf = (row: ReadingRow): Deed => {
  const { id, time, txHash, meter, microgrid, firstSlot, lastSlot, exportedWh } = row;
  return { kind: "reading", id, time, txHash, meter, microgrid, firstSlot, lastSlot, exportedWh };
};

const retirementDeedOf = (row: RetirementRow): Deed => {
  const { id, time, txHash, beneficiary, microgrid, firstSlot, lastSlot, energyWh } = row;
  const place = { microgrid, firstSlot, lastSlot };
  return { kind: "retirement", id, time, txHash, beneficiary, ...place, energyWh };
};

/** A transfer has a row for each block that it moved energy of. */
const transferDeedsOf = (rows: readonly TransferRow[]): Deed[] =>
  [...Map.groupBy(rows, ({ id }) => id).values()].flatMap((blocks) => {
    const [first] = blocks;
    if (first === undefined) return [];
    const { id, time, txHash, from: giver, to: receiver, microgrid } = first;
    const energyWh = blocks.reduce((sum, block) => sum + block.energyWh, 0n);
    return [{ kind: "transfer", id, time, txHash, giver, receiver, microgrid, energyWh }];
  });
