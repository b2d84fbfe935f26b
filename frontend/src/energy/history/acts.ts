import { type Act, actsOf, type ChainLog, decodeLog, type HistoryEvent } from "@wattline/sdk";
import { type Client, getAddress, type Hex, type Log } from "viem";
import { getBlock, getBlockNumber, getLogs } from "viem/actions";
import type { ChainContext } from "../../chain/index.ts";

/** What a transaction did, and when. */
export interface PastAct {
  readonly act: Act;
  readonly hash: Hex;
  readonly blockNumber: bigint;
}

/** Blocks that a public RPC lets one ask for at once. */
const CHUNK = 10_000n;

/** Everything that Wattline's contracts have done since they were deployed, oldest first, from the chain's logs alone. */
export async function readActs(context: ChainContext): Promise<PastAct[]> {
  const { client, network, signal } = context;
  const contracts = contractsIn(context);
  const address = Object.values(contracts);
  const head = await getBlockNumber(client);
  const acts: PastAct[] = [];
  for (let from = BigInt(network.deployment.fromBlock); from <= head; from += CHUNK) {
    signal.throwIfAborted();
    const last = from + CHUNK - 1n;
    const toBlock = last < head ? last : head;
    const logs = await getLogs(client, { address, fromBlock: from, toBlock });
    for (const [hash, within] of Map.groupBy(logs, ({ transactionHash }) => transactionHash)) {
      const events = within
        .map((log) => decodeLog(contracts, plainLog(log)))
        .filter((event): event is HistoryEvent => event !== undefined);
      for (const act of actsOf(contracts, events)) {
        acts.push({ act, hash, blockNumber: within[0]?.blockNumber ?? 0n });
      }
    }
  }
  return acts;
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
