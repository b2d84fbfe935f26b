import { BaseError, HttpRequestError } from "viem";

/** Blocks to ask for at first: what most public nodes give at once. */
const FIRST_SIZE = 10_000n;

/**
 * Reads the blocks `from` to `to` in ranges as large as the node and its answers allow: one that fails is halved, and those
 * that follow grow again.
 * @param read Reads one range; both ends are included.
 * @throws What `read` throws for a single block, or when the node can't be reached: a smaller range would not help.
 */
export async function readInRanges<T>(
  from: bigint,
  to: bigint,
  read: (from: bigint, to: bigint) => Promise<readonly T[]>,
  signal: AbortSignal,
): Promise<T[]> {
  const found: T[] = [];
  let size = FIRST_SIZE;
  for (let start = from; start <= to; ) {
    signal.throwIfAborted();
    const end = start + size - 1n < to ? start + size - 1n : to;
    try {
      for (const one of await read(start, end)) found.push(one);
      start = end + 1n;
      size = size * 2n < FIRST_SIZE ? size * 2n : FIRST_SIZE;
    } catch (error) {
      if (end === start || isUnreachable(error)) throw error;
      size = (end - start + 1n) / 2n;
    }
  }
  return found;
}

/** Whether no answer came at all, in contrast to one that refuses, or that is too long to be taken. */
function isUnreachable(error: unknown): boolean {
  const http =
    error instanceof BaseError && error.walk((cause) => cause instanceof HttpRequestError);
  if (!(http instanceof HttpRequestError) || http.status !== undefined) return false;
  return !/too (large|long|big)|exceed|limit|size/i.test(http.details);
}
