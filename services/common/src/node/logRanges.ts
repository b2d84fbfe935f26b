import type { Address, Log, PublicClient } from "viem";

/** Blocks requested at once, at first and at most. */
const MOST_BLOCKS = 10_000;

/** Blocks and their logs. */
export interface LogRange {
  readonly toBlock: number;
  readonly logs: readonly Log[];
}

/**
 * Reads logs range by range, and smaller ranges when the node refuses, as it does for too many blocks or logs.
 * @throws the node's error when it refuses even a single block
 */
export async function* logRanges(
  client: PublicClient,
  address: readonly Address[],
  fromBlock: number,
  toBlock: number,
): AsyncGenerator<LogRange> {
  let [from, blocks] = [fromBlock, MOST_BLOCKS];
  while (from <= toBlock) {
    const to = Math.min(toBlock, from + blocks - 1);
    try {
      const logs = await client.getLogs({
        address: [...address],
        fromBlock: BigInt(from),
        toBlock: BigInt(to),
      });
      yield { toBlock: to, logs };
      from = to + 1;
      blocks = Math.min(MOST_BLOCKS, blocks * 2);
    } catch (error) {
      if (to === from) throw error;
      blocks = Math.max(1, Math.floor((to - from + 1) / 4));
    }
  }
}
