import assert from "node:assert/strict";
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { parseDecimal } from "../../src/meterData/numbers.ts";
import { MeterSeries } from "../../src/meterData/series.ts";
import type { Interval, Quality } from "../../src/meterData/types.ts";

const KEY = { meterId: "AT1", direction: "import", quantity: "energy" } as const;

/** Runs of regular intervals with gaps, changed lengths, large values and qualities between them. */
const runs = fc
  .array(
    fc.record({
      gap: fc.constantFrom(0, 0, 60, 900, 100_000),
      seconds: fc.constantFrom(300, 900, 3_600),
      count: fc.integer({ min: 1, max: 9_000 }),
      milliWh: fc.constantFrom(0, 250_000, 2 ** 31, 2 ** 40, -7),
      quality: fc.constantFrom<Quality>("measured", "measured", "estimated", "unknown"),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((all) => {
    const intervals: Interval[] = [];
    let start = 1_700_000_000;
    for (const { gap, seconds, count, milliWh, quality } of all) {
      start += gap;
      for (let each = 0; each < count; each++) {
        intervals.push({ start, seconds, milliWh, quality, row: intervals.length + 2 });
        start += seconds;
      }
    }
    return intervals;
  });

describe("A long series", () => {
  it("gives back every interval, however regular they are", () => {
    fc.assert(
      fc.property(runs, (intervals) => {
        const series = new MeterSeries(KEY, intervals);
        assert.deepEqual([...series], intervals);
        const total = intervals.reduce((sum, { milliWh }) => sum + BigInt(milliWh), 0n);
        expect(series.totalMilliWh()).to.equal(total);
        const estimated = intervals.flatMap(({ quality }, at) =>
          quality === "estimated" ? [at] : [],
        );
        expect(series.placesOf("estimated")).to.deep.equal(estimated);
      }),
      { numRuns: 10 },
    );
  });

  it("is the same when it was given backwards", () => {
    fc.assert(
      fc.property(runs, (intervals) => {
        const series = new MeterSeries(KEY, intervals.toReversed());
        assert.deepEqual([...series], intervals);
      }),
      { numRuns: 5 },
    );
  });

  it("remembers an interval that was moved", () => {
    const intervals = Array.from(
      { length: 20_000 },
      (_, index): Interval => ({
        ...{ start: 1_700_000_000 + index * 900, seconds: 900, milliWh: index },
        ...{ quality: "measured", row: index + 2 },
      }),
    );
    const series = new MeterSeries(KEY, intervals);
    series.move(17_000, 1_600_000_000, 1_800);
    series.sort();
    const [first, ...others] = series;
    expect(first).to.deep.equal({ ...intervals[17_000], start: 1_600_000_000, seconds: 1_800 });
    assert.deepEqual(others, intervals.toSpliced(17_000, 1));
  });
});

describe("A decimal number", () => {
  it("is the nearest number to what is written, with either mark", () => {
    const digits = fc.stringMatching(/^-?\d{1,12}(\.\d{1,9})?$/);
    fc.assert(
      fc.property(digits, (text) => {
        expect(parseDecimal(text, ".")).to.equal(Number(text));
        expect(parseDecimal(text.replace(".", ","), ",")).to.equal(Number(text));
      }),
    );
  });
});
