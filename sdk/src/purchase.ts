import { type Address, zeroAddress } from "viem";
import { type Deal, strike, totalsOf } from "./deals/deal.ts";
import { arrivedOf, type Loss, leastSentFor } from "./deals/loss.ts";
import { isPosted } from "./deals/order.ts";
import { landedPricePerKwh } from "./deals/price.ts";
import { type Source, sourceIndex } from "./energyId.ts";
import {
  type Crossing,
  communityOf,
  isClosedIn,
  isIslandedIn,
  levelFor,
  type Microgrid,
  scheduleFor,
} from "./microgrid.ts";
import { ceilDiv } from "./money.ts";
import { type EnergyBySlot, LANE_MAX_WH, packProfile } from "./profile.ts";
import { type SlotRange, slotStart, slotsIn } from "./slots.ts";
import type { SignedOrder } from "./typedData.ts";

/**
 * Chooses what to buy: the cheapest posted offers that cover a need, over all orders and slots of a window. What it comes to is
 * asked of {@link strike}, as the contracts will say it.
 */

/** The path of energy from a seller to the buyer. */
export interface Way {
  /** Where it is offered. */
  readonly from: Microgrid;
  /** The tie line that it comes over, and what that carries by slot already; undefined within the buyer's microgrid. */
  readonly line: (Crossing & { readonly flowWh: EnergyBySlot }) | undefined;
}

/** Energy of one source that a signed offer has for a buyer. */
export interface Ask extends SignedOrder {
  readonly source: Source;
  /**
   * Wh per slot that the seller has, or for a forward that its meter can still promise. Asks with the same map share
   * its energy, and ways with the same `flowWh` share a line.
   */
  readonly stockWh: EnergyBySlot;
  /** Wh per slot that the meter of a forward has promised already; nothing by default. */
  readonly promisedWh?: EnergyBySlot;
  /** The order's unfilled Wh, if less than was signed. */
  readonly leftWh?: bigint;
  readonly way: Way;
}

/** Who buys, and where. */
export interface Buyer {
  readonly microgrid: Microgrid;
  /** The meter that islanded slots are bought for. */
  readonly meter?: Address | undefined;
  /** Wh that may still be bought of an islanded slot: 0 without a meter there, undefined for a critical load. */
  rationLeftWh(slot: number): bigint | undefined;
  /** The chain's time, Unix seconds. */
  readonly nowSeconds: number;
}

/** What a buyer wants. */
export interface Wish {
  readonly window: SlotRange;
  /** Wh that are to arrive, over all slots of the window together. */
  readonly energyWh: bigint;
  /** The most per kWh that arrives, all in, base units; no limit where it gives none. The cap of an island holds anyway. */
  mostPerKwh?(slot: number): bigint | undefined;
  /** The most Wh that are to arrive in a slot; no limit where it gives none. */
  mostWh?(slot: number): bigint | undefined;
  /** The most orders in one transaction; {@link ORDERS_PER_PURCHASE} by default. */
  readonly mostOrders?: number;
}

/** The part taken of one offer. */
export interface PlannedTake {
  readonly ask: Ask;
  /** The numbers of the schedules that its slots go by, where the seller and where the buyer is. */
  readonly schedule: number;
  readonly takerSchedule: number;
  /** Wh per slot as the seller sends them. */
  readonly sentWh: EnergyBySlot;
  /** Wh per slot as they arrive. */
  readonly arrivedWh: EnergyBySlot;
  /** What it costs, charges included; of a forward what it locks. */
  readonly costMillis: bigint;
  /** Of a forward: the most Wh of a slot that its meter has promised before. */
  readonly mostAhead: number;
}

/** A purchase plan. */
export interface Purchase {
  /** The cheapest first. */
  readonly takes: readonly PlannedTake[];
  /** Wh that arrive in each slot. */
  readonly arrivedWh: EnergyBySlot;
  readonly totalWh: bigint;
  readonly costMillis: bigint;
  /** Wh that no offer covers. */
  readonly missingWh: bigint;
}

/**
 * Orders that fit one transaction: a reservation takes up to about 400,000 gas, and a transaction at most 2^24
 * (EIP-7825).
 */
export const ORDERS_PER_PURCHASE = 32;

