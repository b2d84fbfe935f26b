import { connectIndexer } from "@wattline/indexer/client";
import { tradesOf, unpackProfile } from "@wattline/sdk";
import { type ChainContext, readActs } from "../chain/index.ts";
import type { SlotTrade } from "./street.ts";

/** What is agreed: a release delivers what was agreed when it was reserved. */
const AGREED = ["accept", "settle", "reserve"] as const;
const AT_ONCE = 1_000;

/** Trades between neighbours by slot, in these slots (both included), from the indexer. */
export async function slotTradesFromIndexer(
  indexerUrl: string,
  fromSlot: number,
  toSlot: number,
  signal: AbortSignal,
): Promise<SlotTrade[]> {
  const { items } = await connectIndexer(indexerUrl).trades({
    fromSlot,
    toSlot,
    kinds: AGREED,
    withGrid: false,
    limit: AT_ONCE,
    signal,
  });
  return items.flatMap((row) => {
    const { seller, buyer, fromMicrogrid, toMicrogrid, firstBlock, words, pricePerKwh } = row;
    return [...unpackProfile({ firstBlock, words })]
      .filter(([slot]) => slot >= fromSlot && slot <= toSlot)
      .map(([slot, sentWh]) => ({
        slot,
        seller,
        buyer,
        from: fromMicrogrid,
        to: toMicrogrid,
        sentWh,
        arrivedWh: row.sentWh === 0n ? 0n : (sentWh * row.arrivedWh) / row.sentWh,
        pricePerKwh,
      }));
  });
}

/** The same from the chain's logs. */
export async function slotTradesFromChain(
  context: ChainContext,
  fromSlot: number,
  toSlot: number,
): Promise<SlotTrade[]> {
  return tradesOf(await readActs(context))
    .filter(({ kind, withGrid }) => !withGrid && kind !== "release")
    .flatMap(({ seller, buyer, from, to, sentWh, arrivedWh, costMillis }) => {
      const total = [...arrivedWh.values()].reduce((sum, wh) => sum + wh, 0n);
      const pricePerKwh = total === 0n ? 0n : costMillis / total;
      return [...sentWh]
        .filter(([slot]) => slot >= fromSlot && slot <= toSlot)
        .map(([slot, wh]) => ({
          slot,
          seller,
          buyer,
          from,
          to,
          sentWh: wh,
          arrivedWh: arrivedWh.get(slot) ?? 0n,
          pricePerKwh,
        }));
    });
}
