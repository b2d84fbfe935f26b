import { inRanges, rangeSize, sparedByLess } from "@wattline/common/node";
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
/** The header of every block is read, so a range is some megabytes even when it holds nothing of ours. */
const MOST_SIZE = 5_000;
/** Transactions that a range aims at: a few megabytes. */
const GOOD_COUNT = 1_000;

/**
 * Reads the blocks `from` to `to` in ranges as large as the node and their transactions allow, and makes sure that they are
 * of one chain.
 * @param before The block before `from`, when it is known: what follows must still stand on it.
 * @throws RpcError when even a single block can't be read; ReorgError when blocks that were read are replaced.
 */
export async function* readRanges(
  source: Source,
  from: number,
  to: number,
  before?: Header,
): AsyncGenerator<ReadRange> {
  let anchor = before;
  const ranges = inRanges(from, to, (first, last) => readRange(source, first, last), {
    size: rangeSize({ first: FIRST_SIZE, most: MOST_SIZE }),
    fullness: ({ blocks }) =>
      blocks.reduce((sum, { transactions }) => sum + transactions.length, 0) / GOOD_COUNT,
    mayFitSmaller,
  });
  for await (const { answer } of ranges) {
    await expectSame(source, anchor);
    anchor = answer.end;
    yield answer;
  }
  await expectSame(source, anchor);
}

async function readRange(source: Source, from: number, to: number): Promise<ReadRange> {
  const [blocks, end] = await Promise.all([
    // Two tries while a smaller range may do; all patience for a single block.
    source.read(from, to, to > from ? 2 : undefined),
    source.header(to),
  ]);
  return { from, end, blocks };
}

/** A node may contradict itself at its newest blocks only. */
const mayFitSmaller = (error: unknown): boolean =>
  error instanceof RpcError && (error.kind === "contradiction" || sparedByLess(error.kind));

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
