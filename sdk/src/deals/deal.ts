/**
 * What of a deal can trade, and for how much: the rule behind `accept`, `reserve` and `settle`. Energy is cut slot by slot,
 * earliest first, in the order of docs/decisions/second-edition-contracts.md.
 */
import type { EnergyBySlot } from "../profile.ts";
import { slotStart } from "../slots.ts";
import { arrivedOf, type Loss, leastSentFor } from "./loss.ts";
import {
  type Amounts,
  amountsOf,
  dealPriceOf,
  doMeet,
  type Price,
  type PriceTerms,
  type SlotPrices,
} from "./price.ts";
import { type CommunityClock, holdsFor, levelAt, type Schedule } from "./schedule.ts";

/** Slots of a match start less than this ahead: later prices may still be scheduled. */
export const NOTICE_SECONDS = 7 * 86_400;

/** What cut energy away, by the name of the contracts' error. */
export type Cut =
  | "Deals_OutsideSlots"
  | "Deals_OutOfTime"
  | "Deals_Closed"
  | "Deals_Islanded"
  | "Deals_LineFull"
  | "Deals_Rationed"
  | "Orders_Filled"
  | "Deals_PricesDontMeet";

/** One of the two sides. */
export interface Party extends PriceTerms {
  readonly firstSlot: number;
  /** Included. */
  readonly lastSlot: number;
  /** What is left of the order: Wh sent for an offer, arrived for a bid; undefined of a taker, who takes what there is. */
  readonly leftWh: bigint | undefined;
  /** Whether it may trade over a tie line. */
  readonly crosses: boolean;
}

/** What a community's slots go by. */
export interface Community extends CommunityClock {
  /** The schedule that the deal names. */
  readonly schedule: Schedule;
  /** Slots from here on don't trade; undefined when it is open. */
  readonly closedFrom: number | undefined;
  isIslanded(slot: number): boolean;
}

/** A tie line, for energy that goes this way. */
export interface Line {
  readonly lossBps: bigint;
  /** Wh sent per slot. */
  readonly capacityWh: bigint;
  /** Base units per kWh sent. */
  readonly wheelingPerKwh: bigint;
  /** Wh that it carries in a slot already. */
  flowWh(slot: number): bigint;
}

export interface Deal {
  readonly offer: Party;
  readonly bid: Party;
  readonly isForward: boolean;
  /** Wh asked, as the seller sends them. */
  readonly energyWh: EnergyBySlot;
  /** Where the seller is. */
  readonly from: Community;
  /** Where the buyer is: the same, unless there is a line. */
  readonly to: Community;
  readonly line?: Line;
  /** Wh that the buyer may still have of an islanded slot: 0 without a meter of its own, undefined for a critical load. */
  rationLeftWh(slot: number): bigint | undefined;
  /** Unix time. */
  readonly nowS: number;
}

/** What trades of a slot. */
export interface SlotDeal extends Price, Amounts {
  readonly slot: number;
  readonly sentWh: bigint;
  readonly arrivedWh: bigint;
  /** Base units per kWh sent that the DSOs get. */
  readonly chargePerKwh: bigint;
  /** Whether it counts on the buyer's ration. */
  readonly isRationed: boolean;
  /** What the energy sent is worth at the seller's community price, in thousandths of a base unit. */
  readonly worthMillis: bigint;
}

export interface Struck {
  /** What trades, slot by slot, earliest first. */
  readonly slots: readonly SlotDeal[];
  /** All that has cut energy away. */
  readonly cuts: ReadonlySet<Cut>;
}

/** Sums over slots: Wh and thousandths of a base unit. */
export interface Totals extends Amounts {
  readonly sentWh: bigint;
  readonly arrivedWh: bigint;
}

