import { isAddressEqual } from "viem";
import type { Pairing } from "../batches.ts";
import {
  type Amounts,
  amountsOf,
  arrivedOf,
  dealPriceOf,
  doMeet,
  landedPricePerKwh,
  lossWh,
  type Price,
  type PriceTerms,
  type SlotPrices,
  WHOLE_BPS,
} from "../deals/index.ts";
import {
  type Crossing,
  communityPriceIn,
  crossingOf,
  isClosedIn,
  isIslandedIn,
  type Microgrid,
  type TieLine,
} from "../microgrid.ts";
import type { EnergyBySlot } from "../profile.ts";
import { limitOf } from "./book.ts";
import { clearCommunity } from "./clear.ts";
import { type OpenBook, suppliesOf } from "./open.ts";
import type { CommunityBook, CommunityMatch, LimitOrder } from "./types.ts";

/** A tie line in one direction. */
export interface LineWay {
  /** Where the offers are. */
  readonly from: Microgrid;
  /** Where the bids are. */
  readonly to: Microgrid;
  readonly crossing: Crossing;
}

/** The limits for minted energy that may meet over a tie line. */
export interface CrossingBook extends LineWay, Omit<OpenBook, "microgrid" | "criticalFirst"> {
  /** Wh that the line has carried in this direction. */
  readonly flowWh: EnergyBySlot;
}

/** What holds in a slot of a tie line. */
export interface LineSlot {
  readonly slot: number;
  /** Both communities' prices. */
  readonly prices: SlotPrices;
  /** Wh that the line can still carry. */
  readonly roomWh: bigint;
}

/**
 * Offers of one microgrid and bids of another, which meet over a tie line. An offer counts what is sent, a bid what arrives.
 */
export interface LineBook extends Pick<CommunityBook, "orders" | "moneyMillis"> {
  readonly crossing: Crossing;
  /** In ascending order of their numbers. */
  readonly slots: readonly LineSlot[];
  /** Wh that the line has carried in this direction. */
  readonly flowWh: EnergyBySlot;
}

/** Energy from an offer to a bid over a tie line. */
export interface LineMatch {
  /** The places of both in the list of orders. */
  readonly offer: number;
  readonly bid: number;
  readonly slots: readonly LineTrade[];
}

/** What a match comes to in a slot. Energy in Wh, all above 0; money in thousandths of a base unit. */
export interface LineTrade extends Amounts {
  readonly slot: number;
  readonly sentWh: bigint;
  readonly arrivedWh: bigint;
}

/**
 * The directions in which lines carry energy, in the order of their microgrids' numbers. What trades over a line has one currency and
 * slots of one length.
 */
export function waysOver(
  lines: readonly TieLine[],
  known: (microgrid: number) => Microgrid | undefined,
  nowSeconds: number,
): LineWay[] {
  const sorted = [...lines].sort((a, b) => a.lower - b.lower || a.higher - b.higher);
  return sorted.flatMap((line) => {
    const [lower, higher] = [known(line.lower), known(line.higher)];
    if (lower === undefined || higher === undefined) return [];
    if (!isAddressEqual(lower.currency, higher.currency)) return [];
    if (lower.slotSeconds !== higher.slotSeconds) return [];
    return [
      { from: lower, to: higher, crossing: crossingOf(line, line.lower, nowSeconds) },
      { from: higher, to: lower, crossing: crossingOf(line, line.higher, nowSeconds) },
    ].filter(({ crossing }) => crossing.capacityWh > 0n);
  });
}

