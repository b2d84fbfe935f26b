/** One request to an indexer, or to any of several behind one address that a load balancer serves. */

/** The indexer can't be reached or refuses a query; the message says which and why. */
export class IndexerError extends Error {}

/** Pauses before what has failed is asked again: the load balancer may not have noticed yet that an indexer is gone. */
const FAILED_PAUSES_MS = [100, 300];
/** Pauses before an indexer that is behind another one is asked again; then the chain may have become shorter, too. */
const BEHIND_PAUSES_MS = [25, 50, 100, 200, 400, 800, 1_600];

/**
 * The header that says from which blocks an answer's rows are, as `first-last`: none are missing up to the first, and none are
 * newer than the last.
 */
export const BLOCKS_HEADER = "wattline-blocks";

/** The newest block of which an address has told. */
const newest = new Map<string, number>();

/** Asks for a path, again when that fails. @throws IndexerError, or the signal's reason */
export async function reach(
  url: string,
  fetcher: typeof fetch,
  path: string,
  signal: AbortSignal | undefined,
  request: RequestInit = {},
): Promise<Response> {
  for (let tries = 0; ; tries++) {
    const failure = await once();
    if (failure instanceof Response) return failure;
    const pauseMs = FAILED_PAUSES_MS[tries];
    if (pauseMs === undefined) throw failure;
    await pause(pauseMs, signal);
  }

  async function once(): Promise<Response | IndexerError> {
    try {
      const place = `${url.replace(/\/$/, "")}${path}`;
      const response = await fetcher(place, { ...request, ...(signal && { signal }) });
      if (![502, 504].includes(response.status)) {
        // The whole of it: a server that is killed breaks off.
        const { status, headers } = response;
        return new Response(await response.arrayBuffer(), { status, headers });
      }
      return new IndexerError(`The indexer at ${url} answered with HTTP ${response.status}.`);
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      return new IndexerError(`The indexer at ${url} can't be reached (${reason}).`);
    }
  }
}

/**
 * Answers a GraphQL document. No answer is from before a block of which the address has told already, unless none of its indexers
 * has that block for three seconds.
 * @throws IndexerError, or the signal's reason
 */
export async function queryAt<Data extends object>(
  url: string,
  fetcher: typeof fetch,
  document: string,
  variables: object,
  signal: AbortSignal | undefined,
): Promise<Data> {
  for (let tries = 0; ; tries++) {
    const { data, blocks } = await ask<Data>(url, fetcher, document, variables, signal);
    const pauseMs = BEHIND_PAUSES_MS[tries];
    if (pauseMs !== undefined && isBehind(url, blocks?.first)) await pause(pauseMs, signal);
    else {
      if (blocks !== undefined) newest.set(url, blocks.last);
      return data;
    }
  }
}

/** Takes note of a block of which an address has told. @returns The newest of them: answers are from no block before it */
export function noteBlock(url: string, block: number): number {
  const known = Math.max(block, newest.get(url) ?? block);
  newest.set(url, known);
  return known;
}

const isBehind = (url: string, block: number | undefined): boolean => {
  const known = newest.get(url);
  return known !== undefined && (block ?? -1) < known;
};

async function ask<Data extends object>(
  url: string,
  fetcher: typeof fetch,
  query: string,
  variables: object,
  signal: AbortSignal | undefined,
): Promise<{ readonly data: Data; readonly blocks: Blocks | undefined }> {
  const response = await reach(url, fetcher, "/graphql", signal, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }, (_, value) =>
      typeof value === "bigint" ? value.toString() : value,
    ),
  });
  const { data, errors }: Answer<Data> = (await response.json().catch(() => undefined)) ?? {};
  if (errors !== undefined && errors.length > 0) {
    const words = errors.map(({ message }) => message).join(" ");
    throw new IndexerError(`The indexer refuses the query: ${words}`);
  }
  if (!response.ok || typeof data !== "object" || data === null) {
    throw new IndexerError(`The indexer at ${url} answered with HTTP ${response.status}.`);
  }
  return { data, blocks: blocksOf(response) };
}

interface Answer<Data> {
  readonly data?: Data;
  readonly errors?: readonly { readonly message: string }[];
}

/** The blocks between which an answer's rows were read. */
interface Blocks {
  readonly first: number;
  readonly last: number;
}

function blocksOf({ headers }: Response): Blocks | undefined {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(headers.get(BLOCKS_HEADER) ?? "") ?? [];
  return first === undefined ? undefined : { first: Number(first), last: Number(last) };
}

/** @throws the signal's reason */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    }
  });
}
