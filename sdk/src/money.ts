/**
 * Money in base units of a currency, prices in base units per kWh, energy in Wh: all `bigint`. The escrow counts thousandths
 * of a base unit (names end in `Millis`), so that a price times Wh is exact. Only a withdrawal rounds: it takes whole base
 * units, and the rest stays in the account.
 */

/** Thousandths in a base unit. */
export const MILLIS_PER_UNIT = 1_000n;

/** What `energyWh` costs at `pricePerKwh`, exactly, in thousandths of a base unit. */
export const costMillis = (pricePerKwh: bigint, energyWh: bigint): bigint => pricePerKwh * energyWh;

/** The whole base units of an amount in thousandths: what can be withdrawn of it. Rounded down. */
export const wholeUnits = (millis: bigint): bigint => millis / MILLIS_PER_UNIT;

/** An amount in base units in thousandths of one. */
export const millisOf = (units: bigint): bigint => units * MILLIS_PER_UNIT;

/** `dividend / divisor` rounded up, for a divisor above zero. */
export function ceilDiv(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend > 0n && dividend % divisor !== 0n ? quotient + 1n : quotient;
}
