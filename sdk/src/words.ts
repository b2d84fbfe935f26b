/**
 * Arithmetic on words of eight lanes, as in the contracts' `Profile`: see `profile.ts` for what a word is. Words must
 * be well formed (every guard bit clear); a lane that overflows throws a RangeError, where the contracts revert.
 */
/** One in every lane. */
const ONES = 0x0000000100000001000000010000000100000001000000010000000100000001n;

/** The guard bit of every lane. */
export const GUARDS = ONES << 31n;

/** A word with `wh` in lane `index` (0 to 7) and nothing elsewhere. */
export const laneWord = (index: number, wh: bigint): bigint => wh << BigInt(32 * index);

/** The sum, lane by lane. */
export function addWords(a: bigint, b: bigint): bigint {
  const sum = a + b;
  if ((sum & GUARDS) !== 0n) throw new RangeError("A lane would exceed 2^31 - 1 Wh.");
  return sum;
}

/** The difference, lane by lane. */
export function subtractWords(a: bigint, b: bigint): bigint {
  const difference = (a | GUARDS) - b;
  if ((difference & GUARDS) !== GUARDS) throw new RangeError("A lane would fall below zero.");
  return difference ^ GUARDS;
}

/** The guard bits of the lanes in which `a` is at least `b`. */
export const atLeast = (a: bigint, b: bigint): bigint => ((a | GUARDS) - b) & GUARDS;

/** Whether every lane of `a` is at most the same lane of `b`. */
export const isAtMost = (a: bigint, b: bigint): boolean => atLeast(b, a) === GUARDS;

/** The guard bits of the lanes that hold energy. */
export const heldLanes = (a: bigint): bigint => atLeast(a, ONES);

/** The value bits of every lane whose guard bit is set. */
export const fillLanes = (guards: bigint): bigint => guards - (guards >> 31n);

/** The minimum, lane by lane. */
export function minWords(a: bigint, b: bigint): bigint {
  const less = fillLanes(atLeast(b, a));
  return (a & less) | (b & ~less & ~GUARDS);
}
