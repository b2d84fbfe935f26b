import type { ChainBlock } from "@wattline/sdk";
import { ReorgError, RpcError } from "./errors.ts";
import type { Header, Source } from "./source.ts";

/** A range of blocks that has been read. */
export interface ReadRange {
  readonly from: number;
  /** The last block of the range. */
  readonly end: Header;
  readonly blocks: readonly ChainBlock[];
}

const FIRST_SIZE = 500;
const MOST_SIZE = 20_000;
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
        // One try while a smaller range may do; all patience for a single block.
        const [blocks, last] = await Promise.all([
          source.read(start, end, end > start ? 2 : undefined),
          source.header(end),
        ]);
        const transactions = blocks.reduce((sum, block) => sum + block.transactions.length, 0);
        if (transactions < GOOD_COUNT / 2) size = Math.min(size * 2, MOST_SIZE);
        else if (transactions > 2 * GOOD_COUNT) size = Math.max(Math.floor(size / 2), 1);
        return { from: start, end: last, blocks };
      } catch (error) {
        if (!(error instanceof RpcError) || end === start) throw error;
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
    // Whoever stops here must not be surprised by a request that fails later.
    upcoming?.catch(() => undefined);
    yield range;
  }
  await expectSame(source, anchor);
}

/** @throws ReorgError when a block is not what it was. */
export async function expectSame(source: Source, known: Header | undefined): Promise<void> {
  if (known === undefined) return;
  const now = await source.header(known.number).catch(() => undefined);
  if (now?.hash === known.hash) return;
  throw new ReorgError(
    `Block ${known.number} was ${known.hash} and is ${now?.hash ?? "gone"} now: the chain was reorganised.`,
  );
}
