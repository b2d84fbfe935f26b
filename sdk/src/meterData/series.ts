import { AmountColumn, CHUNK, SteppingColumn } from "./columns.ts";
import type { Direction, Interval, Quality, Quantity } from "./types.ts";

const QUALITIES: readonly Quality[] = ["measured", "estimated", "unknown"];

/** Intervals that follow one another. */
class Chunk {
  readonly start = new SteppingColumn();
  readonly seconds = new SteppingColumn();
  readonly row = new SteppingColumn();
  readonly quality = new SteppingColumn();
  readonly milliWh = new AmountColumn();
}

/** Whose energy a series is. */
export interface SeriesKey {
  readonly meterId: string;
  readonly direction: Direction;
  readonly quantity: Quantity;
}

/**
 * One meter's intervals in one direction, in order of time. Kept in columns: ten years of quarter-hours of ten meters are 3.5
 * million intervals, and fit in 15 MB.
 */
export class MeterSeries implements Iterable<Interval> {
  readonly meterId: string;
  readonly direction: Direction;
  readonly quantity: Quantity;
  #chunks: Chunk[] = [];
  #length = 0;
  #sorted = true;
  #lastStart = -Infinity;

  constructor(key: SeriesKey, intervals: Iterable<Interval> = []) {
    this.meterId = key.meterId;
    this.direction = key.direction;
    this.quantity = key.quantity;
    for (const { start, seconds, milliWh, quality, row } of intervals) {
      this.push(start, seconds, milliWh, quality, row);
    }
    this.sort();
  }

  /** How many intervals there are. */
  get length(): number {
    return this.#length;
  }

  /** Adds an interval; call `sort` once all are in. */
  push(start: number, seconds: number, milliWh: number, quality: Quality, row: number): void {
    const at = this.#length % CHUNK;
    if (at === 0) this.#chunks.push(new Chunk());
    const chunk = this.#chunks.at(-1);
    if (!chunk) return;
    chunk.start.push(start);
    chunk.seconds.push(seconds);
    chunk.row.push(row);
    chunk.quality.push(QUALITIES.indexOf(quality));
    chunk.milliWh.set(at, milliWh);
    this.#length++;
    if (start < this.#lastStart) this.#sorted = false;
    this.#lastStart = start;
  }

  /** The interval at that place. @throws RangeError beyond the end. */
  at(index: number): Interval {
    const chunk = this.#chunks[Math.floor(index / CHUNK)];
    const at = index % CHUNK;
    if (!chunk || index >= this.#length) throw new RangeError(`there is no interval ${index}`);
    return {
      start: chunk.start.at(at),
      seconds: chunk.seconds.at(at),
      milliWh: chunk.milliWh.at(at),
      quality: QUALITIES[chunk.quality.at(at)] ?? "unknown",
      row: chunk.row.at(at),
    };
  }

  /** Start and length (s) and energy (mWh) of the intervals in turn; no object is made for each of the millions. */
  each(visit: (start: number, seconds: number, milliWh: number, index: number) => void): void {
    for (const [turn, { start, seconds, milliWh }] of this.#chunks.entries()) {
      const first = turn * CHUNK;
      const count = Math.min(this.#length - first, CHUNK);
      for (let at = 0; at < count; at++) {
        visit(start.at(at), seconds.at(at), milliWh.at(at), first + at);
      }
    }
  }

  /** The places of the intervals of that quality, in order. */
  placesOf(quality: Quality): number[] {
    const wanted = QUALITIES.indexOf(quality);
    const places: number[] = [];
    for (const [turn, { quality: qualities }] of this.#chunks.entries()) {
      const first = turn * CHUNK;
      const count = Math.min(this.#length - first, CHUNK);
      for (let at = 0; at < count; at++) if (qualities.at(at) === wanted) places.push(first + at);
    }
    return places;
  }

  *[Symbol.iterator](): IterableIterator<Interval> {
    for (let index = 0; index < this.#length; index++) yield this.at(index);
  }

  /** The sum of all intervals, thousandths of a Wh. */
  totalMilliWh(): bigint {
    let total = 0n;
    this.each((_start, _seconds, milliWh) => {
      total += BigInt(milliWh);
    });
    return total;
  }

  /** Puts an interval elsewhere in time; call `sort` once all are in place. */
  move(index: number, start: number, seconds: number): void {
    const chunk = this.#chunks[Math.floor(index / CHUNK)];
    if (!chunk || index >= this.#length) throw new RangeError(`there is no interval ${index}`);
    chunk.start.set(index % CHUNK, start);
    chunk.seconds.set(index % CHUNK, seconds);
    this.#sorted = false;
  }

  /** Whether any interval overlaps that time; the series is sorted. */
  covers(start: number, seconds: number): boolean {
    const before = this.#firstFrom(start + seconds) - 1;
    if (before < 0) return false;
    const { start: last, seconds: length } = this.at(before);
    return last + length > start;
  }

  /** Whether there is an interval of exactly that time and energy; the series is sorted. */
  holds(start: number, seconds: number, milliWh: number): boolean {
    const index = this.#firstFrom(start);
    if (index >= this.#length) return false;
    const found = this.at(index);
    return found.start === start && found.seconds === seconds && found.milliWh === milliWh;
  }

  /** Makes the interval that ends at `end` longer; the series is sorted. */
  lengthenBefore(end: number, seconds: number): void {
    const index = this.#firstFrom(end) - 1;
    const chunk = this.#chunks[Math.floor(index / CHUNK)];
    const at = index % CHUNK;
    if (!chunk || chunk.start.at(at) + chunk.seconds.at(at) !== end) return;
    chunk.seconds.set(at, chunk.seconds.at(at) + seconds);
  }

  /** The first interval that starts at that instant or later. */
  #firstFrom(start: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle).start < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #inOrder(): boolean {
    let last = 0;
    for (let index = 0; index < this.#length; index++) {
      const start = this.#chunks[Math.floor(index / CHUNK)]?.start.at(index % CHUNK) ?? 0;
      if (start < last) return false;
      last = start;
    }
    this.#sorted = true;
    return true;
  }

  /** Puts the intervals in order of time, those of the same start in order of their rows. */
  sort(): void {
    if (this.#sorted || this.#inOrder()) return;
    const order = Uint32Array.from({ length: this.#length }, (_, index) => index);
    const starts = new Uint32Array(this.#length);
    this.each((start, _seconds, _milliWh, index) => {
      starts[index] = start;
    });
    order.sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0) || a - b);
    const old = this.#chunks;
    this.#chunks = [];
    this.#length = 0;
    this.#lastStart = -Infinity;
    for (const index of order) {
      const from = old[Math.floor(index / CHUNK)];
      const at = index % CHUNK;
      if (!from) continue;
      this.push(
        from.start.at(at),
        from.seconds.at(at),
        from.milliWh.at(at),
        QUALITIES[from.quality.at(at)] ?? "unknown",
        from.row.at(at),
      );
    }
    this.#sorted = true;
  }
}
