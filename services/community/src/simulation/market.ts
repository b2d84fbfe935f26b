import type { RoundBalance } from "./roundBalance.ts";

/** How neighbours trade. */
export const MARKETS = ["accept", "settle", "forward"] as const;
export type MarketName = (typeof MARKETS)[number];

/** One way of trading. */
export interface Market {
  /**
   * Before a round's slots begin, where energy to come is traded.
   * @param expected What homes are sure of, per community.
   */
  prepare?(expected: readonly RoundBalance[]): Promise<void>;
  /** When the round's slots are over: meters report them. Without it, every home reports in person. */
  report?(metered: readonly RoundBalance[]): Promise<void>;
  /**
   * When the round's slots are reported: neighbours trade, which reduces the balances.
   * @param metered Metered energy, per community.
   */
  clear(metered: readonly RoundBalance[]): Promise<void>;
  /** Ends what was started for it. */
  close?(): Promise<void>;
}