/** Says what of a deal can trade and for how much. */
export function strike(deal: Deal): Struck {
  const cuts = new Set<Cut>();
  const slots: SlotDeal[] = [];
  let [offerLeftWh, bidLeftWh] = [deal.offer.leftWh, deal.bid.leftWh];
  for (const slot of [...deal.energyWh.keys()].sort((a, b) => a - b)) {
    const askedWh = deal.energyWh.get(slot) ?? 0n;
    if (askedWh === 0n) continue;
    const traded = strikeSlot(deal, slot, askedWh, {
      offerLeftWh,
      bidLeftWh,
      first: slots[0],
      cuts,
    });
    if (traded === undefined) continue;
    slots.push(traded);
    if (offerLeftWh !== undefined) offerLeftWh -= traded.sentWh;
    if (bidLeftWh !== undefined) bidLeftWh -= traded.arrivedWh;
  }
  return { slots, cuts };
}

/** What slots come to together. */
export function totalsOf(slots: readonly SlotDeal[]): Totals {
  const total = { sentWh: 0n, arrivedWh: 0n, costMillis: 0n, chargeMillis: 0n };
  for (const { sentWh, arrivedWh, costMillis, chargeMillis } of slots) {
    total.sentWh += sentWh;
    total.arrivedWh += arrivedWh;
    total.costMillis += costMillis;
    total.chargeMillis += chargeMillis;
  }
  return total;
}

/** Whether a taker's limit holds over all that is traded: a buyer's per kWh arrived, a seller's per kWh sent. */
export const meetsLimit = (
  { sentWh, arrivedWh, costMillis, chargeMillis }: Totals,
  taker: "seller" | "buyer",
  limitPerKwh: bigint,
): boolean =>
  taker === "buyer"
    ? costMillis <= limitPerKwh * arrivedWh
    : costMillis - chargeMillis >= limitPerKwh * sentWh;

/**
 * What a fill draws on the allowance of a delegate who signed for the seller, without its bond: what the buyer pays, or the
 * energy's worth at the community price when that is more; both over all that is traded.
 */
export function worthOf(slots: readonly SlotDeal[]): bigint {
  const costMillis = slots.reduce((sum, slot) => sum + slot.costMillis, 0n);
  const worthMillis = slots.reduce((sum, slot) => sum + slot.worthMillis, 0n);
  return costMillis > worthMillis ? costMillis : worthMillis;
}

interface Sofar {
  readonly offerLeftWh: bigint | undefined;
  readonly bidLeftWh: bigint | undefined;
  /** The first slot that trades: a position has one price, one charge, and counts on a ration as a whole or not at all. */
  readonly first: SlotDeal | undefined;
  readonly cuts: Set<Cut>;
}

function strikeSlot(deal: Deal, slot: number, askedWh: bigint, sofar: Sofar): SlotDeal | undefined {
  const refusal = refusalOf(deal, slot);
  if (refusal !== undefined) {
    sofar.cuts.add(refusal);
    return undefined;
  }
  let sentWh = askedWh;
  const cutTo = (mostWh: bigint, cut: Cut) => {
    if (mostWh >= sentWh) return;
    sentWh = mostWh > 0n ? mostWh : 0n;
    sofar.cuts.add(cut);
  };
  const { line, isForward } = deal;
  const loss = lossAt(deal, slot);
  if (line !== undefined) cutTo(line.capacityWh - line.flowWh(slot), "Deals_LineFull");
  const rationLeftWh = deal.to.isIslanded(slot) ? deal.rationLeftWh(slot) : undefined;
  if (rationLeftWh !== undefined) cutTo(rationLeftWh, "Deals_Rationed");
  if (sofar.offerLeftWh !== undefined) cutTo(sofar.offerLeftWh, "Orders_Filled");
  if (sofar.bidLeftWh !== undefined && arrivedOf(sentWh, loss) > sofar.bidLeftWh) {
    cutTo(leastSentFor(sofar.bidLeftWh, loss), "Orders_Filled");
  }
  const arrivedWh = arrivedOf(sentWh, loss);
  if (arrivedWh === 0n) {
    if (sentWh > 0n) sofar.cuts.add("Deals_LineFull");
    return undefined;
  }
  const traded = priceSlot(deal, slot, sentWh, arrivedWh, rationLeftWh !== undefined);
  if (traded === undefined || (isForward && sofar.first && !isLike(sofar.first, traded))) {
    sofar.cuts.add("Deals_PricesDontMeet");
    return undefined;
  }
  return traded;
}

