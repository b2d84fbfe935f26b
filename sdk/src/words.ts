/**
 * Arithmetic on words of eight lanes, as in the contracts' `Profile`: see `profile.ts` for what a word is. Words must
 * be well formed (every guard bit clear); a lane that overflows throws a RangeError, where the contracts revert.
 */
import { LANE_MAX_WH, LANES, laneOf } from "./profile.ts";

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

/** `wh` in every lane, at most what a lane holds. */
export const uniformWord = (wh: bigint): bigint => (wh > LANE_MAX_WH ? LANE_MAX_WH : wh) * ONES;

/** `floor(a * numerator / denominator)` lane by lane; 0 where the denominator is 0. */
export function shareWord(a: bigint, numerator: bigint, denominator: bigint): bigint {
  let word = 0n;
  for (let i = 0; i < LANES; i++) {
    const whole = laneOf(denominator, i);
    if (whole !== 0n) word |= laneWord(i, (laneOf(a, i) * laneOf(numerator, i)) / whole);
  }
  return word;
}

const BPS = 10_000n;

/** What arrives after a tie line's loss, which is rounded down in every lane. */
export function arrivingWord(sent: bigint, lossBps: bigint): bigint {
  if (lossBps === 0n) return sent;
  let word = 0n;
  for (let i = 0; i < LANES; i++) {
    const wh = laneOf(sent, i);
    word |= laneWord(i, wh - (wh * lossBps) / BPS);
  }
  return word;
}

/** The value bits of block `blockNumber`'s lanes from slot `firstSlot` to before `endSlot`. */
export function maskOfSlots(blockNumber: number, firstSlot: number, endSlot: number): bigint {
  let mask = 0n;
  for (let i = 0; i < LANES; i++) {
    const slot = blockNumber * LANES + i;
    if (slot >= firstSlot && slot < endSlot) mask |= laneWord(i, LANE_MAX_WH);
  }
  return mask;
}
