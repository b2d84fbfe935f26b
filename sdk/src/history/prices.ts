import { partsOfTrade, type TradePart } from "../gains.ts";
import type { ToldTrade } from "./trades.ts";

/**
 * What has been traded of the energy of one delivery slot that arrived in one microgrid. Energy in Wh, money in base units,
 * prices in base units per kWh. What was traded with the grid counts as `gridWh` and in no price.
 */
export interface SlotPrice {
  /** Minted energy, and what it has cost its buyers. */
  readonly energyWh: bigint;
  readonly cost: bigint;
  readonly volumeWeightedPrice: bigint;
  readonly trades: number;
  /** Of the last batch. */
  readonly clearingPrice: bigint | null;
  readonly lastPrice: bigint | null;
  readonly lowPrice: bigint | null;
  readonly highPrice: bigint | null;
  /** Energy that was reserved before it was made. */
  readonly forwardWh: bigint;
  readonly forwardCost: bigint;
  readonly forwards: number;
  readonly gridWh: bigint;
}

/** Of a slot of which nothing was traded. */
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

/** What energy costs per kWh: base units, rounded down; 0 for no energy. */
export const priceOf = (cost: bigint, energyWh: bigint): bigint =>
  energyWh === 0n ? 0n : (cost * 1000n) / energyWh;

type PricedTrade = Pick<ToldTrade, "kind" | "prices" | "cost" | "withGrid">;

/**
 * What changes in a slot's prices by the part of a trade that falls into it.
 * @param pricePerKwh What the whole trade cost per kWh.
 */
export function pricesAfter(
  before: SlotPrice,
  { kind, prices, withGrid }: Pick<PricedTrade, "kind" | "prices" | "withGrid">,
  { slot, arrivedWh, paid }: TradePart,
  pricePerKwh: bigint,
): Partial<SlotPrice> {
  // A release delivers what had its price when it was reserved.
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

/** What trades have made of the prices of a microgrid, by slot. */
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
