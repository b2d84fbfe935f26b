import { ceilDiv } from "./money.ts";

/** Energy across a tie line, computed as in the contracts. */

const BPS = 10_000n;

/** What arrives of `sentWh`: the loss, in hundredths of a percent, is rounded down in every slot. */
export const arrivingWh = (sentWh: bigint, lossBps: bigint): bigint =>
  sentWh - (sentWh * lossBps) / BPS;

/** The least that must be sent for `arrivedWh` to arrive. */
export const sentForWh = (arrivedWh: bigint, lossBps: bigint): bigint =>
  arrivedWh === 0n ? 0n : ((arrivedWh - 1n) * BPS) / (BPS - lossBps) + 1n;

/**
 * A buyer's price per kWh that arrives, rounded up to a base unit: the seller's price and the charge, both per kWh
 * sent, spread over what arrives.
 */
export const landedPricePerKwh = (
  pricePerKwh: bigint,
  chargePerKwh: bigint,
  lossBps: bigint,
): bigint => ceilDiv((pricePerKwh + chargePerKwh) * BPS, BPS - lossBps);
