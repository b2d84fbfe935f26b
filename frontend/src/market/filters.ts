import { type SlotRange, type Source, sourceMask } from "@wattline/sdk";
import type { BookOrder } from "../data/index.ts";
import type { MarketAsk } from "./asks.ts";
import type { Records } from "./records.ts";
import type { SORTS } from "./search.ts";
import type { Market } from "./useMarket.ts";

/** The filters of the table. */
export interface Filters {
  readonly only: "slot" | "window" | undefined;
  readonly source: Source | undefined;
  readonly near: boolean;
  readonly kind: "metered" | "promised" | undefined;
}

/** What "chosen slot" and "your purchase" mean. */
export interface Scope {
  readonly slot: number;
  readonly window: SlotRange;
}

interface Order {
  readonly by: (typeof SORTS)[number];
  readonly descending: boolean;
}

/** The slots of a filter. */
export function rangeOf(only: Filters["only"], { slot, window }: Scope): SlotRange {
  if (only === "slot") return { firstSlot: slot, lastSlot: slot };
  return only === "window" ? window : EVER;
}

const EVER: SlotRange = { firstSlot: 0, lastSlot: Number.MAX_SAFE_INTEGER };

/** The offers or bids that pass the filters, sorted. Equal ones stay in merit order. */
export function rowsOf<Row extends MarketAsk | BookOrder>(
  { microgrid }: Market,
  rows: readonly Row[],
  { source, near, kind }: Filters,
  { firstSlot, lastSlot }: SlotRange,
  { by, descending }: Order,
  records: Records,
): Row[] {
  const mask = source && sourceMask(source);
  const found = rows.filter((row) => {
    const { order } = row;
    if (order.firstSlot > lastSlot || order.lastSlot < firstSlot) return false;
    if (near && order.microgrid !== microgrid.microgrid) return false;
    if (kind !== undefined && order.forward !== (kind === "promised")) return false;
    if (mask === undefined) return true;
    return isAsk(row) ? row.source === source : (order.sources & mask) !== 0;
  });
  const keys = new Map(found.map((row) => [row, keyOf(row)]));
  const sign = descending ? -1 : 1;
  return found.sort((a, b) => {
    const [x, y] = [keys.get(a) ?? 0n, keys.get(b) ?? 0n];
    return x === y ? 0 : x < y ? -sign : sign;
  });

  function keyOf(row: Row): bigint {
    switch (by) {
      case "price":
        return isAsk(row) ? row.pricePerKwh : row.order.price;
      case "energy":
        return isAsk(row) ? row.totalWh : row.remainingWh;
      case "delivery":
        return BigInt(row.order.firstSlot);
      case "record":
        return reliability(row, records);
    }
  }
}

const isAsk = (row: MarketAsk | BookOrder): row is MarketAsk => "stockWh" in row;

const SURE = 1_000_000n;

/** Metered energy ranks first, then sellers by their delivered share, then new sellers. */
function reliability({ order }: MarketAsk | BookOrder, records: Records): bigint {
  if (!order.forward) return SURE + 1n;
  const record = records.get(order.maker.toLowerCase());
  if (record === undefined || record.promisedWh === 0n) return -1n;
  return (record.deliveredWh * SURE) / record.promisedWh;
}
