import type { SlotRange, Source } from "@wattline/sdk";
import type { Address } from "viem";
import type { BookOrder } from "../data/index.ts";
import { holdingKey, isOffer, reaches, sourcesOf } from "./asks.ts";

/** Energy of one source that somebody may hold in a microgrid. */
export interface Holding {
  readonly holder: Address;
  readonly microgrid: number;
  readonly source: Source;
}

/** What has to be read to know what stands behind offers: JSON in a fixed order, so that it can name a query. */
export interface Behind {
  readonly holdings: readonly Holding[];
  readonly meters: readonly Address[];
}

/** Whose holdings and which meters stand behind the offers that reach a run of slots. */
export function behindOffers(orders: readonly BookOrder[], slots: SlotRange): Behind {
  const holdings = new Map<string, Holding>();
  const meters = new Set<Address>();
  for (const found of orders) {
    const { order } = found;
    if (!isOffer(found) || !reaches(found, slots)) continue;
    if (order.forward) meters.add(order.meter);
    else {
      for (const source of sourcesOf(order.sources)) {
        const { maker: holder, microgrid } = order;
        holdings.set(holdingKey(holder, microgrid, source), { holder, microgrid, source });
      }
    }
  }
  const sorted = [...holdings].sort(([a], [b]) => (a < b ? -1 : 1));
  return { holdings: sorted.map(([, holding]) => holding), meters: [...meters].sort() };
}
