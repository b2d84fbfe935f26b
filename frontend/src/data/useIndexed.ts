import { queryOptions, type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type ChainContext, useChainHead, useChainQuery, useNetwork } from "../chain/index.ts";
import { askIndexer } from "./indexer.ts";

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

/** The indexer learns of an event a moment after the chain's head: how long until it is asked again. */
const INDEXER_LAG_MS = 400;

/** Has everything from the indexer read again shortly after Wattline has emitted an event. */
export function IndexerRefresh() {
  const { onLogs } = useChainHead();
  const { chainId } = useNetwork().deployment;
  const queries = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onLogs(() => {
      clearTimeout(timer);
      timer = setTimeout(
        () => void queries.invalidateQueries({ queryKey: ["indexer", chainId] }),
        INDEXER_LAG_MS,
      );
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [onLogs, chainId, queries]);
  return null;
}
