/** A tie line, the same in both directions. */
export interface TieLine {
  /** Loss, in hundredths of a percent. */
  readonly lossBps: bigint;
  /** Capacity per slot in each direction, in Wh sent. */
  readonly capacityWh: bigint;
  /** Base units per kWh sent, to the DSOs at both ends. */
  readonly wheelingPerKwh: bigint;
}

/** Of the simulated tie line: two cents. */
export const WHEELING_PER_KWH = 20_000n;

/** The simulated tie line: 10 kW, 3 % loss, two cents per kWh. */
export const tieLineFor = (slotSeconds: number): TieLine => ({
  lossBps: 300n,
  capacityWh: (10_000n * BigInt(slotSeconds)) / 3600n,
  wheelingPerKwh: WHEELING_PER_KWH,
});
