import type { Call, Chain } from "./chain/chain.ts";

/** Whether the words that an operation writes are new (cold) or in use already (warm): see README.md. */
export type Case = "cold" | "warm";
export const CASES: readonly Case[] = ["cold", "warm"];

/** A row's purpose: rows of the same work, size and case are comparable. */
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

/** One measurement. */
export interface Row {
  /** Starts with the entry point. */
  readonly name: string;
  readonly work: Work;
  /** Delivery slots; for matches, of each pair; for cancellations, orders. */
  readonly slots: number;
  /** Pairs of orders that are matched. */
  readonly pairs?: number;
  readonly case: Case;
  /** Prepares the chain for the row and returns the transactions to be measured. */
  readonly prepare: () => Promise<readonly Call[]>;
}

/** A market or token, with its measurements. */
export interface System {
  readonly name: string;
  /** Deploys it on a fresh chain. */
  readonly open: (chain: Chain) => Promise<readonly Row[]>;
}

export const slotsOf = (count: number): string => `${count} ${count === 1 ? "slot" : "slots"}`;
export const pairsOf = (count: number): string => `${count} ${count === 1 ? "pair" : "pairs"}`;
