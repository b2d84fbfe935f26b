import type { Address } from "viem";
import { type Source, sourceIndex } from "./energyId.ts";
import { ceilDiv, costOf } from "./money.ts";
import { blockOf, type EnergyBySlot, LANE_MAX_WH, packProfile } from "./profile.ts";
import type { SlotRange } from "./slots.ts";
import { arrivingWh, landedPricePerKwh, sentForWh } from "./tieLine.ts";
import type { SignedOrder } from "./typedData.ts";

/**
 * Chooses what to buy: the cheapest offers that cover a need, over all orders and slots of a window, and their cost in
 * the contracts' own arithmetic.
 */

/** The path of energy from a seller to the buyer. */
export interface Way {
  /** Base units per kWh sent, paid to the DSOs: the network fee, or a tie line's wheeling charge. */
  readonly chargePerKwh: bigint;
  /** Hundredths of a percent lost on the way; 0 within a microgrid. */
  readonly lossBps: bigint;
  /** Wh per slot that a tie line can still carry; missing within a microgrid. */
  readonly freeWh?: EnergyBySlot;
}

/** Energy of one source that a signed offer has for a buyer. */
export interface Ask extends SignedOrder {
  readonly source: Source;
  /**
   * Wh per slot that the seller has, or for a forward that its meter can still promise. Asks with the same map share
   * its energy, and ways with the same `freeWh` share that.
   */
  readonly stockWh: EnergyBySlot;
  /** The order's unfilled Wh, if less than was signed. */
  readonly leftWh?: bigint;
  readonly way: Way;
}

/** What a buyer wants. */
export interface Wish {
  readonly window: SlotRange;
  /** Wh that are to arrive, over all slots of the window together. */
  readonly energyWh: bigint;
  /** The most per kWh sent, charges included, base units: the price cap of an islanded microgrid. */
  readonly mostPerKwh?: bigint;
  /** Wh per slot that the buyer may still buy: the ration of an islanded microgrid. A missing slot has none. */
  readonly rationWh?: EnergyBySlot;
  /** The most orders in one transaction; {@link ORDERS_PER_PURCHASE} by default. */
  readonly mostOrders?: number;
}

/** The part taken of one offer. */
export interface PlannedTake {
  readonly ask: Ask;
  /** Wh per slot as the seller sends them. */
  readonly sentWh: EnergyBySlot;
  /** Wh per slot as they arrive. */
  readonly arrivedWh: EnergyBySlot;
  /** Its cost in base units, charges included; for a forward the most that it locks. */
  readonly cost: bigint;
}

/** A purchase plan. */
export interface Purchase {
  /** The cheapest first. */
  readonly takes: readonly PlannedTake[];
  /** Wh that arrive in each slot. */
  readonly arrivedWh: EnergyBySlot;
  readonly totalWh: bigint;
  /** Base units in all. */
  readonly cost: bigint;
  /** Wh that no offer covers. */
  readonly missingWh: bigint;
}

/**
 * Orders that fit one transaction: a reservation takes up to about 400,000 gas, and a transaction at most 2^24
 * (EIP-7825).
 */
export const ORDERS_PER_PURCHASE = 32;

/** A buyer's cost per kWh that arrives of an ask, with all charges and losses; base units, rounded up. */
export const askPricePerKwh = ({ order, way }: Ask): bigint =>
  landedPricePerKwh(order.price, way.chargePerKwh, way.lossBps);

/**
 * Asks in merit order: the cheapest first; at equal cost, minted energy before promised energy, then the given order.
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
 * Covers a need with the cheapest asks (merit order over orders and slots, the last one in part), never more of an ask
 * than its seller has, its order leaves and its tie line carries. What can't be covered is reported as missing.
 * @throws RangeError when less than 1 Wh is wanted.
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
      // An island's ration counts sent energy, and no tie line reaches into an island.
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
 * The cost of a take. `accept` rounds once. `reserve` rounds in every block, together with the buyer's earlier
 * reservations there on the same terms: the charge may then be one base unit higher, the price never.
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

/** What a plan has used so far. */
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
