/** What a transaction did to its storage words, each counted once, by what it comes to in the end. */
export interface WordCounts {
  /** Ended as they began. */
  readonly kept: bigint;
  /** From something to something else, zero included. */
  readonly changed: bigint;
  /** From zero to something. */
  readonly created: bigint;
  /** Those of the changed ones that ended at zero. */
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
