import { queryOptions, type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type ChainContext, useChainHead, useChainQuery, useNetwork } from "../chain/index.ts";
import { askIndexer, fetchIndexedBlock } from "./indexer.ts";

/** Asks the indexer: a GraphQL document and its variables. */
export type AskIndexer = <T>(
  query: string,
  variables: Readonly<Record<string, unknown>>,
) => Promise<T>;

/** What was read and by whom; it may come from the chain's logs while the indexer is down. */
export type Indexed<T> = Pick<UseQueryResult<T>, "data" | "error" | "isPending"> & {
  readonly from: "indexer" | "chain";
  refetch(): void;
};

const RETRY_MS = 10_000;

/**
 * Reads history from the indexer; from the chain's own logs when there is no indexer or it is down. Both give the same
 * type, so that a page does not care.
 * @param key What is read: JSON values.
 */
export function useIndexed<T>(
  key: readonly unknown[],
  fromIndexer: (ask: AskIndexer, signal: AbortSignal) => Promise<T>,
  fromChain: (context: ChainContext) => Promise<T>,
): Indexed<T> {
  const { indexerUrl, deployment } = useNetwork();
  const { chainId } = deployment;
  const indexer = useQuery(
    queryOptions({
      queryKey: ["indexer", chainId, ...key],
      queryFn: ({ signal }) =>
        fromIndexer(
          (query, variables) => askIndexer(indexerUrl ?? "", query, variables, signal),
          signal,
        ),
      enabled: indexerUrl !== undefined,
      retry: false,
      refetchInterval: ({ state }) => (state.status === "error" ? RETRY_MS : false),
    }),
  );
  const down = indexerUrl === undefined || indexer.isError;
  const chain = useChainQuery(key, fromChain, { enabled: down });
  const { data, error, isPending, refetch } = down ? chain : indexer;
  return {
    data,
    error,
    isPending,
    from: down ? "chain" : "indexer",
    refetch: () => void refetch(),
  };
}

/** The indexer learns of an event a moment after the chain's head: how long until it is asked, and asked again. */
const INDEXER_LAG_MS = 400;
/** What an indexer does not have after so many questions, it may not have for long. */
const MOST_QUESTIONS = 50;

/** Has everything from the indexer read again once it has read a block in which Wattline has emitted an event. */
export function IndexerRefresh() {
  const { onLogs } = useChainHead();
  const { indexerUrl, deployment } = useNetwork();
  const { chainId } = deployment;
  const queries = useQueryClient();
  useEffect(() => {
    if (indexerUrl === undefined) return;
    const stopped = new AbortController();
    const { signal } = stopped;
    let [wanted, read] = [-1n, -1n];
    let isReading = false;

    async function readOn(): Promise<void> {
      isReading = true;
      while (wanted > read && !signal.aborted) {
        // Events that come while one waits make it wait no longer.
        const block = wanted;
        await indexed(block);
        read = block;
        if (!signal.aborted) await queries.invalidateQueries({ queryKey: ["indexer", chainId] });
      }
      isReading = false;
    }

    /** Waits until the indexer has read a block; one that does not say how far it has read is not waited for. */
    async function indexed(block: bigint): Promise<void> {
      for (let asked = 0; asked < MOST_QUESTIONS && !signal.aborted; asked++) {
        await new Promise((resolve) => setTimeout(resolve, INDEXER_LAG_MS));
        const newest = await fetchIndexedBlock(indexerUrl ?? "", chainId, signal).catch(
          () => undefined,
        );
        if (newest === undefined || newest >= block) return;
      }
    }

    const stop = onLogs((logs) => {
      const block = logs.at(-1)?.blockNumber ?? -1n;
      // A development chain that was started over counts from the beginning.
      if (block < read) read = -1n;
      wanted = block;
      if (!isReading) void readOn();
    });
    return () => {
      stop();
      stopped.abort();
    };
  }, [onLogs, indexerUrl, chainId, queries]);
  return null;
}
