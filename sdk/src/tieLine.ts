import { ceilDiv } from "./money.ts";

/** What a tie line does to energy that crosses it, as the contracts work it out. */

const BPS = 10_000n;

/** What arrives of `sentWh`: the loss, in hundredths of a percent, is rounded down to a Wh in every slot. */
export const arrivingWh = (sentWh: bigint, lossBps: bigint): bigint =>
  sentWh - (sentWh * lossBps) / BPS;

/** The least that must be sent for `arrivedWh` to arrive: exactly that much does. */
export const sentForWh = (arrivedWh: bigint, lossBps: bigint): bigint =>
  arrivedWh === 0n ? 0n : ((arrivedWh - 1n) * BPS) / (BPS - lossBps) + 1n;

/**
 * What a buyer pays per kWh that arrives, rounded up to a base unit: the seller's price and the charge, both per kWh
 * sent, spread over what the line leaves of it.
 */
export const landedPricePerKwh = (
  pricePerKwh: bigint,
  chargePerKwh: bigint,
  lossBps: bigint,
): bigint => ceilDiv((pricePerKwh + chargePerKwh) * BPS, BPS - lossBps);
