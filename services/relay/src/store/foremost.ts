/** Compares two rows, as `sort` wants it. */
export type Compare = (a: number, b: number) => number;

/** At least this many rows are collected before the foremost are selected. */
const FEWEST_GATHERED = 1_024;

/**
 * The foremost of rows that arrive a few at a time. Linear in the number of rows, whatever their order: a row behind those
 * selected so far costs one comparison.
 */
export class Foremost {
  readonly #wanted: number;
  readonly #compare: Compare;
  readonly #rows: Uint32Array;
  #count = 0;
  /** The last selected row, once as many as wanted are selected. */
  #last: number | undefined;

  constructor(wanted: number, compare: Compare) {
    this.#wanted = wanted;
    this.#compare = compare;
    this.#rows = new Uint32Array(Math.max(FEWEST_GATHERED, 3 * wanted));
  }

  /** Takes the first `count` of rows. */
  take(rows: Uint32Array, count: number): void {
    const compare = this.#compare;
    for (let i = 0; i < count; i++) {
      const row = rows[i] ?? 0;
      if (this.#last !== undefined && compare(row, this.#last) > 0) continue;
      this.#rows[this.#count++] = row;
      if (this.#count === this.#rows.length) this.#choose();
    }
  }

  /** The selected rows, sorted; fewer than wanted when there are no more. */
  sorted(): number[] {
    this.#choose();
    return [...this.#rows.subarray(0, this.#count)].sort(this.#compare);
  }

  #choose(): void {
    if (this.#count <= this.#wanted) return;
    const chosen = this.#rows.subarray(0, this.#count);
    bringForward(chosen, this.#wanted, this.#compare);
    this.#count = this.#wanted;
    this.#last = chosen
      .subarray(0, this.#wanted)
      .reduce((last, row) => (this.#compare(row, last) > 0 ? row : last));
  }
}

/**
 * Moves the first `count` of the rows to the front, in any order (quickselect). The pivot is random, so that nobody can
 * arrange the worst case.
 */
function bringForward(rows: Uint32Array, count: number, compare: Compare): void {
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const pivot = rows[low + Math.floor(Math.random() * (high - low + 1))] ?? 0;
    let [i, j] = [low, high];
    while (i <= j) {
      while (compare(rows[i] ?? 0, pivot) < 0) i++;
      while (compare(rows[j] ?? 0, pivot) > 0) j--;
      if (i > j) break;
      const [left = 0, right = 0] = [rows[i], rows[j]];
      rows[i++] = right;
      rows[j--] = left;
    }
    if (count <= j) high = j;
    else if (count > i) low = i;
    else return;
  }
}