/** A buyer's cost per kWh that arrives of an ask in a slot, with all charges and losses; base units, rounded up. */
export function askPricePerKwh(
  { order, way: { from, line } }: Pick<Ask, "order" | "way">,
  slot: number,
): bigint {
  if (line === undefined) return order.price + levelFor(from, slot).feePerKwh;
  return landedPricePerKwh(order.price, line.wheelingPerKwh, line.lossBps);
}

/** Whether energy of a slot can come this way: not out of or into a closed microgrid, nor over a line of an islanded one. */
export function isOpenWay({ from, line }: Way, to: Microgrid, slot: number): boolean {
  if (isClosedIn(from, slot) || isClosedIn(to, slot)) return false;
  return line === undefined || !(isIslandedIn(from, slot) || isIslandedIn(to, slot));
}

/**
 * Covers a need with the cheapest posted offers (merit order over orders and slots, the last one in part), never more of an
 * offer than its seller has, its order leaves, its tie line carries and the buyer's ration allows. At equal cost minted energy
 * comes before promised energy. What can't be covered is reported as missing.
 * @throws RangeError when less than 1 Wh is wanted.
 */
export function planPurchase(asks: readonly Ask[], wish: Wish, buyer: Buyer): Purchase {
  const { energyWh, mostPerKwh, mostWh, mostOrders = ORDERS_PER_PURCHASE } = wish;
  if (energyWh < 1n) throw new RangeError(`A purchase of ${energyWh} Wh buys nothing.`);
  const used = new Uses(buyer);
  const parts = new Map<string, Part>();
  const planned = new Map<number, bigint>();
  let wanted = energyWh;

  for (const tier of inMeritOrder(tiersOf(asks, wish.window, buyer))) {
    if (wanted === 0n) break;
    const { ask, pricePerKwh, stretch } = tier;
    const key = partKeyOf(tier);
    const part = parts.get(key) ?? { ...stretch, ask, sentWh: new Map() };
    if (!parts.has(key) && parts.size === mostOrders) continue;
    for (const slot of stretch.slots) {
      if (wanted === 0n) break;
      if (slot < ask.order.firstSlot || slot > ask.order.lastSlot) continue;
      const most = mostPerKwh?.(slot);
      if (most !== undefined && pricePerKwh > most) continue;
      const loss = used.lossOf(ask, slot);
      const before = planned.get(slot) ?? 0n;
      const room = mostWh?.(slot);
      const open = least(wanted, room && room - before);
      if (open <= 0n) continue;
      const sent = least(used.leftOf(ask, slot), leastSentFor(open, loss));
      const arrived = arrivedOf(sent, loss);
      if (arrived <= 0n) continue;
      used.add(ask, slot, sent);
      part.sentWh.set(slot, sent);
      planned.set(slot, before + arrived);
      wanted -= arrived;
    }
    if (part.sentWh.size > 0) parts.set(key, part);
  }
  return purchaseOf([...parts.values()], energyWh, buyer);
}

/** The arguments of `accept` (or `reserve`) for a planned take. What somebody else takes first is cut away. */
export function takeArguments(
  { ask, sentWh, arrivedWh, costMillis, schedule, takerSchedule, mostAhead }: PlannedTake,
  { microgrid, meter = zeroAddress }: Pick<Buyer, "microgrid" | "meter">,
) {
  const { firstBlock, words } = packProfile(sentWh);
  const take = {
    microgrid: microgrid.microgrid,
    meter,
    source: sourceIndex(ask.source),
    schedule,
    takerSchedule,
    firstBlock,
    energy: words,
    leastWh: 1,
    limit: ceilDiv(costMillis, sumOf(arrivedWh)),
    mostAhead,
  };
  return [ask.order, ask.signature, take] as const;
}

/** Slots of a way in which the same schedules and the same charge hold. */
interface Stretch {
  readonly slots: readonly number[];
  readonly schedule: number;
  readonly takerSchedule: number;
  readonly chargePerKwh: bigint;
  /** Whether they are islanded where the buyer is. */
  readonly isIslanded: boolean;
}

/** An ask in slots in which it has one price. */
interface Tier {
  readonly ask: Ask;
  readonly stretch: Stretch;
  /** What the buyer pays for what arrives, all in. */
  readonly pricePerKwh: bigint;
}

/** A take while it is being planned. */
interface Part extends Omit<Stretch, "slots"> {
  readonly ask: Ask;
  readonly sentWh: Map<number, bigint>;
}

