import {
  askPricePerKwh,
  clearingPrices,
  type Demand,
  planBatches,
  planPurchase,
  type Supply,
  sumWh,
} from "@wattline/sdk";
import type { BookOrder } from "../data/index.ts";
import type { MarketAsk } from "./asks.ts";

/** More than any order book holds. */
const EVERYTHING_WH = 1n << 62n;

/** One step of a merit-order curve: energy at a price, and the sum of all steps up to it. */
export interface Step {
  readonly pricePerKwh: bigint;
  readonly energyWh: bigint;
  readonly upToWh: bigint;
}

/** Offers and bids of one delivery slot. */
export interface MeritOrder {
  /** Cheapest first, at what a buyer pays. */
  readonly offers: readonly Step[];
  /** The highest first. */
  readonly bids: readonly Step[];
  /** What a batch would clear now: its price and energy. Undefined when offers and bids do not cross. */
  readonly crossing: { readonly pricePerKwh: bigint; readonly energyWh: bigint } | undefined;
}

/**
 * The merit order of a slot. The crossing is what `settle` would clear of these orders: only minted energy within the
 * microgrid, so energy to come and energy of other microgrids are on the curve but not in the crossing.
 */
export function meritOrderOf(
  slot: number,
  microgrid: number,
  networkFee: bigint,
  asks: readonly MarketAsk[],
  bids: readonly BookOrder[],
): MeritOrder {
  // A purchase of everything takes the offers in merit order, and counts energy that backs several of them once.
  const { takes } = planPurchase(
    asks.filter(({ order }) => order.firstSlot <= slot && order.lastSlot >= slot),
    {
      window: { firstSlot: slot, lastSlot: slot },
      energyWh: EVERYTHING_WH,
      mostOrders: Number.POSITIVE_INFINITY,
    },
  );
  const wanted = bids.filter(
    ({ order }) =>
      order.microgrid === microgrid && order.firstSlot <= slot && order.lastSlot >= slot,
  );
  const supplies = takes
    .filter(({ ask: { order } }) => order.microgrid === microgrid && !order.forward)
    .map(
      ({ ask: { order, signature, source }, sentWh }): Supply => ({
        order,
        signature,
        source,
        energyWh: sentWh,
      }),
    );
  const demands = wanted
    .filter(({ order }) => !order.forward)
    .map(
      ({ order, signature, remainingWh }): Demand => ({
        order,
        signature,
        energyWh: new Map([[slot, remainingWh]]),
        leftWh: remainingWh,
      }),
    );
  return {
    offers: stepsOf(
      takes.map(({ ask, arrivedWh }) => ({
        pricePerKwh: askPricePerKwh(ask),
        energyWh: arrivedWh.get(slot) ?? 0n,
      })),
      1,
    ),
    bids: stepsOf(
      wanted.map(({ order, remainingWh }) => ({
        pricePerKwh: order.price,
        energyWh: remainingWh,
      })),
      -1,
    ),
    crossing: crossingOf(slot, networkFee, supplies, demands),
  };
}

function crossingOf(
  slot: number,
  networkFee: bigint,
  supplies: readonly Supply[],
  demands: readonly Demand[],
): MeritOrder["crossing"] {
  if (supplies.length === 0 || demands.length === 0) return undefined;
  const [batch] = planBatches(supplies, demands, { networkFee });
  if (batch === undefined) return undefined;
  const pricePerKwh = clearingPrices(batch, networkFee).get(slot);
  const energyWh = batch.matches.reduce((sum, { energy }) => sum + sumWh(energy), 0n);
  return pricePerKwh === undefined ? undefined : { pricePerKwh, energyWh };
}

/** Sorted steps, ascending (1) or descending (-1), with equal prices merged. */
function stepsOf(
  levels: readonly { readonly pricePerKwh: bigint; readonly energyWh: bigint }[],
  direction: 1 | -1,
): Step[] {
  const byPrice = new Map<bigint, bigint>();
  for (const { pricePerKwh, energyWh } of levels) {
    byPrice.set(pricePerKwh, (byPrice.get(pricePerKwh) ?? 0n) + energyWh);
  }
  const sorted = [...byPrice].sort(([a], [b]) => (a < b ? -direction : direction));
  let upToWh = 0n;
  return sorted.map(([pricePerKwh, energyWh]) => {
    upToWh += energyWh;
    return { pricePerKwh, energyWh, upToWh };
  });
}
