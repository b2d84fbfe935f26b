import { IndexerError, noteBlock, queryAt, reach } from "@wattline/indexer/query";
import * as z from "zod/mini";

/**
 * Asks the indexer's GraphQL. Amounts come as decimal strings: turn them into `bigint` in the query's own function.
 * @throws IndexerError
 */
export const askIndexer = <T extends object>(
  indexerUrl: string,
  query: string,
  variables: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<T> => queryAt<T>(indexerUrl, ourFetch, query, variables, signal);

/** Whether the indexer has caught up with the chain. @throws IndexerError when it does not answer. */
export const fetchIndexerReady = async (
  indexerUrl: string,
  signal: AbortSignal,
): Promise<boolean> => (await reach(indexerUrl, ourFetch, "/ready", signal)).ok;

/** The newest block whose events the indexer has told of; undefined when it follows no such chain. @throws IndexerError */
export async function fetchIndexedBlock(
  indexerUrl: string,
  chainId: number,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  const response = await reach(indexerUrl, ourFetch, "/status", signal);
  if (!response.ok) throw new IndexerError(`The indexer answered ${response.status}.`);
  const parsed = status.safeParse(await response.json());
  if (!parsed.success) throw new IndexerError("The indexer does not say how far it has read.");
  const chain = Object.values(parsed.data).find(({ id }) => id === chainId);
  return chain && BigInt(noteBlock(indexerUrl, chain.block.number));
}

const ourFetch: typeof fetch = (...args) => fetch(...args);

/** What Ponder says of each chain that it follows. */
const status = z.record(
  z.string(),
  z.object({ id: z.number(), block: z.object({ number: z.number() }) }),
);
