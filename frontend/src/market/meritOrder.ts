import {
  arrivedOf,
  askPricePerKwh,
  communityPriceIn,
  type EnergyBySlot,
  type Microgrid,
} from "@wattline/sdk";
import type { BookOrder } from "../data/index.ts";
import type { MarketAsk } from "./asks.ts";

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
  /** The community price of the slot. */
  readonly communityPerKwh: bigint;
  /** What is offered at the community price or below, and wanted at it or above. */
  readonly offeredWh: bigint;
  readonly wantedWh: bigint;
}

/** The merit order of a slot: posted prices and limits, and how much of them meets the community price. */
export function meritOrderOf(
  slot: number,
  microgrid: Microgrid,
  asks: readonly MarketAsk[],
  bids: readonly BookOrder[],
): MeritOrder {
  const communityPerKwh = communityPriceIn(microgrid, slot);
  const offers = stepsOf(offeredIn(slot, asks), 1);
  const wanted = bids.filter(
    ({ order }) =>
      order.microgrid === microgrid.microgrid && order.firstSlot <= slot && order.lastSlot >= slot,
  );
  const steps = stepsOf(
    wanted.map(({ order, remainingWh }) => ({ pricePerKwh: order.price, energyWh: remainingWh })),
    -1,
  );
  const upTo = (found: Step | undefined) => found?.upToWh ?? 0n;
  return {
    offers,
    bids: steps,
    communityPerKwh,
    offeredWh: upTo(offers.findLast(({ pricePerKwh }) => pricePerKwh <= communityPerKwh)),
    wantedWh: upTo(steps.findLast(({ pricePerKwh }) => pricePerKwh >= communityPerKwh)),
  };
}

/** What arrives of each offer in a slot, in merit order. Energy that backs several of them counts once. */
function offeredIn(slot: number, asks: readonly MarketAsk[]) {
  const priced = asks
    .filter(({ order }) => order.firstSlot <= slot && slot <= order.lastSlot)
    .map((ask) => ({ ask, pricePerKwh: askPricePerKwh(ask, slot) }))
    .sort((a, b) => (a.pricePerKwh < b.pricePerKwh ? -1 : a.pricePerKwh > b.pricePerKwh ? 1 : 0));
  const stocks = new Map<EnergyBySlot, bigint>();
  const fills = new Map<string, bigint>();
  return priced.map(({ ask, pricePerKwh }) => {
    const { stockWh, leftWh = 0n, hash, way } = ask;
    const inStock = stocks.get(stockWh) ?? stockWh.get(slot) ?? 0n;
    const left = fills.get(hash) ?? leftWh;
    const sentWh = inStock < left ? inStock : left;
    stocks.set(stockWh, inStock - sentWh);
    fills.set(hash, left - sentWh);
    const { line } = way;
    const loss = { lossBps: line?.lossBps ?? 0n, flowWh: line?.flowWh.get(slot) ?? 0n };
    return { pricePerKwh, energyWh: arrivedOf(sentWh, loss) };
  });
}

/** Sorted steps, ascending (1) or descending (-1), with equal prices merged. */
function stepsOf(
  levels: readonly { readonly pricePerKwh: bigint; readonly energyWh: bigint }[],
  direction: 1 | -1,
): Step[] {
  const byPrice = new Map<bigint, bigint>();
  for (const { pricePerKwh, energyWh } of levels) {
    if (energyWh > 0n) byPrice.set(pricePerKwh, (byPrice.get(pricePerKwh) ?? 0n) + energyWh);
  }
  const sorted = [...byPrice].sort(([a], [b]) => (a < b ? -direction : direction));
  let upToWh = 0n;
  return sorted.map(([pricePerKwh, energyWh]) => {
    upToWh += energyWh;
    return { pricePerKwh, energyWh, upToWh };
  });
}
