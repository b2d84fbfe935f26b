import { queryOptions, useQuery } from "@tanstack/react-query";
import { type ChainContext, type ChainQuery, useChainQuery, useNetwork } from "../chain/index.ts";
import { askIndexer } from "./indexer.ts";
import { isFailing } from "./isFailing.ts";
import { useProgress } from "./progress.ts";

/** Asks the indexer: a GraphQL document and its variables. */
export type AskIndexer = <T extends object>(
  query: string,
  variables: Readonly<Record<string, unknown>>,
) => Promise<T>;

/** What was read and by whom; it may come from the chain's logs while the indexer is down. */
export interface Indexed<T> extends Omit<ChainQuery<T>, "dataUpdatedAt" | "isFetching"> {
  readonly from: "indexer" | "chain";
}

const RETRY_MS = 10_000;

/**
 * Reads history from the indexer; from the chain's own logs when there is no indexer, when it is down, and while it has not
 * read what this browser has done. Both give the same type, so that a page does not care.
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
  const { ownBlock, ownNotedAt, readUpTo } = useProgress(chainId);
  const [down, isBehind] = [indexerUrl === undefined || isFailing(indexer), ownBlock > readUpTo];
  const chain = useChainQuery(key, fromChain, { enabled: down || isBehind });
  const isAnswered = chain.data !== undefined && chain.dataUpdatedAt >= ownNotedAt;
  const isChainAsked = down || (isBehind && isAnswered);
  const asked = isChainAsked ? chain : indexer;
  // What the indexer knew before is shown until the chain has answered.
  const isChainShown = isChainAsked && (chain.data !== undefined || indexer.data === undefined);
  const shown = isChainShown ? chain : indexer;
  return {
    data: shown.data,
    error: shown.data === undefined ? shown.error : null,
    isPending: shown.isPending,
    from: isChainShown ? "chain" : "indexer",
    refetch: () => void asked.refetch(),
  };
}
