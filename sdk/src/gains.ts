import type { Level } from "./deals/schedule.ts";
import { communityPriceIn, levelFor, type Microgrid } from "./microgrid.ts";
import { costMillis } from "./money.ts";
import type { EnergyBySlot } from "./profile.ts";

/** A holder's trades compared with the grid. Energy in Wh, money in thousandths of a base unit. */
export interface Gains {
  /** As sent, to neighbours and to the grid. */
  readonly soldWh: bigint;
  /** The part sold to the grid. */
  readonly toGridWh: bigint;
  /** For sales, less charges. */
  readonly receivedMillis: bigint;
  /** The value of the sales at the feed-in tariff. */
  readonly feedInValueMillis: bigint;
  /** `receivedMillis - feedInValueMillis - bondPaidMillis`. */
  readonly earnedMillis: bigint;
  /** As arrived. */
  readonly boughtWh: bigint;
  readonly paidMillis: bigint;
  /** The cost of the purchases at the retail tariff. */
  readonly retailCostMillis: bigint;
  /** `retailCostMillis - paidMillis + bondReceivedMillis`. */
  readonly savedMillis: bigint;
  /** Bonds forfeited for shortfalls. */
  readonly bondPaidMillis: bigint;
  readonly bondReceivedMillis: bigint;
}

/** The sums of no trades. */
export const NO_GAINS: Gains = {
  soldWh: 0n,
  toGridWh: 0n,
  receivedMillis: 0n,
  feedInValueMillis: 0n,
  earnedMillis: 0n,
  boughtWh: 0n,
  paidMillis: 0n,
  retailCostMillis: 0n,
  savedMillis: 0n,
  bondPaidMillis: 0n,
  bondReceivedMillis: 0n,
};

/** Adds up the sums of two trades, hours or days. */
export const addGains = (a: Gains, b: Gains): Gains => ({
  soldWh: a.soldWh + b.soldWh,
  toGridWh: a.toGridWh + b.toGridWh,
  receivedMillis: a.receivedMillis + b.receivedMillis,
  feedInValueMillis: a.feedInValueMillis + b.feedInValueMillis,
  earnedMillis: a.earnedMillis + b.earnedMillis,
  boughtWh: a.boughtWh + b.boughtWh,
  paidMillis: a.paidMillis + b.paidMillis,
  retailCostMillis: a.retailCostMillis + b.retailCostMillis,
  savedMillis: a.savedMillis + b.savedMillis,
  bondPaidMillis: a.bondPaidMillis + b.bondPaidMillis,
  bondReceivedMillis: a.bondReceivedMillis + b.bondReceivedMillis,
});

/** What a trade's price per kWh counts: the energy sent or arrived. Community prices are of each slot. */
export type Counted = "sent" | "arrived";

/** A trade according to its events. Energy in Wh per slot, money in thousandths of a base unit. */
export interface MadeTrade {
  /** The microgrid that the energy was produced in. */
  readonly from: number;
  /** The microgrid that it arrived in. */
  readonly to: number;
  readonly sentWh: EnergyBySlot;
  /** Less than what was sent where it went over a tie line. */
  readonly arrivedWh: EnergyBySlot;
  /** What the buyer paid; `chargeMillis` is the DSOs' part. */
  readonly costMillis: bigint;
  readonly chargeMillis: bigint;
  /** Whether the energy was still to come: one price and one charge per kWh then hold for all slots. */
  readonly isForward: boolean;
  /** What its price counts; undefined of a match, whose events don't say. */
  readonly counted?: Counted | undefined;
  /** For a released forward, the reserved energy. */
  readonly reservedWh?: EnergyBySlot | undefined;
  /** The bond forfeited for a shortfall. */
  readonly forfeitedMillis?: bigint | undefined;
}

/** The prices of each slot in a community; the community price is at most the cap where the slot is islanded. */
export type LevelOf = (slot: number) => Level;

/** The prices of a microgrid's slots. */
export const levelsOf =
  (microgrid: Microgrid): LevelOf =>
  (slot) => ({ ...levelFor(microgrid, slot), pricePerKwh: communityPriceIn(microgrid, slot) });

/** A trade's part in one slot. */
export interface TradePart {
  readonly slot: number;
  readonly sentWh: bigint;
  readonly arrivedWh: bigint;
  readonly paidMillis: bigint;
  /** Less the charge. Negative where a tie line was held for energy that never came. */
  readonly receivedMillis: bigint;
  readonly feedInValueMillis: bigint;
  readonly retailCostMillis: bigint;
  readonly bondMillis: bigint;
}

/** A trade's slots in order; for a released forward all reserved ones. */
export const slotsOfTrade = ({
  sentWh,
  reservedWh,
}: Pick<MadeTrade, "sentWh" | "reservedWh">): number[] =>
  [...(reservedWh ?? sentWh).keys()].sort((a, b) => a - b);

/**
 * A trade by slot; the parts of each amount add up to the whole. Each slot has the price that it was traded at.
 * @param from The prices where the energy was sent from: feed-in tariff, network fee and community price.
 * @param to The prices where it arrived: the retail tariff.
 */
