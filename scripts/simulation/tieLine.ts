/** What a tie line does to energy that crosses it, as the contracts work it out. */

import { ceilDiv } from "@wattline/sdk";

const BPS = 10_000n;

/** A tie line, the same in both directions. */
export interface TieLine {
  /** Lost on the way, in hundredths of a percent. */
  readonly lossBps: bigint;
  /** The most it carries in a slot in each direction, in Wh sent. */
  readonly capacityWh: bigint;
  /** Base units per kWh sent, to the DSOs at its ends. */
  readonly wheelingPerKwh: bigint;
}

/** The line that the simulated operators agree on: 10 kW, 3 % loss, two cents per kWh. */
export const tieLineFor = (slotSeconds: number): TieLine => ({
  lossBps: 300n,
  capacityWh: (10_000n * BigInt(slotSeconds)) / 3600n,
  wheelingPerKwh: 20_000n,
});

/** What arrives of `sentWh`: the loss is rounded down to a Wh. */
export const arrivingWh = (sentWh: bigint, lossBps: bigint): bigint =>
  sentWh - (sentWh * lossBps) / BPS;

/** The least that must be sent for `arrivedWh` to arrive. */
export const sentForWh = (arrivedWh: bigint, lossBps: bigint): bigint =>
  arrivedWh === 0n ? 0n : ((arrivedWh - 1n) * BPS) / (BPS - lossBps) + 1n;

/** What a buyer pays per kWh that arrives, to a seller who asks `askPerKwh` at the other end. */
export const landedPricePerKwh = (
  askPerKwh: bigint,
  { wheelingPerKwh, lossBps }: Pick<TieLine, "wheelingPerKwh" | "lossBps">,
): bigint => ceilDiv((askPerKwh + wheelingPerKwh) * BPS, BPS - lossBps);
