import type { ChainLog } from "@wattline/sdk";
import { type Client, getAddress, type Log } from "viem";
import { getBlock } from "viem/actions";
import type { ChainContext } from "./useChainQuery.ts";

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
