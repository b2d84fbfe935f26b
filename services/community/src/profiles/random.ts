/** Returns the next number, evenly distributed from 0 (included) to 1 (excluded). */
export type Random = () => number;

const HIGHEST_SEED = 0xffff_ffff;

/**
 * A stream of random numbers that is the same for the same seed on every machine: it uses 32-bit
 * integer arithmetic only. Streams of one seed are independent of one another.
 *
 * Source: sfc32, "small fast counting", and its seeding by a 64-bit number (here: stream and seed),
 * by Chris Doty-Humphrey, PractRand (practrand.sourceforge.net).
 *
 * @param seed 0 to 4,294,967,295.
 * @param stream 0 to 4,294,967,295.
 * @throws RangeError if either is not a whole number in that range.
 */
export function seededRandom(seed: number, stream: number): Random {
  requireWord("seed", seed);
  requireWord("stream", stream);
  let a = 0;
  let b = seed | 0;
  let c = stream | 0;
  let counter = 1;
  const draw: Random = () => {
    const drawn = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + drawn) | 0;
    return (drawn >>> 0) / 2 ** 32;
  };
  // A new state needs twelve rounds until every bit of the seed has reached every word.
  for (let round = 0; round < 12; round++) draw();
  return draw;
}

/**
 * A number with mean 0 and standard deviation 1, close to normally distributed: the sum of twelve
 * even numbers (Irwin 1927, Hall 1927). It needs no logarithm or cosine, whose last digit may differ
 * between machines.
 */
export function normal(draw: Random): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += draw();
  return sum;
}

/**
 * A number that varies around 0 with standard deviation 1, correlated from step to step: a
 * first-order autoregressive process, x' = r·x + √(1 − r²)·ε.
 *
 * @param memory r, the correlation of one step with the next, 0 to 1.
 */
export function wandering(draw: Random, memory: number): () => number {
  const innovation = Math.sqrt(1 - memory * memory);
  let value = normal(draw);
  return () => {
    const current = value;
    value = memory * value + innovation * normal(draw);
    return current;
  };
}

function requireWord(what: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > HIGHEST_SEED) {
    throw new RangeError(
      `${what} ${value} is refused: give a whole number from 0 to ${HIGHEST_SEED}`,
    );
  }
}
