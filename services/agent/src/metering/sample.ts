/** What a source says about a meter at one moment. */
export type Sample = RegisterSample | PowerSample;

/** Registers: what has gone through the meter since it was made. */
export interface RegisterSample {
  readonly kind: "registers";
  readonly unixMs: number;
  /** Undefined where the meter has no such register. */
  readonly importWh: bigint | undefined;
  readonly exportWh: bigint | undefined;
  /** Whether nothing is known of the time since the last sample, whatever the registers say. */
  readonly isAfterGap?: boolean | undefined;
  /** The number of the meter, where it tells it: another one is another meter. */
  readonly meterId?: string | undefined;
  /** What a register counts to before it starts at zero again, in Wh. */
  readonly rollsOverAtWh?: bigint | undefined;
}

/** Power at a moment, W, where there is no register. */
export interface PowerSample {
  readonly kind: "power";
  readonly unixMs: number;
  readonly importW: number;
  readonly exportW: number;
}
