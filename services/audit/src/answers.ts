import type { ChainTransaction } from "@wattline/sdk";
import { type Address, getAddress, type Hex } from "viem";
import { hexOf, listOf, numberOf, objectOf } from "./rpc.ts";

/* A node's answers, read. */

/** A block's place in the chain. */
export interface Header {
  readonly number: number;
  readonly hash: Hex;
  /** Unix seconds. */
  readonly timestamp: number;
}

/** A header with what its logs are held against. */
export interface FullHeader extends Header {
  readonly parentHash: Hex;
  readonly bloom: Hex;
}

/** A log as a node gives it. */
export interface NodeLog {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly logIndex: number;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly transactionHash: Hex;
}

export const quantity = (number: number): Hex => `0x${number.toString(16)}`;

export function headerOf(answer: unknown): FullHeader {
  const block = objectOf(answer, "such block");
  return {
    number: numberOf(block.number, "block number"),
    hash: hexOf(block.hash, "block hash"),
    parentHash: hexOf(block.parentHash, "parent hash"),
    timestamp: numberOf(block.timestamp, "block time"),
    bloom: hexOf(block.logsBloom ?? "0x", "bloom filter"),
  };
}

export function logOf(answer: unknown): NodeLog {
  const log = objectOf(answer, "log");
  return {
    address: getAddress(hexOf(log.address, "log address")),
    topics: listOf(log.topics, "log topics").map((topic) => hexOf(topic, "log topic")),
    data: hexOf(log.data, "log data"),
    logIndex: numberOf(log.logIndex, "log index"),
    blockNumber: numberOf(log.blockNumber, "log's block number"),
    blockHash: hexOf(log.blockHash, "log's block hash"),
    transactionHash: hexOf(log.transactionHash, "log's transaction"),
  };
}

export function transactionOf(answer: unknown): Omit<ChainTransaction, "logs" | "traced"> {
  const { hash, from, to, input, data } = objectOf(answer, "transaction");
  return {
    hash: hexOf(hash, "transaction hash"),
    from: getAddress(hexOf(from, "sender")),
    to: to === null || to === undefined ? undefined : getAddress(hexOf(to, "receiver")),
    input: hexOf(input ?? data, "calldata"),
  };
}