/** What keeps a slot out of the deal whatever its energy. */
function refusalOf(
  { offer, bid, isForward, from, to, line, nowS }: Deal,
  slot: number,
): Cut | undefined {
  const within = ({ firstSlot, lastSlot }: Party) => firstSlot <= slot && slot <= lastSlot;
  if (!within(offer) || !within(bid)) return "Deals_OutsideSlots";
  if (!holdsFor(from.schedule, slot) || !holdsFor(to.schedule, slot)) return "Deals_OutsideSlots";
  const start = slotStart(slot, from.slotSeconds);
  if (isForward && start <= nowS) return "Deals_OutOfTime";
  const isMatch = offer.kind !== "taker" && bid.kind !== "taker";
  if (isMatch && start >= nowS + NOTICE_SECONDS) return "Deals_OutOfTime";
  const isClosed = ({ closedFrom }: Community) => closedFrom !== undefined && closedFrom <= slot;
  if (isClosed(from) || isClosed(to)) return "Deals_Closed";
  if (line === undefined) return undefined;
  const mayCross = offer.crosses && bid.crosses && !from.isIslanded(slot) && !to.isIslanded(slot);
  return mayCross ? undefined : "Deals_Islanded";
}

function lossAt({ line, isForward }: Deal, slot: number): Loss {
  if (line === undefined) return { lossBps: 0n, flowWh: 0n };
  return { lossBps: line.lossBps, flowWh: isForward ? 0n : line.flowWh(slot) };
}

function priceSlot(
  { offer, bid, from, to, line }: Deal,
  slot: number,
  sentWh: bigint,
  arrivedWh: bigint,
  isRationed: boolean,
): SlotDeal | undefined {
  const [seller, buyer] = [pricesAt(from, slot), pricesAt(to, slot)];
  const prices: SlotPrices = {
    sellersPerKwh: seller.pricePerKwh,
    buyersPerKwh: buyer.pricePerKwh,
    chargePerKwh: line === undefined ? seller.feePerKwh : line.wheelingPerKwh,
    capPerKwh: buyer.capPerKwh,
    lossBps: line?.lossBps,
  };
  const price = dealPriceOf(offer, bid, prices);
  if (price === undefined) return undefined;
  const amounts = amountsOf(price, prices, sentWh, arrivedWh);
  if (!doMeet(offer, bid, prices, amounts, sentWh, arrivedWh)) return undefined;
  const { chargePerKwh, sellersPerKwh } = prices;
  const worthMillis = sellersPerKwh * sentWh;
  return { slot, sentWh, arrivedWh, ...price, ...amounts, chargePerKwh, isRationed, worthMillis };
}

/** A community's prices in a slot; the cap is given, and the price at most the cap, where the slot is islanded. */
function pricesAt(community: Community, slot: number) {
  const { pricePerKwh, feePerKwh, capPerKwh } = levelAt(community.schedule, slot, community);
  if (!community.isIslanded(slot)) return { pricePerKwh, feePerKwh, capPerKwh: undefined };
  return { pricePerKwh: pricePerKwh < capPerKwh ? pricePerKwh : capPerKwh, feePerKwh, capPerKwh };
}

const isLike = (one: SlotDeal, other: SlotDeal): boolean =>
  one.pricePerKwh === other.pricePerKwh &&
  one.chargePerKwh === other.chargePerKwh &&
  one.isRationed === other.isRationed;
