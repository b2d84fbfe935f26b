import type { Notes } from "./collector.ts";
import type { MeterSeries } from "./series.ts";
import type { FindingKind } from "./types.ts";

/** Lists what is wrong or unusual in a series: gaps, overlaps, duplicates, negative and estimated values. */
export function examine(series: MeterSeries, notes: Notes): void {
  const found = (kind: FindingKind, index: number, message: string): void => {
    const { row } = series.at(index);
    const { meterId } = series;
    notes.find({ kind, row, lastRow: row, count: 1, meterId, message });
  };
  /** The interval that lasts longest so far. */
  const last = { index: -1, start: 0, seconds: 0 };
  series.each((start, seconds, milliWh, index) => {
    const end = last.start + last.seconds;
    if (last.index >= 0 && start > end) {
      found("gap", index, `nothing from ${utc(end)} to ${utc(start)}`);
    } else if (last.index >= 0 && start === last.start && seconds === last.seconds) {
      const before = series.at(last.index);
      const same = milliWh === before.milliWh ? "with the same value" : "with another value";
      found("duplicate", index, `${utc(start)} as in row ${before.row}, ${same}`);
    } else if (last.index >= 0 && start < end) {
      found("overlap", index, `${utc(start)} overlaps row ${series.at(last.index).row}`);
    }
    if (milliWh < 0) found("negative", index, `${milliWh / 1e6} kWh is negative`);
    if (last.index < 0 || start + seconds >= end) {
      last.index = index;
      last.start = start;
      last.seconds = seconds;
    }
  });
  for (const index of series.placesOf("estimated")) {
    found("estimated", index, "the value is an estimate");
  }
}

const utc = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace(/:00\.000Z$/, "Z");
