import { isAddressEqual } from "viem";
import type { Pairing } from "../batches.ts";
import {
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
import type { SignedOrder } from "../typedData.ts";
import { limitOf } from "./book.ts";
import { clearCommunity } from "./clear.ts";
import { type OpenBook, suppliesOf } from "./open.ts";
import type { CommunitySlot } from "./types.ts";

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
interface LineSlot extends CommunitySlot {
  readonly price: Price;
  readonly prices: SlotPrices;
  /** Wh that the line can still carry. */
  readonly roomWh: bigint;
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

/**
 * Says who gets how much from whom over a tie line, as signed orders for `settle`. Limits meet at the middle between both
 * communities' prices as seen at the line, and the long side is rationed as at home, see {@link clearCommunity}, by what arrives.
 * Where the line can't carry all of it, every pairing gets the same share of what it carries.
 */
export function pairAcross(book: CrossingBook): Pairing[] {
  const { crossing, flowWh, bids, moneyMillis } = book;
  const { lossBps, wheelingPerKwh } = crossing;
  const slots = book.slots.flatMap((slot) => lineSlotIn(book, slot) ?? []);
  const supplies = suppliesOf({ ...book, slots: slots.map(({ slot }) => slot) });
  const cleared = clearCommunity({
    orders: [
      ...supplies.map(({ open: { order, leftWh }, source, energyWh }) => ({
        ...limitOf(order, { leftWh: lessLoss(leftWh, lossBps) }, source),
        mostWh: new Map([...energyWh].map(([slot, wh]) => [slot, lessLoss(wh, lossBps)])),
        pricePerKwh: landedPricePerKwh(order.price, wheelingPerKwh, lossBps),
      })),
      ...bids.map(({ order, leftWh, mostWh }) =>
        limitOf(order, { leftWh, ...(mostWh !== undefined && { mostWh }) }),
      ),
    ],
    slots,
    ...(moneyMillis !== undefined && { moneyMillis }),
  });
  const wanted = cleared.flatMap(({ offer, bid, energyWh }) => {
    const [supply, demand] = [supplies[offer], bids[bid - supplies.length]];
    if (supply === undefined || demand === undefined) return [];
    const sentWh = new Map([...energyWh].map(([slot, wh]) => [slot, sendable(wh, lossBps)]));
    return [{ offer: supply.open, bid: demand, source: supply.source, energyWh: sentWh }];
  });
  const shares = sharesOf(wanted, slots);
  const carriedWh = new Map(flowWh);
  return wanted.flatMap((pairing) => {
    const energyWh = new Map<number, bigint>();
    for (const [slot, wh] of pairing.energyWh) {
      const line = shares.get(slot);
      const sentWh = line === undefined ? 0n : (wh * line.numerator) / line.denominator;
      const before = carriedWh.get(slot) ?? 0n;
      const arrivedWh = arrivedOf(sentWh, { lossBps, flowWh: before });
      if (line === undefined || !meets(pairing, line.slot, sentWh, arrivedWh)) continue;
      energyWh.set(slot, sentWh);
      carriedWh.set(slot, before + sentWh);
    }
    return energyWh.size === 0 ? [] : [{ ...pairing, energyWh }];
  });
}

/** What holds in a slot; undefined when nothing crosses the line then. */
function lineSlotIn(
  { from, to, crossing, flowWh }: CrossingBook,
  slot: number,
): LineSlot | undefined {
  const roomWh = crossing.capacityWh - (flowWh.get(slot) ?? 0n);
  const isOpen = [from, to].every((end) => !isIslandedIn(end, slot) && !isClosedIn(end, slot));
  if (roomWh <= 0n || !isOpen) return undefined;
  const { price, prices } = termsAcross(from, to, crossing, slot);
  const { pricePerKwh } = price;
  // The wheeling charge is in the sellers' limits, as they are compared here.
  return { slot, pricePerKwh, networkFeePerKwh: 0n, price, prices, roomWh };
}

/** The price at which limits meet over a line in a slot, and what it comes from. */
function termsAcross(
  from: Microgrid,
  to: Microgrid,
  { lossBps, wheelingPerKwh }: Crossing,
  slot: number,
): Pick<LineSlot, "price" | "prices"> {
  const prices = {
    sellersPerKwh: communityPriceIn(from, slot),
    buyersPerKwh: communityPriceIn(to, slot),
    chargePerKwh: wheelingPerKwh,
    capPerKwh: undefined,
    lossBps,
  };
  const limit = { kind: "limit", pricePerKwh: 0n } as const;
  const price = dealPriceOf(limit, limit, prices);
  if (price === undefined) throw new Error("Two limits have a price.");
  return { price, prices };
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
    termsAcross(from, to, crossing, slot).price.pricePerKwh;
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
function sharesOf(wanted: readonly Pairing[], slots: readonly LineSlot[]) {
  const totalWh = new Map<number, bigint>();
  for (const { energyWh } of wanted) {
    for (const [slot, wh] of energyWh) totalWh.set(slot, (totalWh.get(slot) ?? 0n) + wh);
  }
  return new Map(
    slots.map((slot) => {
      const total = totalWh.get(slot.slot) ?? 0n;
      const [numerator, denominator] = total > slot.roomWh ? [slot.roomWh, total] : [1n, 1n];
      return [slot.slot, { slot, numerator, denominator }];
    }),
  );
}

/** Whether both limits accept what a slot comes to in whole Wh. */
function meets(
  { offer, bid }: Pairing,
  { price, prices }: LineSlot,
  sentWh: bigint,
  arrivedWh: bigint,
): boolean {
  if (arrivedWh === 0n) return false;
  const amounts = amountsOf(price, prices, sentWh, arrivedWh);
  return doMeet(limitAt(offer), limitAt(bid), prices, amounts, sentWh, arrivedWh);
}

const limitAt = ({ order: { price: pricePerKwh } }: SignedOrder): PriceTerms => ({
  kind: "limit",
  pricePerKwh,
});

/** What arrives of energy at least, whatever else the line carries. */
const lessLoss = (wh: bigint, lossBps: bigint): bigint => wh - lossWh(wh, lossBps);

/** The most to send of which no more than so much arrives, whatever else the line carries. */
const sendable = (arrivedWh: bigint, lossBps: bigint): bigint =>
  (arrivedWh * WHOLE_BPS) / (WHOLE_BPS - lossBps);
