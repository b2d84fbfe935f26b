import { type Address, isAddressEqual } from "viem";
import { addGains, type Gains, gainsByHour, levelsOf, NO_GAINS, partsOfTrade } from "../gains.ts";
import type { Microgrid } from "../microgrid.ts";
import type { ToldTrade } from "./trades.ts";

/** A household's sums in one hour of delivery. */
export interface Earning extends Gains {
  readonly microgrid: number;
  /** Unix seconds of the hour's start. */
  readonly hour: number;
}

/**
 * A holder's sums by hour, oldest first; each slot is compared with the grid by the tariffs of its own hour. A reservation
 * earns nothing before its release.
 * @throws Error when a microgrid of one of the trades is missing.
 */
export function earningsOf(
  trades: readonly ToldTrade[],
  microgrids: { known(microgrid: number): Microgrid },
  holder: Address,
): Earning[] {
  const earnings = new Map<string, Earning>();
  for (const trade of trades) {
    const sells = isAddressEqual(trade.seller, holder);
    const buys = isAddressEqual(trade.buyer, holder);
    if (trade.kind === "reserve" || (!sells && !buys)) continue;
    const [from, to] = [microgrids.known(trade.from), microgrids.known(trade.to)];
    const parts = partsOfTrade(trade, levelsOf(from), levelsOf(to));
    for (const { hour, seller, buyer } of gainsByHour(parts, from.slotSeconds, trade.withGrid)) {
      if (sells) add(trade.from, hour, seller);
      if (buys) add(trade.to, hour, buyer);
    }
  }
  return [...earnings.values()].toSorted((a, b) => a.hour - b.hour);

  function add(microgrid: number, hour: number, gains: Gains): void {
    const key = `${microgrid} ${hour}`;
    const sum = addGains(earnings.get(key) ?? NO_GAINS, gains);
    earnings.set(key, { ...sum, microgrid, hour });
  }
}