/** Says who gets how much from whom over a tie line, as signed orders for `settle`: see {@link clearAcross}. */
export function pairAcross(book: CrossingBook): Pairing[] {
  const { crossing, flowWh, bids, moneyMillis } = book;
  const slots = book.slots.flatMap((slot) => lineSlotIn(book, slot) ?? []);
  const supplies = suppliesOf({ ...book, slots: slots.map(({ slot }) => slot) });
  const matches = clearAcross({
    orders: [
      ...supplies.map(({ open: { order, leftWh }, source, energyWh: mostWh }) =>
        limitOf(order, { leftWh, mostWh }, source),
      ),
      ...bids.map(({ order, leftWh, mostWh }) =>
        limitOf(order, { leftWh, ...(mostWh !== undefined && { mostWh }) }),
      ),
    ],
    ...{ crossing, slots, flowWh },
    ...(moneyMillis !== undefined && { moneyMillis }),
  });
  return matches.flatMap(({ offer, bid, slots: traded }) => {
    const [supply, demand] = [supplies[offer], bids[bid - supplies.length]];
    if (supply === undefined || demand === undefined) return [];
    const energyWh = new Map(traded.map(({ slot, sentWh }) => [slot, sentWh]));
    return [{ offer: supply.open, bid: demand, source: supply.source, energyWh }];
  });
}

/**
 * Says who gets how much from whom over a tie line. Limits meet at the middle between both communities' prices as seen at the line, and
 * the long side is rationed as at home, see {@link clearCommunity}, by what arrives. Where the line can't carry all of it, every match gets
 * the same share of what it carries.
 */
export function clearAcross({
  orders,
  crossing: { lossBps, wheelingPerKwh },
  slots,
  flowWh,
  moneyMillis,
}: LineBook): LineMatch[] {
  const prices = new Map(slots.map((slot) => [slot.slot, priceOfLimits(slot.prices)]));
  const cleared = clearCommunity({
    orders: orders.map((order) =>
      order.side === "bid" ? order : asArriving(order, lossBps, wheelingPerKwh),
    ),
    // The wheeling charge is in the sellers' limits, as they are compared here.
    slots: slots.map(({ slot }) => ({
      slot,
      pricePerKwh: prices.get(slot)?.pricePerKwh ?? 0n,
      networkFeePerKwh: 0n,
    })),
    ...(moneyMillis !== undefined && { moneyMillis }),
  });
  const wanted = cleared.map(({ offer, bid, energyWh }) => ({
    ...{ offer, bid },
    energyWh: new Map([...energyWh].map(([slot, wh]) => [slot, sendable(wh, lossBps)])),
  }));
  const shares = sharesOf(wanted, slots);
  const carriedWh = new Map(flowWh);
  return wanted.flatMap(({ offer, bid, energyWh }): LineMatch[] => {
    const traded: LineTrade[] = [];
    const [least, most] = [orders[offer]?.pricePerKwh ?? 0n, orders[bid]?.pricePerKwh ?? 0n];
    for (const [slot, wh] of energyWh) {
      const [line, price] = [shares.get(slot), prices.get(slot)];
      if (line === undefined || price === undefined) continue;
      const sentWh = (wh * line.numerator) / line.denominator;
      const before = carriedWh.get(slot) ?? 0n;
      const arrivedWh = arrivedOf(sentWh, { lossBps, flowWh: before });
      if (arrivedWh === 0n) continue;
      const amounts = amountsOf(price, line.prices, sentWh, arrivedWh);
      const [offered, wants] = [limitAt(least), limitAt(most)];
      if (!doMeet(offered, wants, line.prices, amounts, sentWh, arrivedWh)) continue;
      traded.push({ slot, sentWh, arrivedWh, ...amounts });
      carriedWh.set(slot, before + sentWh);
    }
    return traded.length === 0 ? [] : [{ offer, bid, slots: traded }];
  });
}

/** An offer as what arrives of it at least, at the price that this costs. */
function asArriving(order: LimitOrder, lossBps: bigint, wheelingPerKwh: bigint): LimitOrder {
  const { leftWh, mostWh, pricePerKwh } = order;
  return {
    ...order,
    leftWh: lessLoss(leftWh, lossBps),
    ...(typeof mostWh === "bigint" && { mostWh: lessLoss(mostWh, lossBps) }),
    ...(typeof mostWh === "object" && {
      mostWh: new Map([...mostWh].map(([slot, wh]) => [slot, lessLoss(wh, lossBps)])),
    }),
    pricePerKwh: landedPricePerKwh(pricePerKwh, wheelingPerKwh, lossBps),
  };
}

