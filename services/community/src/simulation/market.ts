import type { Tally } from "./tally.ts";

/** How neighbours trade. */
export const MARKETS = ["accept", "settle", "forward"] as const;
export type MarketName = (typeof MARKETS)[number];

/** One way of trading. */
export interface Market {
  /**
   * Before a round's slots begin.
   * @param expected What homes expect, per community.
   * @param retailPerKwh The least that the retailer charges in the round.
   */
  prepare(expected: readonly Tally[], retailPerKwh: bigint): Promise<void>;
  /**
   * When the round's slots are reported: neighbours trade, and the tallies shrink.
   * @param metered What meters saw, per community.
   */
  clear(metered: readonly Tally[], retailPerKwh: bigint): Promise<void>;
}
