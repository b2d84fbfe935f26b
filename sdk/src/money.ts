/** Money is in base units of a currency, prices in base units per kWh, energy in Wh: all `bigint`. */

const WH_PER_KWH = 1000n;

/** `dividend / divisor` rounded up, for a divisor above zero. */
export function ceilDiv(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend > 0n && dividend % divisor !== 0n ? quotient + 1n : quotient;
}

/** What `energyWh` costs at `pricePerKwh`, rounded up to a base unit, as the contracts charge it. */
export const costOf = (pricePerKwh: bigint, energyWh: bigint): bigint =>
  ceilDiv(pricePerKwh * energyWh, WH_PER_KWH);
