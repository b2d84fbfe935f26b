import type { ChainBlock } from "@wattline/sdk";
import type { Header } from "./answers.ts";
import { ReorgError, RpcError } from "./errors.ts";
import type { Source } from "./source.ts";

/** A range of blocks that has been read. */
export interface ReadRange {
  readonly from: number;
  /** The last block of the range. */
  readonly end: Header;
  readonly blocks: readonly ChainBlock[];
}

const FIRST_SIZE = 500;
/** The header of every block is read, so a range is some megabytes even when it holds nothing. */
const MOST_SIZE = 5_000;
/** Transactions that a range aims at: a few megabytes. */
const GOOD_COUNT = 1_000;

/**
 * Reads the blocks `from` to `to` in ranges as large as the node allows: a range that it refuses is halved, one that
 * holds little makes the next one larger. The next range is read while the last one is being judged.
 * @param before The block before `from`, when it is known: what follows must still stand on it.
 * @throws RpcError when even a single block can't be read; ReorgError when blocks that were read are replaced.
 */
export async function* readRanges(
  source: Source,
  from: number,
  to: number,
  before?: Header,
): AsyncGenerator<ReadRange> {
  let size = FIRST_SIZE;
  let anchor = before;

  async function next(start: number): Promise<ReadRange> {
    for (;;) {
      const end = Math.min(start + size - 1, to);
      try {
        // Two tries while a smaller range may do; all patience for a single block.
        const [blocks, last] = await Promise.all([
          source.read(start, end, end > start ? 2 : undefined),
          source.header(end),
        ]);
        const transactions = blocks.reduce((sum, block) => sum + block.transactions.length, 0);
        if (transactions < GOOD_COUNT / 2) size = Math.min(size * 2, MOST_SIZE);
        else if (transactions > 2 * GOOD_COUNT) size = Math.max(Math.floor(size / 2), 1);
        return { from: start, end: last, blocks };
      } catch (error) {
        if (!(error instanceof RpcError) || !SMALLER_MAY_DO.has(error.kind) || end === start) {
          throw error;
        }
        size = Math.max(Math.floor((end - start + 1) / 2), 1);
      }
    }
  }

  let upcoming: Promise<ReadRange> | undefined;
  for (let start = from; start <= to; ) {
    upcoming ??= next(start);
    const range = await upcoming;
    await expectSame(source, anchor);
    anchor = range.end;
    start = range.end.number + 1;
    upcoming = start <= to ? next(start) : undefined;
    // The range may never be asked for: its failure must not end the process.
    upcoming?.catch(() => undefined);
    yield range;
  }
  await expectSame(source, anchor);
}

/** Failures that a smaller range may spare. */
const SMALLER_MAY_DO: ReadonlySet<RpcError["kind"]> = new Set([
  "refused",
  "failing",
  "contradiction",
]);

/**
 * Makes sure that a block is what it was.
 * @throws ReorgError when it is another one now, or the node does not have it any more however long it is waited for;
 * RpcError when the node does not answer.
 */
export async function expectSame(source: Source, known: Header | undefined): Promise<void> {
  if (known === undefined) return;
  const now = await source.header(known.number).catch((error: unknown) => {
    if (error instanceof RpcError && error.kind === "behind") return undefined;
    throw error;
  });
  if (now?.hash === known.hash) return;
  throw new ReorgError(
    now === undefined
      ? `Block ${known.number} was ${known.hash}, and the node does not have it any more: the chain was reorganised, or the node lags behind.`
      : `Block ${known.number} was ${known.hash} and is ${now.hash} now: the chain was reorganised.`,
  );
}
