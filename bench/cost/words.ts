/** A transaction's effect on storage words, each counted once, by first and last value. */
export interface WordCounts {
  /** Unchanged in the end. */
  readonly kept: bigint;
  /** From a value other than zero to another one, possibly zero. */
  readonly changed: bigint;
  /** From zero to another value. */
  readonly created: bigint;
  /** Changed words that ended at zero. */
  readonly cleared: bigint;
}

/** Counts words given as pairs of first and last value. */
export function countWords(words: readonly (readonly [first: bigint, last: bigint])[]): WordCounts {
  const count = (test: (first: bigint, last: bigint) => boolean) =>
    BigInt(words.filter(([first, last]) => test(first, last)).length);
  return {
    kept: count((first, last) => first === last),
    changed: count((first, last) => first !== last && first !== 0n),
    created: count((first, last) => first !== last && first === 0n),
    cleared: count((first, last) => first !== last && last === 0n),
  };
}