/** What holds in a slot; undefined when nothing crosses the line then. */
function lineSlotIn(
  { from, to, crossing, flowWh }: CrossingBook,
  slot: number,
): LineSlot | undefined {
  const roomWh = crossing.capacityWh - (flowWh.get(slot) ?? 0n);
  const isOpen = [from, to].every((end) => !isIslandedIn(end, slot) && !isClosedIn(end, slot));
  if (roomWh <= 0n || !isOpen) return undefined;
  return { slot, prices: pricesAcross(from, to, crossing, slot), roomWh };
}

/** What the price of a line comes from in a slot. */
const pricesAcross = (
  from: Microgrid,
  to: Microgrid,
  { lossBps, wheelingPerKwh }: Crossing,
  slot: number,
): SlotPrices => ({
  sellersPerKwh: communityPriceIn(from, slot),
  buyersPerKwh: communityPriceIn(to, slot),
  chargePerKwh: wheelingPerKwh,
  capPerKwh: undefined,
  lossBps,
});

/** What two limits meet at. */
function priceOfLimits(prices: SlotPrices): Price {
  const price = dealPriceOf(limitAt(0n), limitAt(0n), prices);
  if (price === undefined) throw new Error("Two limits have a price.");
  return price;
}

/** What limits meet at over tie lines, in base units per kWh, by slot. */
export interface LinePrices {
  /** The most that a buyer pays for what arrives. */
  mostPaid(slot: number): bigint;
  /** The least that a seller earns for what is sent, less a twentieth: of a few Wh that are sent a whole one may be lost. */
  leastEarned(slot: number): bigint;
}

/** What limits of a microgrid meet at over the tie lines that join it to others; undefined when none does. */
export function linePricesOf(
  { microgrid }: Pick<Microgrid, "microgrid">,
  ways: readonly LineWay[],
): LinePrices | undefined {
  const [inward, outward] = [
    ways.filter(({ to }) => to.microgrid === microgrid),
    ways.filter(({ from }) => from.microgrid === microgrid),
  ];
  if (inward.length === 0 || outward.length === 0) return undefined;
  const priceOf = ({ from, to, crossing }: LineWay, slot: number): bigint =>
    priceOfLimits(pricesAcross(from, to, crossing, slot)).pricePerKwh;
  const earnedOf = (way: LineWay, slot: number): bigint => {
    const { lossBps, wheelingPerKwh } = way.crossing;
    const earned = (priceOf(way, slot) * (WHOLE_BPS - lossBps)) / WHOLE_BPS - wheelingPerKwh;
    return earned > 0n ? (earned * 19n) / 20n : 0n;
  };
  return {
    mostPaid: (slot) =>
      inward.map((way) => priceOf(way, slot)).reduce((most, each) => (each > most ? each : most)),
    leastEarned: (slot) =>
      outward
        .map((way) => earnedOf(way, slot))
        .reduce((least, each) => (each < least ? each : least)),
  };
}

/** What part of each slot's energy the line carries. */
function sharesOf(wanted: readonly Pick<CommunityMatch, "energyWh">[], slots: readonly LineSlot[]) {
  const totalWh = new Map<number, bigint>();
  for (const { energyWh } of wanted) {
    for (const [slot, wh] of energyWh) totalWh.set(slot, (totalWh.get(slot) ?? 0n) + wh);
  }
  return new Map(
    slots.map(({ slot, prices, roomWh }) => {
      const total = totalWh.get(slot) ?? 0n;
      const [numerator, denominator] = total > roomWh ? [roomWh, total] : [1n, 1n];
      return [slot, { prices, numerator, denominator }];
    }),
  );
}

const limitAt = (pricePerKwh: bigint): PriceTerms => ({ kind: "limit", pricePerKwh });

/** What arrives of energy at least, whatever else the line carries. */
const lessLoss = (wh: bigint, lossBps: bigint): bigint => wh - lossWh(wh, lossBps);

/** The most to send of which no more than so much arrives, whatever else the line carries. */
const sendable = (arrivedWh: bigint, lossBps: bigint): bigint =>
  (arrivedWh * WHOLE_BPS) / (WHOLE_BPS - lossBps);
