import { type FailureKind, kindIn } from "./failures.ts";

/** Blocks that were read together. */
export interface BlockRange<T> {
  readonly from: number;
  /** The last one. */
  readonly to: number;
  readonly answer: T;
}

/** What most public nodes give at once. */
const MOST_BLOCKS = 10_000;
/** Ranges that have to be given after a refusal before a larger one is tried again. */
const REMEMBERED_FOR = 16;

/** How many blocks a node is asked for at once. */
export interface RangeSize {
  readonly blocks: () => number;
  /**
   * A range was given.
   * @param fullness What its answer holds, where 1 is as much as one should.
   */
  readonly answered: (blocks: number, fullness: number) => void;
  readonly refused: (blocks: number) => void;
}

/**
 * A size that is learned from a node's answers: half as much after a refusal, twice as much after an answer, but not soon
 * after a refusal. Kept with a node, it spares it what it has refused before.
 */
export function rangeSize({ first = MOST_BLOCKS, most = MOST_BLOCKS } = {}): RangeSize {
  let size = first;
  /** Ranges to go until a larger one is tried. */
  let wait = 0;

  /** Others may read at the same time, and have learned more already. */
  const shrink = (blocks: number): void => {
    size = Math.min(size, Math.max(1, Math.floor(blocks / 2)));
  };
  return {
    blocks: () => size,
    answered(blocks, fullness) {
      if (fullness > 2) shrink(blocks);
      else if (wait > 0) wait--;
      // The last range of a reading may be short, which tells nothing about longer ones.
      else if (fullness < 0.5 && blocks >= size) size = Math.min(blocks * 2, most);
    },
    refused(blocks) {
      shrink(blocks);
      wait = REMEMBERED_FOR;
    },
  };
}

/** How a history is read in ranges. */
export interface RangeSettings<T> {
  /** Kept by those who ask the same node again. */
  readonly size?: RangeSize;
  readonly signal?: AbortSignal | undefined;
  /** What an answer holds, where 1 is as much as one should: less than half makes ranges grow, more than twice shrink. */
  fullness?(answer: T): number;
  /** Whether a failure may be due to the size of the range. */
  mayFitSmaller?(error: unknown): boolean;
}

/**
 * Reads the blocks `from` to `to`, in order, in ranges as large as the node and its answers allow: what is refused for its
 * size is asked for again in halves. The next range is read while the last one is being used.
 * @param read Reads one range; both ends are included.
 * @throws What `read` throws for a single block, or for a reason that smaller ranges don't change; the signal's reason.
 */
export async function* inRanges<T>(
  from: number,
  to: number,
  read: (from: number, to: number) => Promise<T>,
  {
    size = rangeSize(),
    signal,
    fullness = () => 0,
    mayFitSmaller = (error) => sparedByLess(kindIn(error)),
  }: RangeSettings<T> = {},
): AsyncGenerator<BlockRange<T>> {
  async function next(start: number): Promise<BlockRange<T>> {
    for (;;) {
      signal?.throwIfAborted();
      const end = Math.min(start + size.blocks() - 1, to);
      try {
        const answer = await read(start, end);
        size.answered(end - start + 1, fullness(answer));
        return { from: start, to: end, answer };
      } catch (error) {
        if (end === start || !mayFitSmaller(error)) throw error;
        size.refused(end - start + 1);
      }
    }
  }

  let upcoming = from <= to ? next(from) : undefined;
  while (upcoming !== undefined) {
    const range = await upcoming;
    upcoming = range.to < to ? next(range.to + 1) : undefined;
    // It may never be asked for: its failure must not end the process.
    upcoming?.catch(() => undefined);
    yield range;
  }
}

/**
 * Whether a failure may be due to how much was asked for: an answer that breaks off or takes too long may be too large, and
 * many nodes refuse in words of their own. A node that can't be reached, or that wants a pause, gives less no sooner.
 */
export const sparedByLess = (kind: FailureKind): boolean =>
  kind === "tooLarge" || kind === "refused" || kind === "failing";
