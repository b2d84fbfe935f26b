import { logRanges } from "@wattline/common/node";
import {
  actsOf,
  type Deployment,
  decodeLog,
  type HistoryEvent,
  tradeOfMatch,
  tradeOfReservation,
} from "@wattline/sdk";
import { type Address, getAddress, type Hex, type PublicClient } from "viem";

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
  const { marketplace, meters, energy, microgrids } = deployment;
  const trades: SlotTrade[] = [];
  const contracts = [marketplace, meters, energy, microgrids];
  for await (const { answer: logs } of logRanges(client, contracts, from, headBlock)) {
    for (const [transaction, own] of Map.groupBy(logs, (log) => log.transactionHash ?? "0x")) {
      const events = own.flatMap(({ address, topics, data, logIndex }): HistoryEvent[] => {
        const log = { address: getAddress(address), topics, data, logIndex: logIndex ?? 0 };
        const event = decodeLog(deployment, log);
        return event === undefined ? [] : [event];
      });
      for (const act of actsOf(deployment, events)) {
        const trade =
          act.kind === "match"
            ? tradeOfMatch(act.matched.args, act.sent, act.arrived)
            : act.kind === "reserve"
              ? tradeOfReservation(act.reserved.args)
              : undefined;
        if (trade === undefined || (trade.from !== microgrid && trade.to !== microgrid)) continue;
        const sentWh = trade.sentWh.get(slot) ?? 0n;
        if (sentWh === 0n) continue;
        const { seller, buyer, offerHash, bidHash } = trade;
        trades.push({ seller, buyer, offerHash, bidHash, sentWh, transaction });
      }
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
