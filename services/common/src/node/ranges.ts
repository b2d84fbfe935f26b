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

/**
 * How many blocks to ask a node for at once, learned from its answers: half as many after a refusal, twice as many after an
 * answer, but not soon after a refusal. Kept with a node, it spares it what it has refused before.
 */
export class RangeSize {
  #blocks: number;
  readonly #most: number;
  /** Ranges to go until a larger one is tried. */
  #wait = 0;

  constructor({ first = MOST_BLOCKS, most = MOST_BLOCKS } = {}) {
    this.#blocks = first;
    this.#most = most;
  }

  get blocks(): number {
    return this.#blocks;
  }

  /**
   * A range was given.
   * @param fullness What its answer holds, where 1 is as much as one should.
   */
  answered(blocks: number, fullness: number): void {
    if (fullness > 2) this.#shrink(blocks);
    else if (this.#wait > 0) this.#wait--;
    // The last range of a reading may be short, which tells nothing about longer ones.
    else if (fullness < 0.5 && blocks >= this.#blocks) {
      this.#blocks = Math.min(blocks * 2, this.#most);
    }
  }

  refused(blocks: number): void {
    this.#shrink(blocks);
    this.#wait = REMEMBERED_FOR;
  }

  /** Others may read at the same time, and have learned more already. */
  #shrink(blocks: number): void {
    this.#blocks = Math.min(this.#blocks, Math.max(1, Math.floor(blocks / 2)));
  }
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
    size = new RangeSize(),
    signal,
    fullness = () => 0,
    mayFitSmaller = (error) => sparedByLess(kindIn(error)),
  }: RangeSettings<T> = {},
): AsyncGenerator<BlockRange<T>> {
  async function next(start: number): Promise<BlockRange<T>> {
    for (;;) {
      signal?.throwIfAborted();
      const end = Math.min(start + size.blocks - 1, to);
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
