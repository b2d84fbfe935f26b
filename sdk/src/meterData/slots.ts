import { MeterSeries } from "./series.ts";
import type { Interval } from "./types.ts";

/** A series in delivery slots. */
export interface SlotSeries {
  /** Slot = Unix seconds / slotSeconds. */
  readonly firstSlot: number;
  readonly slotSeconds: number;
  /** Wh of each slot. */
  readonly energyWh: readonly bigint[];
  /** Which slots the series covers as a whole; others hold what it has of them. */
  readonly covered: readonly boolean[];
}

const MILLI = 1000n;
/** Ten years of slots of 5 minutes are a million. */
const MOST_SLOTS = 4_000_000;

/**
 * Splits intervals into delivery slots, and merges shorter ones. An interval's energy is spread evenly over its
 * time. Both the split and the step to whole Wh round the running sum, so that the sum of slots is the sum of
 * the series, rounded to the Wh.
 *
 * @throws RangeError for intervals that overlap or are negative: leave some out first (see `resolve`).
 */
export function toSlots(series: Iterable<Interval>, slotSeconds: number): SlotSeries {
  if (!Number.isSafeInteger(slotSeconds) || slotSeconds < 1) {
    throw new RangeError(`slots of ${slotSeconds} s: give a whole number of seconds, 1 or more`);
  }
  const milliWh: number[] = [];
  const filled: number[] = [];
  let firstSlot = 0;
  let end = -Infinity;
  for (const { start, seconds, milliWh: energy, row } of series) {
    if (start < end) throw new RangeError(`row ${row} overlaps another: leave one of them out`);
    if (energy < 0) throw new RangeError(`row ${row} is negative (${energy} mWh): leave it out`);
    if (end === -Infinity) firstSlot = Math.floor(start / slotSeconds);
    end = start + seconds;
    if (Math.ceil(end / slotSeconds) - firstSlot > MOST_SLOTS) {
      throw new RangeError(
        `row ${row} is more than ${MOST_SLOTS} slots after the first: split the file`,
      );
    }
    let given = 0;
    for (let from = start; from < end; ) {
      const slot = Math.floor(from / slotSeconds);
      const to = Math.min((slot + 1) * slotSeconds, end);
      // By whole seconds of the interval; BigInt where the product leaves the safe integers.
      const upTo = shareOf(energy, to - start, seconds);
      while (milliWh.length <= slot - firstSlot) {
        milliWh.push(0);
        filled.push(0);
      }
      milliWh[slot - firstSlot] = (milliWh[slot - firstSlot] ?? 0) + upTo - given;
      filled[slot - firstSlot] = (filled[slot - firstSlot] ?? 0) + to - from;
      given = upTo;
      from = to;
    }
  }
  return {
    firstSlot,
    slotSeconds,
    energyWh: wholeWh(milliWh),
    covered: filled.map((seconds) => seconds === slotSeconds),
  };
}

function shareOf(energy: number, part: number, whole: number): number {
  const product = energy * part;
  if (Number.isSafeInteger(product)) return Math.floor(product / whole);
  return Number((BigInt(energy) * BigInt(part)) / BigInt(whole));
}

function wholeWh(milliWh: readonly number[]): bigint[] {
  let sum = 0n;
  let given = 0n;
  return milliWh.map((each) => {
    sum += BigInt(each);
    const upTo = (sum + MILLI / 2n) / MILLI;
    const wh = upTo - given;
    given = upTo;
    return wh;
  });
}

/** What the caller decided about the rows that findings name. */
export interface Decisions {
  /** Of rows of the same time, and of rows that overlap. */
  readonly overlaps?: "keepFirst" | "keepLast";
  readonly negative?: "leaveOut" | "asZero";
  readonly estimated?: "keep" | "leaveOut";
}

/** The series as decided: ready for `toSlots`. What was not decided stays as it is. */
export function resolve(series: MeterSeries, decisions: Decisions): MeterSeries {
  const kept: Interval[] = [];
  for (const interval of series) {
    if (interval.quality === "estimated" && decisions.estimated === "leaveOut") continue;
    if (interval.milliWh < 0 && decisions.negative === "leaveOut") continue;
    const value = interval.milliWh < 0 && decisions.negative === "asZero" ? 0 : interval.milliWh;
    const current = { ...interval, milliWh: value };
    const last = kept.at(-1);
    if (last && decisions.overlaps && current.start < last.start + last.seconds) {
      const first = decisions.overlaps === "keepFirst";
      if (first === current.row < last.row) kept[kept.length - 1] = current;
      continue;
    }
    kept.push(current);
  }
  return new MeterSeries(series, kept);
}
