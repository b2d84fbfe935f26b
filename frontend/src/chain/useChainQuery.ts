import { queryOptions, type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { Client } from "viem";
import { useClient } from "wagmi";
import type { Network } from "./config.ts";
import { contractsOf } from "./contracts.ts";
import { useNetwork } from "./network.tsx";

/** What a reading of the chain is given. */
export interface ChainContext {
  readonly client: Client;
  readonly contracts: ReturnType<typeof contractsOf>;
  readonly network: Network;
  readonly signal: AbortSignal;
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
): UseQueryResult<Selected> {
  const network = useNetwork();
  const { chainId } = network.deployment;
  const client = useClient({ chainId });
  return useQuery(
    queryOptions({
      queryKey: ["chain", chainId, ...key],
      queryFn: ({ signal }) => {
        if (client === undefined) throw new Error(`There is no client for chain ${chainId}.`);
        return read({ client, contracts: contractsOf(network), network, signal });
      },
      enabled: enabled && client !== undefined,
      // A new event makes it stale; nothing else does.
      staleTime: Number.POSITIVE_INFINITY,
      ...(select && { select }),
    }),
  );
}
