/** What is lost on a tie line, in whole Wh. */

/** All of it, in hundredths of a percent. */
export const WHOLE_BPS = 10_000n;

/** Wh lost of `wh`, rounded up; `lossBps` are hundredths of a percent. */
export const lossWh = (wh: bigint, lossBps: bigint): bigint =>
  (wh * lossBps + WHOLE_BPS - 1n) / WHOLE_BPS;

/** What a line does to energy of a slot. */
export interface Loss {
  /** Hundredths of a percent, below 10,000. */
  readonly lossBps: bigint;
  /**
   * Wh that the line has carried in this slot and direction before: a part loses what the whole loses more with it. Zero for a
   * forward, whose loss must be the same at reservation and at release.
   */
  readonly flowWh: bigint;
}

/** Wh that arrive of what is sent. */
export const arrivedOf = (sentWh: bigint, { lossBps, flowWh }: Loss): bigint =>
  sentWh - (lossWh(flowWh + sentWh, lossBps) - lossWh(flowWh, lossBps));

/** The least Wh to send so that `arrivedWh` arrive. One more Wh sent brings at most one more, so that no amount is missed. */
export function leastSentFor(arrivedWh: bigint, loss: Loss): bigint {
  let [tooLittle, enough] = [-1n, arrivedWh];
  while (arrivedOf(enough, loss) < arrivedWh) [tooLittle, enough] = [enough, 2n * enough + 1n];
  while (enough - tooLittle > 1n) {
    const middle = (tooLittle + enough) / 2n;
    if (arrivedOf(middle, loss) < arrivedWh) tooLittle = middle;
    else enough = middle;
  }
  return enough;
}
