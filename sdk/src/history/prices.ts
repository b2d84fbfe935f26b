import { partsOfTrade, type TradePart } from "../gains.ts";
import type { ToldTrade } from "./trades.ts";

/**
 * Trades of one delivery slot's energy that arrived in one microgrid. Energy in Wh, money in base units, prices in base
 * units per kWh. Trades with the grid count as `gridWh` and in no price.
 */
export interface SlotPrice {
  /** Minted energy, and its cost to buyers. */
  readonly energyWh: bigint;
  readonly cost: bigint;
  readonly volumeWeightedPrice: bigint;
  readonly trades: number;
  /** In the last batch. */
  readonly clearingPrice: bigint | null;
  readonly lastPrice: bigint | null;
  readonly lowPrice: bigint | null;
  readonly highPrice: bigint | null;
  /** Energy reserved before delivery. */
  readonly forwardWh: bigint;
  readonly forwardCost: bigint;
  readonly forwards: number;
  readonly gridWh: bigint;
}

/** A slot without trades. */
export const NOTHING_TRADED: SlotPrice = {
  energyWh: 0n,
  cost: 0n,
  volumeWeightedPrice: 0n,
  trades: 0,
  clearingPrice: null,
  lastPrice: null,
  lowPrice: null,
  highPrice: null,
  forwardWh: 0n,
  forwardCost: 0n,
  forwards: 0,
  gridWh: 0n,
};

/** The cost of energy per kWh: base units, rounded down; 0 for no energy. */
export const priceOf = (cost: bigint, energyWh: bigint): bigint =>
  energyWh === 0n ? 0n : (cost * 1000n) / energyWh;

type PricedTrade = Pick<ToldTrade, "kind" | "prices" | "cost" | "withGrid">;

/**
 * The change of a slot's prices by a trade's part in it.
 * @param pricePerKwh The whole trade's cost per kWh.
 */
export function pricesAfter(
  before: SlotPrice,
  { kind, prices, withGrid }: Pick<PricedTrade, "kind" | "prices" | "withGrid">,
  { slot, arrivedWh, paid }: TradePart,
  pricePerKwh: bigint,
): Partial<SlotPrice> {
  // A release delivers energy whose price counted when it was reserved.
  if (kind === "release") return {};
  if (withGrid) return { gridWh: before.gridWh + arrivedWh };
  if (kind === "reserve") {
    return {
      forwardWh: before.forwardWh + arrivedWh,
      forwardCost: before.forwardCost + paid,
      forwards: before.forwards + 1,
    };
  }
  const clearing = prices?.get(slot);
  const price = clearing ?? pricePerKwh;
  const [energyWh, cost] = [before.energyWh + arrivedWh, before.cost + paid];
  return {
    energyWh,
    cost,
    volumeWeightedPrice: priceOf(cost, energyWh),
    trades: before.trades + 1,
    clearingPrice: clearing ?? before.clearingPrice,
    lastPrice: price,
    lowPrice: before.lowPrice === null || price < before.lowPrice ? price : before.lowPrice,
    highPrice: before.highPrice === null || price > before.highPrice ? price : before.highPrice,
  };
}

/** The prices of a microgrid by slot, after trades. */
export function slotPricesOf(
  trades: readonly ToldTrade[],
  microgrid: number,
): Map<number, SlotPrice> {
  const bySlot = new Map<number, SlotPrice>();
  for (const trade of trades) {
    if (trade.to !== microgrid || trade.kind === "release") continue;
    const parts = partsOfTrade(trade, [], []);
    const pricePerKwh = priceOf(
      trade.cost,
      parts.reduce((sum, { arrivedWh }) => sum + arrivedWh, 0n),
    );
    for (const part of parts) {
      const before = bySlot.get(part.slot) ?? NOTHING_TRADED;
      bySlot.set(part.slot, { ...before, ...pricesAfter(before, trade, part, pricePerKwh) });
    }
  }
  return bySlot;
}
