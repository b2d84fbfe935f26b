import type { SourceContext } from "../sources/source.ts";

/** What a battery says of itself at one moment. */
export interface BatteryReading {
  readonly unixMs: number;
  /** What it can give back, in hundredths of a Wh. */
  readonly storedCentiWh: bigint;
  /** What it takes, W, negative while it gives; undefined where it does not tell. */
  readonly chargeW: number | undefined;
}

/** A battery that can be read and told what to do. */
export interface BatteryLink {
  /** Readings as they come, until `signal` says stop. It mends its connections itself. */
  readings(signal: AbortSignal): AsyncIterable<BatteryReading>;
  /**
   * Tells it to take so much power, W, or to give it where negative, until it is told otherwise.
   * @throws AgentError when the battery does not take the command.
   */
  command(chargeW: number, signal: AbortSignal): Promise<void>;
}

/** What every link is given; {@link LinkContext.capacityWh} makes energy of a percentage. */
export interface LinkContext extends SourceContext {
  readonly capacityWh: bigint;
}
