/** Who gets how much from whom: the merit order, slot by slot. */

/** A household's energy in Wh, one entry per slot. */
export type Lanes = readonly bigint[];

/** What `seller` delivers to `buyer`, one entry per slot. */
export interface Match {
  readonly seller: number;
  readonly buyer: number;
  readonly energyWh: bigint[];
}

/**
 * In every slot the buyers take what they need from the cheapest sellers first.
 * @param offeredWh What each seller has, per slot.
 * @param neededWh What each buyer needs, per slot.
 * @param meritOrder Sellers, the cheapest first.
 * @param queue Buyers, the first to choose first.
 * @returns Matches with some energy, in the order in which they were made.
 */
export function matchByMerit(
  offeredWh: readonly Lanes[],
  neededWh: readonly Lanes[],
  meritOrder: readonly number[],
  queue: readonly number[],
): Match[] {
  const leftWh = offeredWh.map((lanes) => [...lanes]);
  const matches: Match[] = [];
  for (const buyer of queue) {
    const openWh = [...(neededWh[buyer] ?? [])];
    for (const seller of meritOrder) {
      const stockWh = leftWh[seller] ?? [];
      if (seller === buyer) continue;
      const energyWh = openWh.map((wanted, slot) => least(wanted, stockWh[slot] ?? 0n));
      if (energyWh.every((wh) => wh === 0n)) continue;
      energyWh.forEach((wh, slot) => {
        openWh[slot] = (openWh[slot] ?? 0n) - wh;
        stockWh[slot] = (stockWh[slot] ?? 0n) - wh;
      });
      matches.push({ seller, buyer, energyWh });
    }
  }
  return matches;
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
