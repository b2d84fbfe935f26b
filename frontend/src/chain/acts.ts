import { type Act, actsOf, type ChainLog, decodeLog, type HistoryEvent } from "@wattline/sdk";
import { type Client, getAddress, type Hex, type Log } from "viem";
import { getBlock, getLogs } from "viem/actions";
import { followed } from "./follow.ts";
import type { ChainContext } from "./useChainQuery.ts";

/** What a transaction did, and when. */
export interface PastAct {
  readonly act: Act;
  readonly hash: Hex;
  readonly blockNumber: bigint;
}

/** Everything that Wattline's contracts have done since they were deployed, oldest first, from the chain's logs alone. */
export const readActs = followed(actsIn);

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
  microgrids: getAddress(deployment.microgrids),
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
