import * as z from "zod/mini";

/** The indexer does not answer, or refuses what it was asked. */
export class IndexerError extends Error {}

/**
 * Asks the indexer's GraphQL. Amounts come as decimal strings: turn them into `bigint` in the query's own function.
 * @throws IndexerError
 */
export async function askIndexer<T>(
  indexerUrl: string,
  query: string,
  variables: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<T> {
  const response = await fetch(`${base(indexerUrl)}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
    signal,
  }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new IndexerError(`The indexer at ${indexerUrl} does not answer.`);
  });
  if (!response.ok) throw new IndexerError(`The indexer answered ${response.status}.`);
  const { data, errors }: { data?: T; errors?: readonly { message: string }[] } =
    await response.json();
  if (errors?.[0] !== undefined || data === undefined) {
    throw new IndexerError(errors?.[0]?.message ?? "The indexer answered without data.");
  }
  return data;
}

/** Whether the indexer has caught up with the chain. @throws IndexerError when it does not answer. */
export async function fetchIndexerReady(indexerUrl: string, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(`${base(indexerUrl)}/ready`, { signal }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new IndexerError(`The indexer at ${indexerUrl} does not answer.`);
  });
  return response.ok;
}

/** The newest block whose events the indexer has told of; undefined when it follows no such chain. @throws IndexerError */
export async function fetchIndexedBlock(
  indexerUrl: string,
  chainId: number,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  const response = await fetch(`${base(indexerUrl)}/status`, { signal }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new IndexerError(`The indexer at ${indexerUrl} does not answer.`);
  });
  if (!response.ok) throw new IndexerError(`The indexer answered ${response.status}.`);
  const parsed = status.safeParse(await response.json());
  if (!parsed.success) throw new IndexerError("The indexer does not say how far it has read.");
  const chain = Object.values(parsed.data).find(({ id }) => id === chainId);
  return chain && BigInt(chain.block.number);
}

/** What Ponder says of each chain that it follows. */
const status = z.record(
  z.string(),
  z.object({ id: z.number(), block: z.object({ number: z.number() }) }),
);

const base = (url: string): string => url.replace(/\/$/, "");
