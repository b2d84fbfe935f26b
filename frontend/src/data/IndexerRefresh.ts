import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
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
    import("./lackingEvent.ts")
      .then(({ lackingEvent }) => lackingEvent(client, deployment, indexerUrl, signal))
      .then(want)
      .catch(() => undefined);
    return () => {
      stopLogs();
      stopOwn();
      stopped.abort();
    };
  }, [onLogs, indexerUrl, chainId, client, deployment, queries]);
  return null;
}
