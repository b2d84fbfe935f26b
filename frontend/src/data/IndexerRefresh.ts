import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { getBlockNumber, getLogs } from "viem/actions";
import { useClient } from "wagmi";
import { useChainHead, useNetwork } from "../chain/index.ts";
import { fetchIndexedBlock } from "./indexer.ts";
import { noteProgress, onProgress, progressOf } from "./progress.ts";

/** The indexer learns of an event a moment after the chain's head: how long until it is asked, and asked again. */
const INDEXER_LAG_MS = 400;
/** After so many questions it is asked less often. */
const MANY_QUESTIONS = 25;
const PATIENT_MS = 3_000;
/** When an indexer that lacks a block with events is called late. */
const LATE_MS = 10_000;
/** Blocks that are looked through for events which an indexer lacks, at most. */
const MANY_BLOCKS = 2_000n;

/**
 * Has everything from the indexer read again once it has read a block in which Wattline has emitted an event, or this browser
 * has done something.
 */
export function IndexerRefresh() {
  const { onLogs } = useChainHead();
  const { indexerUrl, deployment } = useNetwork();
  const { chainId } = deployment;
  const client = useClient({ chainId });
  const queries = useQueryClient();
  useEffect(() => {
    if (indexerUrl === undefined || client === undefined) return;
    const stopped = new AbortController();
    const { signal } = stopped;
    let [wanted, read] = [-1n, -1n];
    let isReading = false;

    async function readOn(): Promise<void> {
      isReading = true;
      const since = Date.now();
      for (let asked = 0; wanted > read && !signal.aborted; asked++) {
        await new Promise((resolve) =>
          setTimeout(resolve, asked < MANY_QUESTIONS ? INDEXER_LAG_MS : PATIENT_MS),
        );
        // Events that come while one waits make it wait no longer.
        const block = wanted;
        // One that does not say how far it has read is not waited for.
        const newest = await fetchIndexedBlock(indexerUrl ?? "", chainId, signal).catch(
          () => undefined,
        );
        if (signal.aborted) return;
        if (newest !== undefined && newest < block) {
          if (newest > read) await queries.invalidateQueries({ queryKey: ["indexer", chainId] });
          read = newest > read ? newest : read;
          if (Date.now() - since > LATE_MS) noteProgress(chainId, { lateAt: newest });
          continue;
        }
        asked = 0;
        read = block;
        await queries.invalidateQueries({ queryKey: ["indexer", chainId] });
        if (wanted <= read) noteProgress(chainId, { readUpTo: block, lateAt: undefined });
      }
      isReading = false;
    }

    function want(block: bigint): void {
      if (block <= wanted) return;
      wanted = block;
      if (!isReading) void readOn();
    }

    /** The newest block with an event that the indexer had not read when it was asked; -1 when it lacked none. */
    async function newestEvent(signal: AbortSignal): Promise<bigint> {
      const fromBlock = await fetchIndexedBlock(indexerUrl ?? "", chainId, signal);
      if (fromBlock === undefined || client === undefined) return -1n;
      const { marketplace, microgrids, meters, energy, board } = deployment;
      const address = [marketplace, microgrids, meters, energy, board];
      const toBlock = await getBlockNumber(client);
      // One that far behind is late, whatever happened since.
      if (toBlock - fromBlock > MANY_BLOCKS) return toBlock;
      if (toBlock <= fromBlock) return -1n;
      const logs = await getLogs(client, { address, fromBlock: fromBlock + 1n, toBlock });
      return logs.at(-1)?.blockNumber ?? -1n;
    }

    const stopLogs = onLogs((logs) => {
      const block = logs.at(-1)?.blockNumber ?? -1n;
      // A development chain that was started over counts from the beginning.
      if (block < read) {
        [wanted, read] = [-1n, -1n];
        noteProgress(chainId, { ownBlock: -1n, readUpTo: -1n });
      }
      want(block);
    });
    const stopOwn = onProgress(() => want(progressOf(chainId).ownBlock));
    // What happened before the page was opened, it may lack too.
    newestEvent(signal).then(want, () => undefined);
    return () => {
      stopLogs();
      stopOwn();
      stopped.abort();
    };
  }, [onLogs, indexerUrl, chainId, client, deployment, queries]);
  return null;
}
