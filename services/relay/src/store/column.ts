/**
 * Keeps those of the first `count` rows that pass, at the front and in their order.
 * @returns How many are left.
 */
export type Sieve = (rows: Uint32Array, count: number) => number;

/** What a column holds: a number, decimal or hexadecimal digits, or a boolean. */
export type Value = number | string | boolean;

const HIGHEST = 2 ** 32 - 1;

const EVERYTHING: Sieve = (_rows, count) => count;
const NOTHING: Sieve = () => 0;

/**
 * One value of many rows, in adjacent 32-bit words: a search reads only the columns that it needs, in loops that only
 * compare.
 */
export class Column {
  /** The highest words first, so that words compare as the values do; as many as the largest value needs. */
  #words: Uint32Array[] = [new Uint32Array(0)];
  #room = 0;

  /** Allocates memory for this many rows. */
  grow(rows: number): void {
    this.#room = rows;
    this.#words = this.#words.map((old) => {
      const words = new Uint32Array(rows);
      words.set(old);
      return words;
    });
  }

  set(row: number, value: Value): void {
    const bound = wordsOf(value, this.#words.length);
    while (this.#words.length < bound.length) this.#words.unshift(new Uint32Array(this.#room));
    for (const [i, words] of this.#words.entries()) words[row] = bound[i] ?? 0;
  }

  read(row: number): bigint {
    return this.#words.reduce((value, words) => (value << 32n) | BigInt(words[row] ?? 0), 0n);
  }

  /** Writes one row's value over another's. */
  copy(from: number, to: number): void {
    for (const words of this.#words) words[to] = words[from] ?? 0;
  }

  /** Compares two rows: negative, zero or positive. */
  compare(a: number, b: number): number {
    const columns = this.#words;
    for (let i = 0; i < columns.length; i++) {
      const difference = (columns[i]?.[a] ?? 0) - (columns[i]?.[b] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** Compares rows with a value: negative, zero or positive. */
  comparedWith(value: Value): (row: number) => number {
    const [columns, bound] = [this.#words, wordsOf(value, this.#words.length)];
    if (bound.length > columns.length) return () => -1;
    return (row) => compareAt(columns, row, bound);
  }

  atLeast(value: Value): Sieve {
    const least = wordsOf(value, this.#words.length);
    return this.#between(
      least,
      least.map(() => HIGHEST),
    );
  }

  atMost(value: Value): Sieve {
    const most = wordsOf(value, this.#words.length);
    if (most.length > this.#words.length) return EVERYTHING;
    return this.#between(
      most.map(() => 0),
      most,
    );
  }

  among(values: readonly Value[]): Sieve {
    const [only, ...others] = values;
    if (only !== undefined && others.length === 0) {
      const words = wordsOf(only, this.#words.length);
      return this.#between(words, words);
    }
    const tests = values.map((value) => this.comparedWith(value));
    return keeping((row) => {
      for (const test of tests) if (test(row) === 0) return true;
      return false;
    });
  }

  /** Keeps values that share a bit with `bits`; for values of one word. */
  sharing(bits: number): Sieve {
    const [words = new Uint32Array(0)] = this.#words;
    return keeping((row) => ((words[row] ?? 0) & bits) !== 0);
  }

  /** Keeps values whose words are from `least` to `most`. */
  #between(least: readonly number[], most: readonly number[]): Sieve {
    const columns = this.#words;
    if (least.length > columns.length) return NOTHING;
    const [[words = new Uint32Array(0)], [low = 0], [high = 0]] = [columns, least, most];
    // Most queries come down to this. A test function for each row would take three times as long.
    const byHighest: Sieve = (rows, count) => {
      let kept = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i] ?? 0;
        const word = words[row] ?? 0;
        if (word >= low && word <= high) rows[kept++] = row;
      }
      return kept;
    };
    if (columns.length === 1) return byHighest;
    const byAll = keeping(
      least === most
        ? (row) => compareAt(columns, row, least) === 0
        : (row) => compareAt(columns, row, least) >= 0 && compareAt(columns, row, most) <= 0,
    );
    return (rows, count) => byAll(rows, byHighest(rows, count));
  }
}

/** Keeps the rows that pass a test. */
export const keeping =
  (test: (row: number) => boolean): Sieve =>
  (rows, count) => {
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i] ?? 0;
      if (test(row)) rows[kept++] = row;
    }
    return kept;
  };

function compareAt(columns: readonly Uint32Array[], row: number, bound: readonly number[]): number {
  for (let i = 0; i < bound.length; i++) {
    const difference = (columns[i]?.[row] ?? 0) - (bound[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The words of a value, the highest first: as many as it needs, and at least `fewest`. */
function wordsOf(value: Value, fewest: number): number[] {
  const words: number[] = [];
  for (let left = BigInt(value); left > 0n || words.length < fewest; left >>= 32n) {
    words.unshift(Number(left & BigInt(HIGHEST)));
  }
  return words;
}
