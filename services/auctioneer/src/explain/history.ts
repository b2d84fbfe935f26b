import type { Deployment } from "@wattline/sdk";
import type { Address, Hex, PublicClient } from "viem";
import { doneIn, tradeOfAct } from "../chain/trades.ts";

/** What two limits, or a limit and a posted price, have traded of a slot by `settle`. */
export interface SlotTrade {
  readonly seller: Address;
  readonly buyer: Address;
  readonly offerHash: Hex | undefined;
  readonly bidHash: Hex | undefined;
  readonly sentWh: bigint;
  readonly transaction: Hex;
}

/**
 * What was settled of a slot, from the chain's events alone.
 * @param sinceSeconds Unix time before which nothing of it can have been settled.
 */
export async function settledIn(
  client: PublicClient,
  deployment: Deployment,
  { slot, microgrid }: { readonly slot: number; readonly microgrid: number },
  sinceSeconds: number,
  headBlock: number,
): Promise<SlotTrade[]> {
  const from = await blockAt(client, sinceSeconds, deployment.fromBlock, headBlock);
  const trades: SlotTrade[] = [];
  for await (const { transaction, acts } of doneIn(client, deployment, from, headBlock)) {
    for (const trade of acts.map(tradeOfAct)) {
      if (trade === undefined || (trade.from !== microgrid && trade.to !== microgrid)) continue;
      const sentWh = trade.sentWh.get(slot) ?? 0n;
      if (sentWh === 0n) continue;
      const { seller, buyer, offerHash, bidHash } = trade;
      trades.push({ seller, buyer, offerHash, bidHash, sentWh, transaction });
    }
  }
  return trades;
}

/** The first block that is not before a time. */
async function blockAt(
  client: PublicClient,
  seconds: number,
  first: number,
  last: number,
): Promise<number> {
  let [low, high] = [first, last];
  while (low < high) {
    const middle = (low + high) >> 1;
    const { timestamp } = await client.getBlock({ blockNumber: BigInt(middle) });
    if (Number(timestamp) < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}
