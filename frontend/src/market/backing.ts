import type { SlotRange, Source } from "@wattline/sdk";
import type { Address } from "viem";
import type { BookOrder } from "../data/index.ts";
import { isOffer, reaches, sourcesOf } from "./asks.ts";
import { holdingKey } from "./supply.ts";

/** A holder's energy of one source in one microgrid. */
export interface Holding {
  readonly holder: Address;
  readonly microgrid: number;
  readonly source: Source;
}

/** What must be read to know what backs offers. JSON in a fixed order, so that it can be a query's key. */
export interface Backing {
  readonly holdings: readonly Holding[];
  readonly meters: readonly Address[];
}

/** The holdings and meters that back the offers of a run of slots. */
export function backingOf(orders: readonly BookOrder[], slots: SlotRange): Backing {
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
