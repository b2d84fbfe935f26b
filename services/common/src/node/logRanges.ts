import type { AbiEvent, Address, Log, PublicClient } from "viem";
import { type BlockRange, inRanges } from "./ranges.ts";

/**
 * Reads logs of contracts, range by range.
 * @param events Only these, when they are given.
 * @throws the node's error when it refuses even a single block
 */
export const logRanges = (
  client: PublicClient,
  address: readonly Address[],
  fromBlock: number,
  toBlock: number,
  events?: readonly AbiEvent[],
): AsyncGenerator<BlockRange<readonly Log[]>> =>
  inRanges(fromBlock, toBlock, async (from, to): Promise<readonly Log[]> => {
    const range = { address: [...address], fromBlock: BigInt(from), toBlock: BigInt(to) };
    return events === undefined ? client.getLogs(range) : client.getLogs({ ...range, events });
  });
