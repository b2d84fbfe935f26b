/** Who gets how much from whom: the merit order, slot by slot. */

import { arrivedOf, leastSentFor } from "@wattline/sdk";
import type { TieLine } from "./tieLine.ts";

/** A household's energy in Wh, one entry per slot. */
export type Lanes = readonly bigint[];

/** What `seller` sends to `buyer`, one entry per slot. */
export interface Match {
  readonly seller: number;
  readonly buyer: number;
  readonly sentWh: bigint[];
  /** The sent energy less the tie line's loss. */
  readonly arrivedWh: bigint[];
}

/**
 * In every slot the buyers take what they need from the cheapest sellers first.
 * @param offeredWh What each seller has, per slot.
 * @param neededWh What each buyer needs, per slot.
 * @param meritOrder Sellers, the cheapest first.
 * @param queue Buyers, the one that chooses first in front.
 * @param line The tie line between sellers and buyers, if they are in different microgrids.
 * @param isForward Whether the energy is still to come: then each part loses as if the line carried nothing else.
 * @returns Matches with some energy, in the order in which they were made.
 */
export function matchByMerit(
  offeredWh: readonly Lanes[],
  neededWh: readonly Lanes[],
  meritOrder: readonly number[],
  queue: readonly number[],
  line?: TieLine,
  isForward = false,
): Match[] {
  const lossBps = line?.lossBps ?? 0n;
  const leftWh = offeredWh.map((lanes) => [...lanes]);
  const carriedWh: bigint[] = [];
  const lossIn = (slot: number) => ({
    lossBps,
    flowWh: isForward ? 0n : (carriedWh[slot] ?? 0n),
  });
  const matches: Match[] = [];
  for (const buyer of queue) {
    const openWh = [...(neededWh[buyer] ?? [])];
    for (const seller of meritOrder) {
      const stockWh = leftWh[seller] ?? [];
      if (line === undefined && seller === buyer) continue;
      const arrivedWh = openWh.map((wanted, slot) => {
        const stock = stockWh[slot] ?? 0n;
        const sendable =
          line === undefined ? stock : least(stock, line.capacityWh - (carriedWh[slot] ?? 0n));
        return least(wanted, arrivedOf(sendable, lossIn(slot)));
      });
      if (arrivedWh.every((wh) => wh === 0n)) continue;
      const sentWh = arrivedWh.map((wh, slot) => leastSentFor(wh, lossIn(slot)));
      sentWh.forEach((wh, slot) => {
        openWh[slot] = (openWh[slot] ?? 0n) - (arrivedWh[slot] ?? 0n);
        stockWh[slot] = (stockWh[slot] ?? 0n) - wh;
        carriedWh[slot] = (carriedWh[slot] ?? 0n) + wh;
      });
      matches.push({ seller, buyer, sentWh, arrivedWh });
    }
  }
  return matches;
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