export function partsOfTrade(trade: MadeTrade, from: LevelOf, to: LevelOf): TradePart[] {
  const { reservedWh, chargeMillis, forfeitedMillis = 0n } = trade;
  const slots = slotsOfTrade(trade);
  const whOf = (energyWh: EnergyBySlot) => slots.map((slot) => energyWh.get(slot) ?? 0n);
  const [sent, arrived] = [whOf(trade.sentWh), whOf(trade.arrivedWh)];
  const reserved = reservedWh === undefined ? sent : whOf(reservedWh);
  const levels = slots.map(from);
  const isHome = trade.from === trade.to;
  const at = (pricesPerKwh: readonly bigint[], wh: readonly bigint[]) =>
    wh.map((each, index) => costMillis(pricesPerKwh[index] ?? 0n, each));

  // At home a fee belongs to the slot's hour; across a line the charge is for all that was promised.
  const fees = at(
    levels.map(({ feePerKwh }) => feePerKwh),
    sent,
  );
  const isByHour = isHome && !trade.isForward && sumOf(fees) === chargeMillis;
  const charges = isByHour ? fees : split(chargeMillis, isHome ? sent : reserved);
  const worths = at(
    levels.map(({ pricePerKwh }) => pricePerKwh),
    sent,
  );
  const paid = paidBySlot(trade, { sent, arrived, charges, worths });
  const feedIn = at(
    levels.map(({ feedInPerKwh }) => feedInPerKwh),
    sent,
  );
  const retail = at(
    slots.map((slot) => to(slot).retailPerKwh),
    arrived,
  );
  const bonds = split(
    forfeitedMillis,
    reserved.map((wh, index) => wh - (sent[index] ?? 0n)),
  );
  return slots.map((slot, index) => ({
    slot,
    sentWh: sent[index] ?? 0n,
    arrivedWh: arrived[index] ?? 0n,
    paidMillis: paid[index] ?? 0n,
    receivedMillis: (paid[index] ?? 0n) - (charges[index] ?? 0n),
    feedInValueMillis: feedIn[index] ?? 0n,
    retailCostMillis: retail[index] ?? 0n,
    bondMillis: bonds[index] ?? 0n,
  }));
}

interface BySlot {
  readonly sent: readonly bigint[];
  readonly arrived: readonly bigint[];
  /** In thousandths, as what follows. */
  readonly charges: readonly bigint[];
  /** At the community price where the energy was sent from. */
  readonly worths: readonly bigint[];
}

/**
 * What the buyer paid in each slot. Two limits pay the community price of the slot; a posted offer is paid the same in each
 * slot for what was sent, and the slot's charge on top; a posted bid pays the same for what arrived.
 */
function paidBySlot(
  { from, to, costMillis: cost, chargeMillis, isForward, counted }: MadeTrade,
  { sent, arrived, charges, worths }: BySlot,
): readonly bigint[] {
  if (isForward) return split(cost, counted === "sent" ? sent : arrived);
  const isAtCommunityPrice = counted === undefined && from === to && sumOf(worths) === cost;
  if (isAtCommunityPrice) return worths;
  const sentWh = sumOf(sent);
  const earned = cost - chargeMillis;
  // A match does not say which of the two was posted: the price that comes out whole is the posted one.
  const isPostedOffer =
    counted === undefined ? sentWh > 0n && earned % sentWh === 0n : counted === "sent";
  if (!isPostedOffer) return split(cost, arrived);
  return split(earned, sent).map((part, index) => part + (charges[index] ?? 0n));
}

/** A trade's sums for both sides in one hour of delivery. */
export interface HourOfTrade {
  /** Unix seconds of the hour's start. */
  readonly hour: number;
  readonly seller: Gains;
  readonly buyer: Gains;
}

const SECONDS_PER_HOUR = 3600;

/**
 * Adds up a trade's parts by hour of delivery, for both sides.
 * @param withGrid Whether one side is the grid.
 */
export function gainsByHour(
  parts: readonly TradePart[],
  slotSeconds: number,
  withGrid: boolean,
): HourOfTrade[] {
  const hours = Map.groupBy(parts, ({ slot }) =>
    Math.floor((slot * slotSeconds) / SECONDS_PER_HOUR),
  );
  return [...hours].map(([hour, within]) => {
    const sum = (member: Exclude<keyof TradePart, "slot">) =>
      sumOf(within.map((part) => part[member]));
    const [soldWh, receivedMillis] = [sum("sentWh"), sum("receivedMillis")];
    const [boughtWh, paidMillis] = [sum("arrivedWh"), sum("paidMillis")];
    const feedInValueMillis = sum("feedInValueMillis");
    const retailCostMillis = sum("retailCostMillis");
    const bondMillis = sum("bondMillis");
    return {
      hour: hour * SECONDS_PER_HOUR,
      seller: {
        ...NO_GAINS,
        soldWh,
        toGridWh: withGrid ? soldWh : 0n,
        receivedMillis,
        feedInValueMillis,
        earnedMillis: receivedMillis - feedInValueMillis - bondMillis,
        bondPaidMillis: bondMillis,
      },
      buyer: {
        ...NO_GAINS,
        boughtWh,
        paidMillis,
        retailCostMillis,
        savedMillis: retailCostMillis - paidMillis + bondMillis,
        bondReceivedMillis: bondMillis,
      },
    };
  });
}

/**
 * Splits an amount by weights, so that the parts add up to it: each part is the difference of two rounded-down running
 * totals. When all weights are 0, the last part is the whole amount.
 */
function split(amount: bigint, weights: readonly bigint[]): bigint[] {
  const whole = sumOf(weights);
  let [weighed, given] = [0n, 0n];
  return weights.map((weight, index) => {
    weighed += weight;
    const isLast = index === weights.length - 1;
    const upTo = whole !== 0n ? (amount * weighed) / whole : isLast ? amount : 0n;
    const part = upTo - given;
    given = upTo;
    return part;
  });
}

const sumOf = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n);
