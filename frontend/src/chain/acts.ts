import { type Act, actsOf, type ChainLog, decodeLog, type HistoryEvent } from "@wattline/sdk";
import { type Client, getAddress, type Hex, type Log } from "viem";
import { getBlock, getBlockNumber, getLogs } from "viem/actions";
import { readInRanges } from "./ranges.ts";
import type { ChainContext } from "./useChainQuery.ts";

/** What a transaction did, and when. */
export interface PastAct {
  readonly act: Act;
  readonly hash: Hex;
  readonly blockNumber: bigint;
}

/** Blocks that a reorganisation of the chain may still exchange: they are read anew each time. */
const UNSETTLED = 64n;

/** What has been read of a chain so far. */
interface Progress {
  readonly settled: readonly PastAct[];
  /** The first block that is not settled. */
  readonly next: bigint;
  readonly acts: readonly PastAct[];
}

const progresses = new WeakMap<Client, Promise<Progress>>();

/**
 * Everything that Wattline's contracts have done since they were deployed, oldest first, from the chain's logs alone. What
 * was read before is not read again.
 */
export async function readActs(context: ChainContext): Promise<readonly PastAct[]> {
  const nothing = {
    settled: [],
    next: BigInt(context.network.deployment.fromBlock),
    acts: [],
  };
  const before = progresses.get(context.client)?.catch(() => nothing) ?? Promise.resolve(nothing);
  const now = before.then((progress) => goOn(context, progress, nothing));
  progresses.set(context.client, now);
  return (await now).acts;
}

async function goOn(context: ChainContext, known: Progress, nothing: Progress): Promise<Progress> {
  const head = await getBlockNumber(context.client, { cacheTime: 0 });
  // A development chain may have started over.
  const { settled, next } = head + 1n < known.next ? nothing : known;
  // What was read serves others too, so it goes on when the page that has asked is left.
  const { signal } = new AbortController();
  const fresh = await readInRanges(next, head, (from, to) => actsIn(context, from, to), signal);
  const settledTo = head - UNSETTLED;
  return {
    settled: [...settled, ...fresh.filter(({ blockNumber }) => blockNumber <= settledTo)],
    next: settledTo + 1n > next ? settledTo + 1n : next,
    acts: [...settled, ...fresh],
  };
}

async function actsIn(
  context: ChainContext,
  fromBlock: bigint,
  toBlock: bigint,
): Promise<PastAct[]> {
  const contracts = contractsIn(context);
  const logs = await getLogs(context.client, {
    address: Object.values(contracts),
    fromBlock,
    toBlock,
  });
  const transactions = Map.groupBy(logs, ({ transactionHash }) => transactionHash);
  return [...transactions].flatMap(([hash, within]) => {
    const events = within
      .map((log) => decodeLog(contracts, plainLog(log)))
      .filter((event): event is HistoryEvent => event !== undefined);
    const blockNumber = within[0]?.blockNumber ?? fromBlock;
    return actsOf(contracts, events).map((act) => ({ act, hash, blockNumber }));
  });
}

/** Where the contracts are, spelled as the sdk compares them. */
export const contractsIn = ({ network: { deployment } }: Pick<ChainContext, "network">) => ({
  marketplace: getAddress(deployment.marketplace),
  meters: getAddress(deployment.meters),
  energy: getAddress(deployment.energy),
});

/** A log as the sdk reads it. */
export const plainLog = ({
  address,
  topics,
  data,
  logIndex,
}: Pick<Log<bigint, number, boolean>, "address" | "topics" | "data"> & {
  logIndex: number;
}): ChainLog => ({ address, topics, data, logIndex });

/** The time of blocks, each asked for once. Unix seconds. */
export function blockTimes(client: Client): (blockNumber: bigint) => Promise<number> {
  const known = new Map<bigint, Promise<number>>();
  return (blockNumber) => {
    const time =
      known.get(blockNumber) ??
      getBlock(client, { blockNumber }).then(({ timestamp }) => Number(timestamp));
    known.set(blockNumber, time);
    return time;
  };
}
