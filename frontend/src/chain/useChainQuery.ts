import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Client } from "viem";
import { useClient } from "wagmi";
import type { Network } from "./config.ts";
import { contractsOf } from "./contracts.ts";
import { useNetwork } from "./network.tsx";
import { ownTask } from "./ownTask.ts";

/** What a reading of the chain is given. */
export interface ChainContext {
  readonly client: Client;
  readonly contracts: ReturnType<typeof contractsOf>;
  readonly network: Network;
  readonly signal: AbortSignal;
}

/** What is known of something that is read again and again. */
export interface ChainQuery<T> {
  /** As it was last read: it stays while it is read again, and while that fails. */
  readonly data: T | undefined;
  /** When that was, milliseconds since 1970; 0 when it was never read. */
  readonly dataUpdatedAt: number;
  /** Why nothing is known. */
  readonly error: Error | null;
  readonly isPending: boolean;
  /** It is being read, also when it is read again. */
  readonly isFetching: boolean;
  refetch(): void;
}

/**
 * Reads something from the chain, and again whenever Wattline has emitted an event.
 * @param key What is read: JSON values, so amounts as strings. Without the chain's id, which is added.
 */
export function useChainQuery<T, Selected = T>(
  key: readonly unknown[],
  read: (context: ChainContext) => Promise<T>,
  {
    enabled = true,
    select,
  }: {
    readonly enabled?: boolean;
    /** What of it is wanted. The same function at every call. */
    readonly select?: (data: T) => Selected;
  } = {},
): ChainQuery<Selected> {
  const network = useNetwork();
  const { chainId } = network.deployment;
  const client = useClient({ chainId });
  const { data, dataUpdatedAt, error, isPending, isFetching, refetch } = useQuery(
    queryOptions({
      queryKey: ["chain", chainId, ...key],
      queryFn: async ({ signal }) => {
        await ownTask();
        signal.throwIfAborted();
        if (client === undefined) throw new Error(`There is no client for chain ${chainId}.`);
        return read({ client, contracts: contractsOf(network), network, signal });
      },
      enabled: enabled && client !== undefined,
      // A new event makes it stale; nothing else does.
      staleTime: Number.POSITIVE_INFINITY,
      ...(select && { select }),
    }),
  );
  return {
    data,
    dataUpdatedAt,
    // A page that shows what it knows, or a form that is being filled in, does not make way for a node that is away: the
    // banner says so.
    error: data === undefined ? error : null,
    isPending,
    isFetching,
    refetch: () => void refetch(),
  };
}
