import type { Call, Chain } from "./chain/chain.ts";

/** Whether the words that an operation writes are new (cold) or hold something already (warm): see README.md. */
export type Case = "cold" | "warm";
export const CASES: readonly Case[] = ["cold", "warm"];

/** What a row achieves: rows of the same work, size and case can stand in for one another. */
export type Work =
  | "mint energy"
  | "trade against a signed order"
  | "match signed orders"
  | "match several orders of each home"
  | "sell future energy"
  | "deliver future energy"
  | "transfer energy"
  | "retire energy"
  | "cancel orders"
  | "bring money in";

/** One thing to be measured. */
export interface Row {
  /** Starts with the entry point. */
  readonly name: string;
  readonly work: Work;
  /** Delivery slots; for matches, of each pair; for cancellations, orders. */
  readonly slots: number;
  /** Pairs of orders that are matched. */
  readonly pairs?: number;
  readonly case: Case;
  /** Brings the chain to where the row begins and says which transactions are to be measured. */
  readonly prepare: () => Promise<readonly Call[]>;
}

/** A market or token, and what is measured of it. */
export interface System {
  readonly name: string;
  /** Deploys it on a fresh chain. */
  readonly open: (chain: Chain) => Promise<readonly Row[]>;
}

export const slotsOf = (count: number): string => `${count} ${count === 1 ? "slot" : "slots"}`;
export const pairsOf = (count: number): string => `${count} ${count === 1 ? "pair" : "pairs"}`;
