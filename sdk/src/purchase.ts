import type { Address } from "viem";
import { type Source, sourceIndex } from "./energyId.ts";
import { ceilDiv, costOf } from "./money.ts";
import { blockOf, type EnergyBySlot, LANE_MAX_WH, packProfile } from "./profile.ts";
import type { SlotRange } from "./slots.ts";
import { arrivingWh, landedPricePerKwh, sentForWh } from "./tieLine.ts";
import type { SignedOrder } from "./typedData.ts";

/**
 * Choosing what to buy: the cheapest offers that cover a need, over all orders and slots of a window, and what they come
 * to in the contracts' own arithmetic.
 */

/** How energy comes from a seller to the buyer. */
export interface Way {
  /** Base units per kWh sent that the DSOs receive: the network fee, or a tie line's wheeling charge. */
  readonly chargePerKwh: bigint;
  /** Hundredths of a percent that are lost; 0 within a microgrid. */
  readonly lossBps: bigint;
  /** Wh per slot that a tie line can still carry; without it there is no line to fill. */
  readonly freeWh?: EnergyBySlot;
}

/** Energy of one source that a signed offer has for a buyer. */
export interface Ask extends SignedOrder {
  readonly source: Source;
  /**
   * Wh per slot that the seller has, or for a forward that its meter can still promise. Asks that share one map share its
   * energy, as ways do that share one `freeWh`.
   */
  readonly stockWh: EnergyBySlot;
  /** Wh that the order is not filled by yet, if that is less than was signed. */
  readonly leftWh?: bigint;
  readonly way: Way;
}

/** What a buyer wants. */
export interface Wish {
  readonly window: SlotRange;
  /** Wh that shall arrive, over all slots of the window together. */
  readonly energyWh: bigint;
  /** The most per kWh sent, charges included, base units: the price cap of an islanded microgrid. */
  readonly mostPerKwh?: bigint;
  /** Wh per slot that the buyer may still buy: the ration of an islanded microgrid. A slot that is missing has none. */
  readonly rationWh?: EnergyBySlot;
  /** How many orders one transaction takes of; {@link ORDERS_PER_PURCHASE} unless given. */
  readonly mostOrders?: number;
}

/** What is taken of one offer. */
export interface PlannedTake {
  readonly ask: Ask;
  /** Wh per slot as the seller sends them. */
  readonly sentWh: EnergyBySlot;
  /** Wh per slot as they arrive. */
  readonly arrivedWh: EnergyBySlot;
  /** Base units that it costs, charges included; for a forward the most that it locks. */
  readonly cost: bigint;
}

/** What to buy. */
export interface Purchase {
  /** The cheapest first. */
  readonly takes: readonly PlannedTake[];
  /** Wh that arrive in each slot. */
  readonly arrivedWh: EnergyBySlot;
  readonly totalWh: bigint;
  /** Base units in all. */
  readonly cost: bigint;
  /** Wh of the wish that no offer covers. */
  readonly missingWh: bigint;
}

/**
 * Orders that fit one transaction: a reservation takes up to about 400,000 gas, and a transaction at most 2^24
 * (EIP-7825).
 */
export const ORDERS_PER_PURCHASE = 32;

/** What a buyer pays for a kWh of an ask that arrives, all charges and losses in it; base units, rounded up. */
export const askPricePerKwh = ({ order, way }: Ask): bigint =>
  landedPricePerKwh(order.price, way.chargePerKwh, way.lossBps);

/**
 * Asks in merit order: the cheapest first; of equal ones energy that is there before energy that is promised, then the
 * given order.
 */
export function inMeritOrder(asks: readonly Ask[]): Ask[] {
  return asks
    .map((ask) => ({ ask, price: askPricePerKwh(ask) }))
    .sort((a, b) =>
      a.price === b.price
        ? Number(a.ask.order.forward) - Number(b.ask.order.forward)
        : a.price < b.price
          ? -1
          : 1,
    )
    .map(({ ask }) => ask);
}

/**
 * Covers a wish with the cheapest asks (merit order over orders and slots, partly where that is enough), never more of an
 * ask than its seller has, its order leaves and its line carries. What can't be covered is missing, not dear.
 * @throws RangeError when less than 1 Wh is wished for.
 */
