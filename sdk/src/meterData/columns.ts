/** Rows of a column that are kept together. */
export const CHUNK = 16_384;

/**
 * Whole numbers from 0 to 2^32 - 1. As long as each is as far from the one before, as starts, lengths and row numbers mostly
 * are, only the first and that distance are kept.
 */
export class SteppingColumn {
  #length = 0;
  #first = 0;
  #step = 0;
  #each: Uint32Array | undefined;

  push(value: number): void {
    const index = this.#length++;
    if (index === 0) this.#first = value;
    if (index === 1) this.#step = value - this.#first;
    this.set(index, value);
  }

  set(index: number, value: number): void {
    if (this.#each === undefined) {
      if (value === this.at(index)) return;
      this.#each = Uint32Array.from({ length: CHUNK }, (_, at) =>
        at < this.#length ? this.at(at) : 0,
      );
    }
    this.#each[index] = value;
  }

  at(index: number): number {
    return this.#each?.[index] ?? this.#first + index * this.#step;
  }
}

const MOST_IN_32_BITS = 2 ** 31 - 1;

/** Whole numbers of any size, in 32 bits each as long as all of them fit. */
export class AmountColumn {
  #values: Int32Array | Float64Array = new Int32Array(CHUNK);

  set(index: number, value: number): void {
    const fits = Math.abs(value) <= MOST_IN_32_BITS;
    if (!fits && this.#values instanceof Int32Array) this.#values = Float64Array.from(this.#values);
    this.#values[index] = value;
  }

  at(index: number): number {
    return this.#values[index] ?? 0;
  }
}
