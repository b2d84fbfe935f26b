import type { Notes } from "./collector.ts";
import type { MeterSeries } from "./series.ts";
import type { FindingKind, Interval } from "./types.ts";

/** Lists what is wrong or unusual in a series: gaps, overlaps, duplicates, negative and estimated values. */
export function examine(series: MeterSeries, notes: Notes): void {
  let last: Interval | undefined;
  for (const interval of series) {
    if (last) {
      const end = last.start + last.seconds;
      if (interval.start > end) {
        note(notes, series, "gap", interval, `nothing from ${utc(end)} to ${utc(interval.start)}`);
      } else if (interval.start === last.start && interval.seconds === last.seconds) {
        const same =
          interval.milliWh === last.milliWh ? "with the same value" : "with another value";
        note(
          notes,
          series,
          "duplicate",
          interval,
          `${utc(interval.start)} as in row ${last.row}, ${same}`,
        );
      } else if (interval.start < end) {
        note(notes, series, "overlap", interval, `${utc(interval.start)} overlaps row ${last.row}`);
      }
    }
    if (interval.milliWh < 0) {
      note(notes, series, "negative", interval, `${interval.milliWh / 1e6} kWh is negative`);
    }
    last =
      !last || interval.start + interval.seconds >= last.start + last.seconds ? interval : last;
  }
  for (const interval of series) {
    if (interval.quality === "estimated") {
      note(notes, series, "estimated", interval, "the value is an estimate");
    }
  }
}

function note(
  notes: Notes,
  { meterId }: MeterSeries,
  kind: FindingKind,
  { row }: Interval,
  message: string,
): void {
  notes.find({ kind, row, lastRow: row, count: 1, meterId, message });
}

const utc = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace(/:00\.000Z$/, "Z");