export function planPurchase(asks: readonly Ask[], wish: Wish): Purchase {
  const { window, energyWh, mostPerKwh, rationWh, mostOrders = ORDERS_PER_PURCHASE } = wish;
  if (energyWh < 1n) throw new RangeError(`A purchase of ${energyWh} Wh buys nothing.`);
  const used = new Uses();
  const bought = new Map<number, bigint>();
  const takes: PlannedTake[] = [];
  let wanted = energyWh;

  for (const ask of inMeritOrder(asks)) {
    if (wanted === 0n || takes.length === mostOrders) break;
    const { order, way } = ask;
    if (mostPerKwh !== undefined && order.price + way.chargePerKwh > mostPerKwh) continue;
    const sentWh = new Map<number, bigint>();
    const arrivedWh = new Map<number, bigint>();
    const first = Math.max(window.firstSlot, order.firstSlot);
    const last = Math.min(window.lastSlot, order.lastSlot);
    for (let slot = first; slot <= last && wanted > 0n; slot++) {
      // An island's ration counts what is sent, and no line crosses into an island.
      const ration = rationWh && (rationWh.get(slot) ?? 0n) - (bought.get(slot) ?? 0n);
      const sendable = least(used.leftOf(ask, slot), ration);
      const sent = least(sendable, sentForWh(wanted, way.lossBps));
      const arrived = arrivingWh(sent, way.lossBps);
      if (arrived <= 0n) continue;
      used.add(ask, slot, sent);
      sentWh.set(slot, sent);
      arrivedWh.set(slot, arrived);
      bought.set(slot, (bought.get(slot) ?? 0n) + arrived);
      wanted -= arrived;
    }
    if (sentWh.size > 0) takes.push({ ask, sentWh, arrivedWh, cost: costOfTake(ask, sentWh) });
  }
  return {
    takes,
    arrivedWh: bought,
    totalWh: energyWh - wanted,
    cost: takes.reduce((sum, { cost }) => sum + cost, 0n),
    missingWh: wanted,
  };
}

/** The arguments of `accept` (or `reserve`) for a planned take. */
export function takeArguments(
  { ask, sentWh, cost }: PlannedTake,
  buyer: { readonly microgrid: number; readonly meter: Address },
) {
  const { firstBlock, words } = packProfile(sentWh);
  const take = {
    microgrid: buyer.microgrid,
    meter: buyer.meter,
    source: sourceIndex(ask.source),
    firstBlock,
    energy: words,
    limit: cost,
  };
  return [ask.order, ask.signature, take] as const;
}

/**
 * What a take costs. `accept` rounds once. `reserve` rounds in every block, and over what the buyer has reserved there on
 * the same terms before: the charge may then come to a base unit more, the price never does.
 */
function costOfTake({ order, way }: Ask, sentWh: EnergyBySlot): bigint {
  const parts = new Map<number, bigint>();
  for (const [slot, wh] of sentWh) {
    const part = order.forward ? blockOf(slot) : 0;
    parts.set(part, (parts.get(part) ?? 0n) + wh);
  }
  let cost = 0n;
  for (const wh of parts.values()) {
    cost += costOf(order.price, wh);
    cost += order.forward
      ? ceilDiv(way.chargePerKwh * wh, WH_PER_KWH)
      : (way.chargePerKwh * wh) / WH_PER_KWH;
  }
  return cost;
}

const WH_PER_KWH = 1000n;

/** What a plan has used up so far. */
class Uses {
  readonly #stocks = new Map<EnergyBySlot, Map<number, bigint>>();
  readonly #fills = new Map<string, bigint>();

  leftOf({ order, stockWh, leftWh, way }: Ask, slot: number): bigint {
    if (slot < order.firstSlot || slot > order.lastSlot) return 0n;
    const signed = least(BigInt(order.energy), LANE_MAX_WH);
    const unfilled = least(signed, leftWh) - (this.#fills.get(fillKey(order)) ?? 0n);
    const stock = this.#leftIn(stockWh, slot);
    const free = way.freeWh && this.#leftIn(way.freeWh, slot);
    const left = least(least(unfilled, stock), free);
    return left < 0n ? 0n : left;
  }

  add({ order, stockWh, way }: Ask, slot: number, sentWh: bigint): void {
    this.#fills.set(fillKey(order), (this.#fills.get(fillKey(order)) ?? 0n) + sentWh);
    for (const stock of [stockWh, way.freeWh]) {
      if (stock === undefined) continue;
      const used = this.#stocks.get(stock) ?? new Map<number, bigint>();
      this.#stocks.set(stock, used.set(slot, (used.get(slot) ?? 0n) + sentWh));
    }
  }

  #leftIn(stock: EnergyBySlot, slot: number): bigint {
    return (stock.get(slot) ?? 0n) - (this.#stocks.get(stock)?.get(slot) ?? 0n);
  }
}

/** Orders with one nonce share their fill. */
const fillKey = ({ maker, nonce }: Ask["order"]): string => `${maker.toLowerCase()} ${nonce}`;

const least = (a: bigint, b: bigint | undefined): bigint => (b === undefined || a < b ? a : b);
