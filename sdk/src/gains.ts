import { ceilDiv } from "./money.ts";
import type { EnergyBySlot } from "./profile.ts";

/** A holder's trades compared with the grid. Energy in Wh, money in base units. */
export interface Gains {
  /** As sent, to neighbours and to the grid. */
  readonly soldWh: bigint;
  /** The part sold to the grid. */
  readonly toGridWh: bigint;
  /** For sales, less charges. */
  readonly received: bigint;
  /** The value of the sales at the feed-in tariff. */
  readonly feedInValue: bigint;
  /** `received - feedInValue - bondPaid`. */
  readonly earned: bigint;
  /** As arrived. */
  readonly boughtWh: bigint;
  readonly paid: bigint;
  /** The cost of the purchases at the retail tariff. */
  readonly retailCost: bigint;
  /** `retailCost - paid + bondReceived`. */
  readonly saved: bigint;
  /** Bonds forfeited for shortfalls. */
  readonly bondPaid: bigint;
  readonly bondReceived: bigint;
}

/** The sums of no trades. */
export const NO_GAINS: Gains = {
  soldWh: 0n,
  toGridWh: 0n,
  received: 0n,
  feedInValue: 0n,
  earned: 0n,
  boughtWh: 0n,
  paid: 0n,
  retailCost: 0n,
  saved: 0n,
  bondPaid: 0n,
  bondReceived: 0n,
};

/** Adds up the sums of two trades, hours or days. */
export const addGains = (a: Gains, b: Gains): Gains => ({
  soldWh: a.soldWh + b.soldWh,
  toGridWh: a.toGridWh + b.toGridWh,
  received: a.received + b.received,
  feedInValue: a.feedInValue + b.feedInValue,
  earned: a.earned + b.earned,
  boughtWh: a.boughtWh + b.boughtWh,
  paid: a.paid + b.paid,
  retailCost: a.retailCost + b.retailCost,
  saved: a.saved + b.saved,
  bondPaid: a.bondPaid + b.bondPaid,
  bondReceived: a.bondReceived + b.bondReceived,
});

/** A trade according to its events. Energy in Wh per slot, money in base units. */
export interface MadeTrade {
  readonly sentWh: EnergyBySlot;
  /** Less than what was sent where it went over a tie line. */
  readonly arrivedWh: EnergyBySlot;
  /** What the buyer paid; `charge` is the DSOs' part. */
  readonly cost: bigint;
  readonly charge: bigint;
  /** For a batch, the price of each slot in base units per kWh. */
  readonly prices?: ReadonlyMap<number, bigint> | undefined;
  /** For a released forward, the reserved energy. */
  readonly reservedWh?: EnergyBySlot | undefined;
  /** The bond forfeited for a shortfall. */
  readonly forfeited?: bigint | undefined;
}

/** The grid's tariffs, base units per kWh. */
export interface GridPrices {
  readonly feedIn: bigint;
  readonly retail: bigint;
}

/** A trade's part in one slot. */
export interface TradePart {
  readonly slot: number;
  readonly sentWh: bigint;
  readonly arrivedWh: bigint;
  readonly paid: bigint;
  readonly received: bigint;
  readonly feedInValue: bigint;
  readonly retailCost: bigint;
  readonly bond: bigint;
}

/** A trade's slots in order; for a released forward all reserved ones. */
export const slotsOfTrade = ({ sentWh, reservedWh }: MadeTrade): number[] =>
  [...(reservedWh ?? sentWh).keys()].sort((a, b) => a - b);

/**
 * A trade by slot; the parts of each amount add up to the whole. Money is split by arrived energy, in a batch at each
 * slot's price; a forfeited bond by the shortfall. The feed-in value is rounded down once for the whole trade, the
 * retail cost up.
 * @param feedIn The tariffs where the energy was sent from, one for each of {@link slotsOfTrade}.
 * @param retail The tariffs where it arrived.
 */
export function partsOfTrade(
  trade: MadeTrade,
  feedIn: readonly Pick<GridPrices, "feedIn">[],
  retail: readonly Pick<GridPrices, "retail">[],
): TradePart[] {
  const { sentWh, arrivedWh, reservedWh, prices, cost, charge, forfeited = 0n } = trade;
  const slots = slotsOfTrade(trade);
  const sent = slots.map((slot) => sentWh.get(slot) ?? 0n);
  const arrived = slots.map((slot) => arrivedWh.get(slot) ?? 0n);
  const short = slots.map((slot, index) => (reservedWh?.get(slot) ?? 0n) - (sent[index] ?? 0n));
  const worth = sent.map((wh, index) => wh * (feedIn[index]?.feedIn ?? 0n));
  const due = arrived.map((wh, index) => wh * (retail[index]?.retail ?? 0n));
  const value = arrived.map((wh, index) => wh * (prices?.get(slots[index] ?? 0) ?? 1n));
  const [paid, received] = [split(cost, value), split(cost - charge, value)];
  const feedInValue = split(sumOf(worth) / 1000n, worth);
  const retailCost = split(ceilDiv(sumOf(due), 1000n), due);
  const bonds = split(forfeited, short);
  return slots.map((slot, index) => ({
    slot,
    sentWh: sent[index] ?? 0n,
    arrivedWh: arrived[index] ?? 0n,
    paid: paid[index] ?? 0n,
    received: received[index] ?? 0n,
    feedInValue: feedInValue[index] ?? 0n,
    retailCost: retailCost[index] ?? 0n,
    bond: bonds[index] ?? 0n,
  }));
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
 * @param withGrid Whether one side is a DSO.
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
    const [soldWh, received, feedInValue] = [sum("sentWh"), sum("received"), sum("feedInValue")];
    const [boughtWh, paid, retailCost] = [sum("arrivedWh"), sum("paid"), sum("retailCost")];
    const bond = sum("bond");
    return {
      hour: hour * SECONDS_PER_HOUR,
      seller: {
        ...NO_GAINS,
        soldWh,
        toGridWh: withGrid ? soldWh : 0n,
        received,
        feedInValue,
        earned: received - feedInValue - bond,
        bondPaid: bond,
      },
      buyer: {
        ...NO_GAINS,
        boughtWh,
        paid,
        retailCost,
        saved: retailCost - paid + bond,
        bondReceived: bond,
      },
    };
  });
}

/**
 * The tariffs in force when a slot ended, that is, set before. The first tariffs apply to all earlier slots as well.
 * @param steps Oldest first; `since` in Unix seconds.
 * @param slotEndsAt Unix seconds.
 */
export const tariffInForce = <Step extends { readonly since: number }>(
  steps: readonly Step[],
  slotEndsAt: number,
): Step | undefined => steps.findLast(({ since }) => since < slotEndsAt) ?? steps[0];

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
