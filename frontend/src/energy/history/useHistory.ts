import { connectIndexer, type Indexer } from "@wattline/indexer/client";
import { type ChainContext, useNetwork } from "../../chain/index.ts";
import { type Indexed, useIndexed } from "../../data/index.ts";

/**
 * A household's history: from the indexer, or from the chain's logs while it is down.
 * @param key Names what is read: JSON values.
 */
export function useHistory<T>(
  key: readonly unknown[],
  fromIndexer: (indexer: Indexer, signal: AbortSignal) => Promise<T>,
  fromChain: (context: ChainContext) => Promise<T>,
): Indexed<T> {
  const { indexerUrl = "" } = useNetwork();
  return useIndexed(key, (_, signal) => fromIndexer(connectIndexer(indexerUrl), signal), fromChain);
}
