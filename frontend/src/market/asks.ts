import {
  type Ask,
  askPricePerKwh,
  type EnergyBySlot,
  isOpenWay,
  isPosted,
  type Microgrid,
  SIDES,
  type SlotRange,
  SOURCES,
  type Source,
  type Way,
} from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual, zeroAddress } from "viem";
import type { BookOrder } from "../data/index.ts";
import { holdingKey, type Stock } from "./supply.ts";

/**
 * An offer as a buyer in the shown microgrid can take it; or a limit, which nobody can take and which trades in batches at the
 * community price.
 */
export interface MarketAsk extends Ask {
  /** Identifies the offer and the source. */
  readonly id: string;
  readonly hash: Hex;
  /** The lowest price of a kWh that arrives, losses and charges included, over the slots that have energy. */
  readonly pricePerKwh: bigint;
  /** Most Wh that can be bought in the given slots. */
  readonly totalWh: bigint;
}

export const isOffer = ({ order }: BookOrder): boolean => SIDES[order.side] === "offer";

export const reaches = ({ order }: BookOrder, { firstSlot, lastSlot }: SlotRange): boolean =>
  order.firstSlot <= lastSlot && order.lastSlot >= firstSlot;

/** Whether an order is for this trader: for anyone, for it alone, or its own. */
export const isFor = ({ order }: BookOrder, trader: Address | undefined): boolean =>
  isAddressEqual(order.counterparty, zeroAddress) ||
  (trader !== undefined &&
    (isAddressEqual(order.counterparty, trader) || isAddressEqual(order.maker, trader)));

export const sourcesOf = (mask: number): Source[] => SOURCES.filter((_, bit) => (mask >> bit) & 1);

/**
 * The offers that energy backs in a run of slots: one per order and source of which the seller has energy there. Limits of
 * other microgrids are left out: no buyer can choose them.
 * @param ways By the offer's microgrid; offers of microgrids without a way are left out.
 * @param openSlot The first slot that has not started: energy of earlier slots can't be sold forward any more.
 */
export function asksOf(
  orders: readonly BookOrder[],
  {
    here,
    trader,
    ways,
    stock,
    slots,
    openSlot,
  }: {
    readonly here: Microgrid;
    readonly trader: Address | undefined;
    readonly ways: ReadonlyMap<number, Way>;
    readonly stock: Stock;
    readonly slots: SlotRange;
    readonly openSlot: number;
  },
): MarketAsk[] {
  const known = new Map<EnergyBySlot, Map<string, EnergyBySlot>>();
  const sums = new EnergySums(slots);
  const asks: MarketAsk[] = [];
  for (const found of orders) {
    const { order, signature, hash, remainingWh } = found;
    const way = ways.get(order.microgrid);
    if (!isOffer(found) || way === undefined) continue;
    if (way.line !== undefined && !(order.crosses && isPosted(order))) continue;
    if (!reaches(found, slots) || !isFor(found, trader)) continue;
    for (const { source, energyWh, promisedWh } of stockOf(found, way)) {
      const sendable = sums.of(energyWh, order.firstSlot, order.lastSlot);
      if (sendable === 0n) continue;
      const ask = {
        order,
        signature,
        source,
        stockWh: energyWh,
        leftWh: remainingWh,
        way,
        ...(promisedWh && { promisedWh }),
      };
      asks.push({
        ...ask,
        id: `${hash} ${source}`,
        hash,
        pricePerKwh: lowestPriceOf(ask),
        totalWh: sendable < remainingWh ? sendable : remainingWh,
      });
    }
  }
  return asks;

  function stockOf({ order }: BookOrder, way: Way): Backing[] {
    if (order.forward) {
      const meter = stock.promisable.get(order.meter.toLowerCase());
      if (meter === undefined || !isAddressEqual(meter.owner, order.maker)) return [];
      if (meter.microgrid !== order.microgrid) return [];
      const { source, promisedWh } = meter;
      return [{ source, promisedWh, energyWh: tradableOf(meter.energyWh, way, true) }];
    }
    return sourcesOf(order.sources).flatMap((source) => {
      const energyWh = stock.held.get(holdingKey(order.maker, order.microgrid, source));
      return energyWh === undefined ? [] : [{ source, energyWh: tradableOf(energyWh, way, false) }];
    });
  }

  /** What of a stock can trade this way. The same result for the same map: asks that share a stock must still share it. */
  function tradableOf(energyWh: EnergyBySlot, way: Way, isForward: boolean): EnergyBySlot {
    const found = known.get(energyWh) ?? new Map<string, EnergyBySlot>();
    const key = `${way.from.microgrid} ${isForward}`;
    const tradable =
      found.get(key) ??
      new Map(
        [...energyWh].filter(
          ([slot]) => isOpenWay(way, here, slot) && (!isForward || slot >= openSlot),
        ),
      );
    known.set(energyWh, found.set(key, tradable));
    return tradable;
  }

  function lowestPriceOf(ask: Pick<MarketAsk, "order" | "way" | "stockWh">): bigint {
    const { order, way, stockWh } = ask;
    if (way.line !== undefined) return askPricePerKwh(ask, order.firstSlot);
    let lowest: bigint | undefined;
    for (const [slot, wh] of stockWh) {
      if (wh === 0n || slot < order.firstSlot || slot > order.lastSlot) continue;
      const price = askPricePerKwh(ask, slot);
      if (lowest === undefined || price < lowest) lowest = price;
    }
    return lowest ?? order.price;
  }
}

/** What backs an offer. */
interface Backing {
  readonly source: Source;
  readonly energyWh: EnergyBySlot;
  /** Of a forward. */
  readonly promisedWh?: EnergyBySlot;
}

/** Sums of energy over runs of slots; the running totals of each stock are computed once. */
class EnergySums {
  readonly #slots: SlotRange;
  readonly #sums = new Map<EnergyBySlot, readonly bigint[]>();

  constructor(slots: SlotRange) {
    this.#slots = slots;
  }

  of(energyWh: EnergyBySlot, firstSlot: number, lastSlot: number): bigint {
    const { firstSlot: start, lastSlot: end } = this.#slots;
    const upTo = this.#sums.get(energyWh) ?? this.#add(energyWh);
    const [first, last] = [Math.max(firstSlot, start), Math.min(lastSlot, end)];
    return (upTo[last - start + 1] ?? 0n) - (upTo[first - start] ?? 0n);
  }

  #add(energyWh: EnergyBySlot): readonly bigint[] {
    const { firstSlot, lastSlot } = this.#slots;
    const upTo = [0n];
    for (let slot = firstSlot; slot <= lastSlot; slot++) {
      upTo.push((upTo.at(-1) ?? 0n) + (energyWh.get(slot) ?? 0n));
    }
    this.#sums.set(energyWh, upTo);
    return upTo;
  }
}
