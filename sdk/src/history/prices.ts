import { levelsOf, partsOfTrade, type TradePart } from "../gains.ts";
import type { Microgrid } from "../microgrid.ts";
import type { ToldTrade } from "./trades.ts";

/**
 * Trades of one delivery slot's energy that arrived in one microgrid. Energy in Wh, money in thousandths of a base unit,
 * prices in base units per kWh. Trades with the grid count as `gridWh` and in no price.
 */
export interface SlotPrice {
  /** Minted energy, and its cost to buyers. */
  readonly energyWh: bigint;
  readonly costMillis: bigint;
  readonly volumeWeightedPrice: bigint;
  readonly trades: number;
  readonly lastPrice: bigint | null;
  readonly lowPrice: bigint | null;
  readonly highPrice: bigint | null;
  /** Energy reserved before delivery. */
  readonly forwardWh: bigint;
  readonly forwardCostMillis: bigint;
  readonly forwards: number;
  readonly gridWh: bigint;
}

/** A slot without trades. */
export const NOTHING_TRADED: SlotPrice = {
  energyWh: 0n,
  costMillis: 0n,
  volumeWeightedPrice: 0n,
  trades: 0,
  lastPrice: null,
  lowPrice: null,
  highPrice: null,
  forwardWh: 0n,
  forwardCostMillis: 0n,
  forwards: 0,
  gridWh: 0n,
};

/** The cost of energy per kWh: base units, rounded down; 0 for no energy. */
export const priceOf = (costMillis: bigint, energyWh: bigint): bigint =>
  energyWh === 0n ? 0n : costMillis / energyWh;

/** The change of a slot's prices by a trade's part in it. */
export function pricesAfter(
  before: SlotPrice,
  { kind, withGrid }: Pick<ToldTrade, "kind" | "withGrid">,
  { arrivedWh, paidMillis }: Pick<TradePart, "arrivedWh" | "paidMillis">,
): Partial<SlotPrice> {
  // A release delivers energy whose price counted when it was reserved.
  if (kind === "release") return {};
  if (withGrid) return { gridWh: before.gridWh + arrivedWh };
  if (kind === "reserve") {
    return {
      forwardWh: before.forwardWh + arrivedWh,
      forwardCostMillis: before.forwardCostMillis + paidMillis,
      forwards: before.forwards + 1,
    };
  }
  const price = priceOf(paidMillis, arrivedWh);
  const energyWh = before.energyWh + arrivedWh;
  const costMillis = before.costMillis + paidMillis;
  return {
    energyWh,
    costMillis,
    volumeWeightedPrice: priceOf(costMillis, energyWh),
    trades: before.trades + 1,
    lastPrice: price,
    lowPrice: before.lowPrice === null || price < before.lowPrice ? price : before.lowPrice,
    highPrice: before.highPrice === null || price > before.highPrice ? price : before.highPrice,
  };
}

/**
 * The prices of a microgrid by slot, after trades.
 * @throws Error when a microgrid of one of them is missing.
 */
export function slotPricesOf(
  trades: readonly ToldTrade[],
  microgrids: { known(microgrid: number): Microgrid },
  microgrid: number,
): Map<number, SlotPrice> {
  const bySlot = new Map<number, SlotPrice>();
  const to = levelsOf(microgrids.known(microgrid));
  for (const trade of trades) {
    if (trade.to !== microgrid || trade.kind === "release") continue;
    for (const part of partsOfTrade(trade, levelsOf(microgrids.known(trade.from)), to)) {
      const before = bySlot.get(part.slot) ?? NOTHING_TRADED;
      bySlot.set(part.slot, { ...before, ...pricesAfter(before, trade, part) });
    }
  }
  return bySlot;
}
