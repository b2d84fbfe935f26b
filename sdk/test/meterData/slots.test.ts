import { expect } from "chai";
import * as fc from "fast-check";
import { type Interval, MeterSeries, resolve, toSlots } from "../../src/meterData/index.ts";
import { readText } from "./support.ts";

const KEY = { meterId: "meter", direction: "import", quantity: "energy" } as const;

/** Intervals that follow one another, with gaps. */
const intervals = fc
  .array(
    fc.record({
      gap: fc.constantFrom(0, 0, 0, 60, 900, 5000),
      seconds: fc.constantFrom(60, 300, 600, 900, 1800, 3600),
      milliWh: fc.integer({ min: 0, max: 2_000_000_000 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((steps) => {
    let end = 1_700_000_100;
    return steps.map(({ gap, seconds, milliWh }, index): Interval => {
      const start = end + gap;
      end = start + seconds;
      return { start, seconds, milliWh, quality: "measured", row: index + 1 };
    });
  });

describe("Delivery slots of a meter's intervals", () => {
  it("add up to the series, to the Wh, and each holds its time's part of every interval", async () => {
    await fc.assert(
      fc.asyncProperty(
        intervals,
        fc.constantFrom(300, 900, 1800, 3600),
        async (series, slotSeconds) => {
          const { energyWh, firstSlot } = toSlots(series, slotSeconds);
          const total = series.reduce((sum, { milliWh }) => sum + BigInt(milliWh), 0n);
          expect(energyWh.reduce((sum, wh) => sum + wh, 0n)).to.equal((total + 500n) / 1000n);
          energyWh.forEach((wh, index) => {
            const from = (firstSlot + index) * slotSeconds;
            const exact = series.reduce((sum, { start, seconds, milliWh }) => {
              const within = Math.min(start + seconds, from + slotSeconds) - Math.max(start, from);
              return within > 0 ? sum + (milliWh * within) / seconds : sum;
            }, 0);
            expect(Number(wh)).to.be.within(exact / 1000 - 1.1, exact / 1000 + 1.1);
          });
        },
      ),
      { numRuns: process.env.WATTLINE_DEEP ? 5_000 : 300 },
    );
  });

  it("of one length with the intervals are the intervals", () => {
    const series = [250_000, 0, 1_250_000].map(
      (milliWh, index): Interval => ({
        start: 900 * (index + 4),
        seconds: 900,
        milliWh,
        quality: "measured",
        row: index,
      }),
    );
    expect(toSlots(series, 900)).to.deep.equal({
      firstSlot: 4,
      slotSeconds: 900,
      energyWh: [250n, 0n, 1250n],
      covered: [true, true, true],
    });
  });

  it("of power over ten minutes add up to the energy, though no ten minutes of it are whole", async () => {
    const interval_reading = [10, 20, 30, 40, 50, 60].map((minute) => ({
      value: "100",
      date: minute === 60 ? "2024-06-01 01:00:00" : `2024-06-01 00:${minute}:00`,
      interval_length: "PT10M",
    }));
    const text = JSON.stringify({
      meter_reading: { reading_type: { unit: "W" }, interval_reading },
    });
    const { series } = await readText(text);
    expect(series[0]?.totalMilliWh()).to.equal(100_000n);
    expect(toSlots(series[0] ?? [], 1800).energyWh).to.deep.equal([50n, 50n]);
  });

  const row = (
    at: number,
    start: number,
    milliWh: number,
    quality: Interval["quality"] = "measured",
  ): Interval => ({
    row: at,
    start,
    milliWh,
    quality,
    seconds: 900,
  });

  it("refuse what overlaps or is negative, until the caller decides", () => {
    const series = new MeterSeries(KEY, [
      row(1, 900, 1000),
      row(2, 900, 2000),
      row(3, 1800, -3000),
      row(4, 2700, 4000, "estimated"),
    ]);
    expect(() => toSlots(series, 900)).to.throw(RangeError, "row 2 overlaps");
    const wh = (decisions: Parameters<typeof resolve>[1]): bigint[] => [
      ...toSlots(resolve(series, decisions), 900).energyWh,
    ];
    expect(() => wh({ overlaps: "keepFirst" })).to.throw(RangeError, "row 3 is negative");
    expect(wh({ overlaps: "keepFirst", negative: "asZero" })).to.deep.equal([1n, 0n, 4n]);
    expect(wh({ overlaps: "keepLast", negative: "leaveOut", estimated: "leaveOut" })).to.deep.equal(
      [2n],
    );
  });
});
