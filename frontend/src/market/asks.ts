import {
  type Ask,
  askPricePerKwh,
  type EnergyBySlot,
  SIDES,
  type SlotRange,
  SOURCES,
  type Source,
  type Way,
} from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual, zeroAddress } from "viem";
import type { BookOrder } from "../data/index.ts";

/** An offer as a buyer in the shown microgrid can take it. */
export interface MarketAsk extends Ask {
  /** Identifies the offer and the source. */
  readonly id: string;
  readonly hash: Hex;
  /** Price of a kWh that arrives, losses and charges included. */
  readonly pricePerKwh: bigint;
  /** Most Wh that can be bought in the given slots. */
  readonly totalWh: bigint;
}

/** What backs offers: minted energy by holder, and what meters can still promise. */
export interface Stock {
  /** Wh per slot; by {@link holdingKey}. */
  readonly held: ReadonlyMap<string, EnergyBySlot>;
  /** By the meter's address in lower case. */
  readonly promisable: ReadonlyMap<
    string,
    { readonly source: Source; readonly owner: Address; readonly energyWh: EnergyBySlot }
  >;
}

export const holdingKey = (holder: Address, microgrid: number, source: Source): string =>
  `${holder.toLowerCase()} ${microgrid} ${source}`;

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
 * The offers that a trader can take in a run of slots: one per order and source of which the seller has energy there.
 * @param ways By the offer's microgrid; offers of microgrids without a way are left out.
 * @param openSlot The first slot that has not started: energy of earlier slots can't be sold forward any more.
 */
export function asksOf(
  orders: readonly BookOrder[],
  {
    trader,
    ways,
    stock,
    slots,
    openSlot,
  }: {
    readonly trader: Address | undefined;
    readonly ways: ReadonlyMap<number, Way>;
    readonly stock: Stock;
    readonly slots: SlotRange;
    readonly openSlot: number;
  },
): MarketAsk[] {
  const open = new Map<EnergyBySlot, EnergyBySlot>();
  const sums = new EnergySums(slots);
  const asks: MarketAsk[] = [];
  for (const found of orders) {
    const { order, signature, hash, remainingWh } = found;
    const way = ways.get(order.microgrid);
    if (!isOffer(found) || way === undefined) continue;
    if (!reaches(found, slots) || !isFor(found, trader)) continue;
    for (const { source, energyWh } of stockOf(found)) {
      const sendable = sums.of(energyWh, order.firstSlot, order.lastSlot);
      if (sendable === 0n) continue;
      const ask = { order, signature, source, stockWh: energyWh, leftWh: remainingWh, way };
      asks.push({
        ...ask,
        id: `${hash} ${source}`,
        hash,
        pricePerKwh: askPricePerKwh(ask),
        totalWh: sendable < remainingWh ? sendable : remainingWh,
      });
    }
  }
  return asks;

  function stockOf({ order }: BookOrder): { source: Source; energyWh: EnergyBySlot }[] {
    if (order.forward) {
      const meter = stock.promisable.get(order.meter.toLowerCase());
      if (meter === undefined || !isAddressEqual(meter.owner, order.maker)) return [];
      return [{ source: meter.source, energyWh: stillOpen(meter.energyWh) }];
    }
    return sourcesOf(order.sources).flatMap((source) => {
      const energyWh = stock.held.get(holdingKey(order.maker, order.microgrid, source));
      return energyWh === undefined ? [] : [{ source, energyWh }];
    });
  }

  /** The same result for the same map: asks that share a stock must still share it. */
  function stillOpen(energyWh: EnergyBySlot): EnergyBySlot {
    const known = open.get(energyWh) ?? new Map([...energyWh].filter(([slot]) => slot >= openSlot));
    open.set(energyWh, known);
    return known;
  }
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
