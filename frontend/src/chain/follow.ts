import type { Client } from "viem";
import { getBlockNumber } from "viem/actions";
import { readInRanges } from "./ranges.ts";
import type { ChainContext } from "./useChainQuery.ts";

/** Blocks that a reorganisation of the chain may still exchange: they are read anew each time. */
const UNSETTLED = 64n;

/** What has been read of a chain so far. */
interface Progress<T> {
  readonly settled: readonly T[];
  /** The first block that is not settled. */
  readonly next: bigint;
  readonly all: readonly T[];
}

/**
 * A reader of what has happened on a chain since Wattline was deployed, oldest first. What was read before is not read again.
 * @param read Reads what happened in a range of blocks; both ends are included.
 */
export function followed<T extends { readonly blockNumber: bigint }>(
  read: (context: ChainContext, fromBlock: bigint, toBlock: bigint) => Promise<readonly T[]>,
): (context: ChainContext) => Promise<readonly T[]> {
  const progresses = new WeakMap<Client, Promise<Progress<T>>>();

  async function goOn(context: ChainContext, known: Progress<T>, nothing: Progress<T>) {
    const head = await getBlockNumber(context.client, { cacheTime: 0 });
    // A development chain may have started over.
    const { settled, next } = head + 1n < known.next ? nothing : known;
    // What was read serves others too, so it goes on when the page that has asked is left.
    const fresh = await readInRanges(context.client, next, head, (from, to) =>
      read(context, from, to),
    );
    const settledTo = head - UNSETTLED;
    return {
      settled: [...settled, ...fresh.filter(({ blockNumber }) => blockNumber <= settledTo)],
      next: settledTo + 1n > next ? settledTo + 1n : next,
      all: [...settled, ...fresh],
    };
  }

  return async (context) => {
    const next = BigInt(context.network.deployment.fromBlock);
    const nothing: Progress<T> = { settled: [], next, all: [] };
    const before = progresses.get(context.client)?.catch(() => nothing) ?? Promise.resolve(nothing);
    const now = before.then((progress) => goOn(context, progress, nothing));
    progresses.set(context.client, now);
    return (await now).all;
  };
}
