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

/** An offer as somebody who stands in a microgrid can buy it. */
export interface MarketAsk extends Ask {
  /** Names the offer and the source. */
  readonly id: string;
  readonly hash: Hex;
  /** What a kWh that arrives costs, losses and charges in it. */
  readonly pricePerKwh: bigint;
  /** Wh that arrive at most within the slots that were asked for. */
  readonly totalWh: bigint;
}

/** What stands behind offers: minted energy by holder, and what meters can still promise. */
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
 * The offers that a trader can buy of in a run of slots: one per order and source that its seller has anything of there.
 * @param ways By the offer's microgrid; those of other microgrids can't come here.
 * @param openSlot The first slot that has not started: energy of earlier ones can't be promised any more.
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
  const sums = new Sums(slots);
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

  /** One map for one map: asks that share a stock must go on sharing it. */
  function stillOpen(energyWh: EnergyBySlot): EnergyBySlot {
    const known = open.get(energyWh) ?? new Map([...energyWh].filter(([slot]) => slot >= openSlot));
    open.set(energyWh, known);
    return known;
  }
}

/** Sums over runs of slots, each stock added up once. */
class Sums {
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
