import {
  arrivedOf,
  askPricePerKwh,
  type EnergyBySlot,
  type SlotRange,
  slotsIn,
} from "@wattline/sdk";
import type { BookOrder } from "../data/index.ts";
import { isOffer, type MarketAsk } from "./asks.ts";

/** What is offered and bid for one delivery slot. */
export interface SlotFigures {
  /** Wh that can be bought, as they arrive: what is lost on a tie line is not counted. */
  readonly offeredWh: bigint;
  /** The cheapest price, base units per kWh; undefined without offers. */
  readonly bestPrice: bigint | undefined;
  /** The highest bid, base units per kWh; undefined without bids. */
  readonly bestBid: bigint | undefined;
}

/** Figures for every slot of a run. Energy that backs several offers counts once. */
export function slotFiguresOf(
  asks: readonly MarketAsk[],
  bids: readonly BookOrder[],
  slots: SlotRange,
): ReadonlyMap<number, SlotFigures> {
  const offered = new Map<number, bigint>();
  const best = new Map<number, bigint>();
  for (const [stock, own] of byStock(asks)) {
    for (const slot of slotsIn(slots)) {
      const wh = stock.get(slot) ?? 0n;
      if (wh === 0n) continue;
      const covering = cheapestOver(own, slot, wh);
      if (covering === undefined) continue;
      offered.set(slot, (offered.get(slot) ?? 0n) + covering.wh);
      const known = best.get(slot);
      if (known === undefined || covering.price < known) best.set(slot, covering.price);
    }
  }
  const bid = new Map<number, bigint>();
  for (const { order } of bids) {
    const last = Math.min(order.lastSlot, slots.lastSlot);
    for (let slot = Math.max(order.firstSlot, slots.firstSlot); slot <= last; slot++) {
      if (order.price > (bid.get(slot) ?? -1n)) bid.set(slot, order.price);
    }
  }
  return new Map(
    slotsIn(slots).map((slot) => [
      slot,
      {
        offeredWh: offered.get(slot) ?? 0n,
        bestPrice: best.get(slot),
        bestBid: bid.get(slot),
      },
    ]),
  );
}

/** Asks by the stock that backs them, cheapest first. */
function byStock(asks: readonly MarketAsk[]): ReadonlyMap<EnergyBySlot, readonly MarketAsk[]> {
  const groups = new Map<EnergyBySlot, MarketAsk[]>();
  for (const ask of asks) {
    const group = groups.get(ask.stockWh);
    if (group === undefined) groups.set(ask.stockWh, [ask]);
    else group.push(ask);
  }
  for (const group of groups.values()) {
    // They come the same way, so that their charges are the same in each slot.
    group.sort(({ order: a }, { order: b }) =>
      a.price < b.price ? -1 : a.price > b.price ? 1 : 0,
    );
  }
  return groups;
}

/** How much of `wh` the asks on one stock sell in a slot, and the cheapest price. */
function cheapestOver(
  asks: readonly MarketAsk[],
  slot: number,
  wh: bigint,
): { wh: bigint; price: bigint } | undefined {
  let price: bigint | undefined;
  let covered = 0n;
  for (const ask of asks) {
    const { order, leftWh = 0n } = ask;
    if (slot < order.firstSlot || slot > order.lastSlot) continue;
    price ??= askPricePerKwh(ask, slot);
    covered += leftWh;
    if (covered >= wh) break;
  }
  if (price === undefined) return undefined;
  // Asks on one stock come the same way.
  const line = asks[0]?.way.line;
  const loss = { lossBps: line?.lossBps ?? 0n, flowWh: line?.flowWh.get(slot) ?? 0n };
  return { wh: arrivedOf(covered < wh ? covered : wh, loss), price };
}

export const bidsOf = (orders: readonly BookOrder[]): BookOrder[] =>
  orders.filter((one) => !isOffer(one));
