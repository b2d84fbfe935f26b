/** What a forward comes to: what both sides lock, and who gets what when it is released. All money in thousandths of a base unit. */
import { arrivedOf } from "./loss.ts";

/** The terms of a position. */
export interface PositionTerms {
  /** Base units per kWh that the buyer pays, all in. */
  readonly pricePerKwh: bigint;
  /** Whether the price counts what arrives, not what is sent. */
  readonly perArrived: boolean;
  /** Base units per kWh sent that the DSOs get. */
  readonly chargePerKwh: bigint;
  /** Base units per kWh sent that the seller forfeits on shortfall. */
  readonly bondPerKwh: bigint;
  /** Hundredths of a percent; 0 at home. */
  readonly lossBps: bigint;
  /** Whether it goes over a tie line: then the seller locks the wheeling charge as well. */
  readonly crosses: boolean;
}

/** Who gets what when a slot of a position is released. */
export interface SlotRelease {
  readonly arrivedWh: bigint;
  /** What the buyer has paid for what was delivered. */
  readonly paidMillis: bigint;
  /** What the DSOs get. */
  readonly chargeMillis: bigint;
  /** What the buyer gets back. */
  readonly refundMillis: bigint;
  /** What the buyer gets of the bond. */
  readonly forfeitedMillis: bigint;
  /** What the seller gets: the rest of what was paid and of what it had locked. */
  readonly toSellerMillis: bigint;
}

/** Wh of a slot that a position gets: what was promised before it is served first. */
export function shareWh(energyWh: bigint, aheadWh: bigint, deliveredWh: bigint): bigint {
  const leftWh = deliveredWh > aheadWh ? deliveredWh - aheadWh : 0n;
  return leftWh < energyWh ? leftWh : energyWh;
}

/** What the buyer pays for `sentWh` of a slot. */
export function paidFor(
  { pricePerKwh, perArrived, lossBps }: PositionTerms,
  sentWh: bigint,
): bigint {
  return pricePerKwh * (perArrived ? arrivedOf(sentWh, { lossBps, flowWh: 0n }) : sentWh);
}

/** What the seller locks for `energyWh` of a slot: its bond and, across a line, the wheeling charge. */
export const bondedFor = (
  { bondPerKwh, chargePerKwh, crosses }: PositionTerms,
  energyWh: bigint,
): bigint => (bondPerKwh + (crosses ? chargePerKwh : 0n)) * energyWh;

/**
 * Releases a slot.
 * @param energyWh What was promised.
 * @param deliveredWh The position's share, see {@link shareWh}; 0 when the slot was called undelivered.
 */
export function releaseSlot(
  terms: PositionTerms,
  energyWh: bigint,
  deliveredWh: bigint,
): SlotRelease {
  const paidMillis = paidFor(terms, deliveredWh);
  // A line was held for all that was promised, so that its owners are paid for all of it.
  const chargeMillis = terms.chargePerKwh * (terms.crosses ? energyWh : deliveredWh);
  const forfeitedMillis = terms.bondPerKwh * (energyWh - deliveredWh);
  return {
    arrivedWh: arrivedOf(deliveredWh, { lossBps: terms.lossBps, flowWh: 0n }),
    paidMillis,
    chargeMillis,
    refundMillis: paidFor(terms, energyWh) - paidMillis,
    forfeitedMillis,
    toSellerMillis: paidMillis + bondedFor(terms, energyWh) - chargeMillis - forfeitedMillis,
  };
}