function tiersOf(asks: readonly Ask[], window: SlotRange, buyer: Buyer): Tier[] {
  const stretches = new Map<Way, readonly Stretch[]>();
  return asks.flatMap((ask) => {
    const { order, way } = ask;
    if (!isPosted(order) || (way.line !== undefined && !order.crosses)) return [];
    const known = stretches.get(way) ?? stretchesOf(way, window, buyer);
    stretches.set(way, known);
    return known.flatMap((stretch): Tier[] => {
      const [first = 0] = stretch.slots;
      const pricePerKwh = askPricePerKwh(ask, first);
      if (stretch.isIslanded && pricePerKwh > levelFor(buyer.microgrid, first).capPerKwh) return [];
      const { slots } = stretch;
      const open = order.forward
        ? slots.filter((slot) => slotStart(slot, way.from.slotSeconds) > buyer.nowSeconds)
        : slots;
      return open.length === 0 ? [] : [{ ask, stretch: { ...stretch, slots: open }, pricePerKwh }];
    });
  });
}

/** A way's slots that are open to the buyer, by what they go by. */
function stretchesOf(way: Way, window: SlotRange, { microgrid: to }: Buyer): Stretch[] {
  const found = new Map<string, Stretch & { slots: number[] }>();
  for (const slot of slotsIn(window)) {
    if (!isOpenWay(way, to, slot)) continue;
    const { from, line } = way;
    const stretch = {
      slots: [slot],
      schedule: scheduleFor(from, slot),
      takerSchedule: scheduleFor(to, slot),
      chargePerKwh: line?.wheelingPerKwh ?? levelFor(from, slot).feePerKwh,
      isIslanded: isIslandedIn(to, slot),
    };
    const cap = stretch.isIslanded ? levelFor(to, slot).capPerKwh : "";
    const key = `${stretch.schedule} ${stretch.takerSchedule} ${stretch.chargePerKwh} ${cap}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, stretch);
    else known.slots.push(slot);
  }
  return [...found.values()];
}

const inMeritOrder = (tiers: readonly Tier[]): Tier[] =>
  [...tiers].sort((a, b) =>
    a.pricePerKwh === b.pricePerKwh
      ? Number(a.ask.order.forward) - Number(b.ask.order.forward)
      : a.pricePerKwh < b.pricePerKwh
        ? -1
        : 1,
  );

/** A take goes by one schedule at each end; a forward also has one charge, and counts on a ration as a whole or not at all. */
function partKeyOf({ ask, stretch }: Tier): string {
  const { order, source, signature } = ask;
  const { schedule, takerSchedule, chargePerKwh, isIslanded } = stretch;
  const one = `${fillKey(order)} ${signature} ${source} ${schedule} ${takerSchedule}`;
  return order.forward ? `${one} ${chargePerKwh} ${isIslanded}` : one;
}

/** What the parts come to, one after the other, as the contracts will say it. */
function purchaseOf(parts: readonly Part[], energyWh: bigint, buyer: Buyer): Purchase {
  const used = new Uses(buyer);
  const bought = new Map<number, bigint>();
  const takes: PlannedTake[] = [];
  for (const part of parts) {
    const { ask, schedule, takerSchedule } = part;
    const { slots } = strike(dealOf(part, used, buyer));
    if (slots.length === 0) continue;
    const mostAhead = ask.order.forward ? slots.map(({ slot }) => used.aheadOf(ask, slot)) : [];
    for (const { slot, sentWh, arrivedWh } of slots) {
      used.add(ask, slot, sentWh);
      bought.set(slot, (bought.get(slot) ?? 0n) + arrivedWh);
    }
    takes.push({
      ask,
      schedule,
      takerSchedule,
      sentWh: new Map(slots.map(({ slot, sentWh }) => [slot, sentWh])),
      arrivedWh: new Map(slots.map(({ slot, arrivedWh }) => [slot, arrivedWh])),
      costMillis: totalsOf(slots).costMillis,
      mostAhead: Number(mostAhead.reduce((highest, each) => (each > highest ? each : highest), 0n)),
    });
  }
  const totalWh = sumOf(bought);
  return {
    takes,
    arrivedWh: bought,
    totalWh,
    costMillis: takes.reduce((sum, { costMillis }) => sum + costMillis, 0n),
    missingWh: energyWh - totalWh,
  };
}

function dealOf({ ask, schedule, takerSchedule, sentWh }: Part, used: Uses, buyer: Buyer): Deal {
  const { order, way } = ask;
  const { from, line } = way;
  return {
    offer: {
      kind: "posted",
      pricePerKwh: order.price,
      firstSlot: order.firstSlot,
      lastSlot: order.lastSlot,
      leftWh: used.unfilledOf(ask),
      crosses: order.crosses,
    },
    bid: {
      kind: "taker",
      pricePerKwh: 0n,
      firstSlot: 0,
      lastSlot: 2 ** 32 - 1,
      leftWh: undefined,
      crosses: true,
    },
    isForward: order.forward,
    energyWh: sentWh,
    from: communityOf(from, schedule),
    to: communityOf(buyer.microgrid, takerSchedule),
    ...(line && { line: { ...line, flowWh: (slot) => used.flowOf(ask, slot) } }),
    rationLeftWh: (slot) => used.rationOf(slot),
    nowS: buyer.nowSeconds,
  };
}

/** What a plan has used so far. */
class Uses {
  readonly #buyer: Buyer;
  readonly #stocks = new Map<EnergyBySlot, Map<number, bigint>>();
  readonly #fills = new Map<string, bigint>();
  readonly #rations = new Map<number, bigint>();

  constructor(buyer: Buyer) {
    this.#buyer = buyer;
  }

  /** Wh that can still be sent of an ask in a slot. */
  leftOf(ask: Ask, slot: number): bigint {
    const { stockWh, way } = ask;
    const stock = (stockWh.get(slot) ?? 0n) - this.#usedIn(stockWh, slot);
    const free = way.line && way.line.capacityWh - this.flowOf(ask, slot);
    const left = least(
      least(least(this.unfilledOf(ask), stock), free),
      isIslandedIn(this.#buyer.microgrid, slot) ? this.rationOf(slot) : undefined,
    );
    return left < 0n ? 0n : left;
  }

  unfilledOf({ order, leftWh }: Ask): bigint {
    const signed = least(BigInt(order.energy), LANE_MAX_WH);
    return least(signed, leftWh) - (this.#fills.get(fillKey(order)) ?? 0n);
  }

  rationOf(slot: number): bigint | undefined {
    const leftWh = this.#buyer.rationLeftWh(slot);
    return leftWh && leftWh - (this.#rations.get(slot) ?? 0n);
  }

  /** What the line of an ask carries in a slot. */
  flowOf({ way }: Ask, slot: number): bigint {
    if (way.line === undefined) return 0n;
    const { flowWh } = way.line;
    return (flowWh.get(slot) ?? 0n) + this.#usedIn(flowWh, slot);
  }

  lossOf(ask: Ask, slot: number): Loss {
    const { order, way } = ask;
    return {
      lossBps: way.line?.lossBps ?? 0n,
      flowWh: order.forward ? 0n : this.flowOf(ask, slot),
    };
  }

  /** What the meter of a forward has promised of a slot. */
  aheadOf({ stockWh, promisedWh }: Ask, slot: number): bigint {
    return (promisedWh?.get(slot) ?? 0n) + this.#usedIn(stockWh, slot);
  }

  add({ order, stockWh, way }: Ask, slot: number, sentWh: bigint): void {
    this.#fills.set(fillKey(order), (this.#fills.get(fillKey(order)) ?? 0n) + sentWh);
    for (const stock of [stockWh, way.line?.flowWh]) {
      if (stock === undefined) continue;
      const used = this.#stocks.get(stock) ?? new Map<number, bigint>();
      this.#stocks.set(stock, used.set(slot, (used.get(slot) ?? 0n) + sentWh));
    }
    if (isIslandedIn(this.#buyer.microgrid, slot)) {
      this.#rations.set(slot, (this.#rations.get(slot) ?? 0n) + sentWh);
    }
  }

  #usedIn(stock: EnergyBySlot, slot: number): bigint {
    return this.#stocks.get(stock)?.get(slot) ?? 0n;
  }
}

/** Orders with one nonce share their fill. */
const fillKey = ({ maker, nonce }: Ask["order"]): string => `${maker.toLowerCase()} ${nonce}`;

const least = (a: bigint, b: bigint | undefined): bigint => (b === undefined || a < b ? a : b);

const sumOf = (energyWh: EnergyBySlot): bigint =>
  [...energyWh.values()].reduce((sum, wh) => sum + wh, 0n);
