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
