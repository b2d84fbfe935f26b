import { ceilDiv } from "./money.ts";

/** What the grid charges for `energyWh` in each slot at that slot's price per kWh; unrounded, in 1/1000 base units. */
const millis = (energyWh: readonly bigint[], pricePerKwh: readonly bigint[]): bigint =>
  energyWh.reduce((total, wh, slot) => total + wh * (pricePerKwh[slot] ?? 0n), 0n);

/** A household's meter over a run of slots, and the tariffs that applied. All arrays have one entry per slot. */
export interface Metered {
  readonly importedWh: readonly bigint[];
  readonly exportedWh: readonly bigint[];
  /** Base units per kWh. */
  readonly retailPerKwh: readonly bigint[];
  /** Base units per kWh. */
  readonly feedInPerKwh: bigint;
}

/**
 * What a household pays when it trades with the grid alone: its import at the retail tariff less its export at the
 * feed-in tariff. Base units, rounded up once; negative when the grid pays it.
 */
export function billWithGrid({
  importedWh,
  exportedWh,
  retailPerKwh,
  feedInPerKwh,
}: Metered): bigint {
  const exported = exportedWh.reduce((total, wh) => total + wh, 0n);
  return ceilDiv(millis(importedWh, retailPerKwh) - exported * feedInPerKwh, 1000n);
}

/** The sums of a household's trades. Energy per slot in Wh, money in base units. */
export interface Trades {
  /** Bought from neighbours, per slot: import that the retailer does not bill. */
  readonly boughtWh: readonly bigint[];
  /** Paid for it, fees included. */
  readonly paid: bigint;
  /** Received for all sales, to neighbours and to the grid. */
  readonly received: bigint;
}

/**
 * What a household pays when it trades: its remaining import at the retail tariff, plus its payments to neighbours,
 * less what it received. Base units, the retailer's part rounded up once; negative when the household earns.
 */
export function billWithTrades(
  { importedWh, retailPerKwh }: Pick<Metered, "importedWh" | "retailPerKwh">,
  { boughtWh, paid, received }: Trades,
): bigint {
  const restWh = importedWh.map((wh, slot) => wh - (boughtWh[slot] ?? 0n));
  return ceilDiv(millis(restWh, retailPerKwh), 1000n) + paid - received;
}

/**
 * A sale's earnings over the feed-in tariff: what the seller received less what the grid would have paid, which rounds
 * down. Base units.
 */
export const earnedOverFeedIn = (received: bigint, soldWh: bigint, feedInPerKwh: bigint): bigint =>
  received - (soldWh * feedInPerKwh) / 1000n;

/**
 * A purchase's savings under the retail tariff: what the retailer would have charged, rounded up once, less what the
 * buyer paid. Base units.
 * @param boughtWh One entry per slot, as `retailPerKwh`.
 */
export const savedAgainstRetail = (
  paid: bigint,
  boughtWh: readonly bigint[],
  retailPerKwh: readonly bigint[],
): bigint => ceilDiv(millis(boughtWh, retailPerKwh), 1000n) - paid;
