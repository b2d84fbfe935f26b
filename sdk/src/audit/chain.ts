import type { Address, Hex } from "viem";
import type { ChainLog } from "../history/events.ts";

/** A block as the audit reads it, with the transactions that left logs of Wattline's contracts. */
export interface ChainBlock {
  readonly number: number;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly hash: Hex;
  /** In the block's order. */
  readonly transactions: readonly ChainTransaction[];
}

/** A transaction with the logs that Wattline's contracts left in it. */
export interface ChainTransaction {
  readonly hash: Hex;
  readonly from: Address;
  /** Undefined for a contract creation. */
  readonly to?: Address | undefined;
  readonly input: Hex;
  readonly logs: readonly ChainLog[];
  /**
   * The calls that reached Wattline's contracts, where a node has traced a transaction that came through another
   * contract; undefined when only the transaction itself is known.
   */
  readonly traced?: readonly ContractCall[];
}

/** A call of one of Wattline's contracts, and who made it. */
export interface ContractCall {
  readonly from: Address;
  readonly to: Address;
  readonly input: Hex;
}
