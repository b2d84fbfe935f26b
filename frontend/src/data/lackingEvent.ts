import type { Deployment } from "@wattline/sdk";
import type { Client } from "viem";
import { getBlockNumber, getLogs } from "viem/actions";
import { fetchIndexedBlock } from "./indexer.ts";

/** Blocks that are looked through for events which an indexer lacks, at most. */
const MANY_BLOCKS = 2_000n;

/**
 * The newest block with an event of Wattline that an indexer has not read; -1 when it lacks none.
 * @throws When the node or the indexer does not answer.
 */
export async function lackingEvent(
  client: Client,
  { chainId, marketplace, microgrids, meters, energy, board }: Deployment,
  indexerUrl: string,
  signal: AbortSignal,
): Promise<bigint> {
  const read = await fetchIndexedBlock(indexerUrl, chainId, signal);
  if (read === undefined) return -1n;
  const toBlock = await getBlockNumber(client);
  // One that far behind is late, whatever happened since.
  if (toBlock - read > MANY_BLOCKS) return toBlock;
  if (toBlock <= read) return -1n;
  const address = [marketplace, microgrids, meters, energy, board];
  const logs = await getLogs(client, { address, fromBlock: read + 1n, toBlock });
  return logs.at(-1)?.blockNumber ?? -1n;
}
