import { Collector, type RegisterBuilder } from "../collector.ts";
import { type CsvRow, csvRows, separatorOf } from "../csv.ts";
import { type DecimalMark, decimalMarkOf, parseDecimal } from "../numbers.ts";
import { placeByBoth } from "../place.ts";
import { parseDate, parseTime } from "../stamps.ts";
import { type Direction, MeterFileError } from "../types.ts";
import type { Zone } from "../zone.ts";
import { conclude, headerOf, type ReadMeterFile, zoneFor } from "./reader.ts";

/**
 * e-distribuzione (Italy): a row a day, a column for each interval of the day ("00:00-00:15"), in kWh. The file
 * does not say the direction: import, unless answered otherwise. Sample: Home-Assistant-Import-Energy-Data,
 * folder e-distribuzione (MIT licence).
 */
const INTERVAL = /^(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})$/;
const DAY = /^(?:giorno|data)$/i;

export const read: ReadMeterFile = async (file, { answers = {}, signal, onProgress }) => {
  const into = new Collector();
  const zone = zoneFor(file.name, answers, "Europe/Rome");
  const separator = separatorOf(file.head);
  let table: DayTable | undefined;
  let first: readonly CsvRow[] = [];
  for await (const rows of csvRows(file, separator)) {
    signal?.throwIfAborted();
    if (first.length === 0) first = rows;
    table ??= tableOf(file.name, rows, into, answers.direction === "export" ? "export" : "import");
    for (const row of rows)
      if (zone && row.row > table.headerRow) readDay(file.name, table, row, zone, into);
    onProgress?.(rows.at(-1)?.row ?? 0);
  }
  const preview = {
    separator,
    columns: table?.columns ?? [],
    rows: first.slice(0, 4).map(({ cells }) => cells),
  };
  return conclude("eDistribuzione", file, into, zone, answers, preview);
};

interface DayTable {
  readonly headerRow: number;
  readonly columns: readonly string[];
  readonly day: number;
  readonly intervals: readonly {
    readonly index: number;
    readonly from: number;
    readonly to: number;
  }[];
  readonly decimalMark: DecimalMark;
  readonly builder: RegisterBuilder;
}

function tableOf(
  file: string,
  rows: readonly CsvRow[],
  into: Collector,
  direction: Direction,
): DayTable {
  const isHeader = (cells: readonly string[]): boolean =>
    cells.some((cell) => DAY.test(cell)) && cells.some((cell) => INTERVAL.test(cell));
  const { header, body, preamble } = headerOf({ file, rows }, isHeader, "Giorno; 00:00-00:15; …");
  const about = preamble.map(({ cells }) => cells.join(" ")).join("\n");
  const meterId = /IT\d{3}E\w{8,}/.exec(about)?.[0] ?? "meter";
  const intervals = header.cells.flatMap((name, index) => {
    const found = INTERVAL.exec(name);
    const from = parseTime(found?.[1] ?? "")?.seconds;
    const to = parseTime(found?.[2] ?? "")?.seconds;
    return from === undefined || to === undefined
      ? []
      : [{ index, from, to: to === 0 ? 86_400 : to }];
  });
  return {
    headerRow: header.row,
    columns: header.cells,
    day: header.cells.findIndex((cell) => DAY.test(cell)),
    intervals,
    decimalMark: decimalMarkOf(body.flatMap(({ cells }) => cells.slice(1))) ?? ",",
    builder: into.register({ meterId, direction, quantity: "energy" }),
  };
}

function readDay(
  file: string,
  table: DayTable,
  { row, cells }: CsvRow,
  zone: Zone,
  into: Collector,
): void {
  if (cells.every((cell) => cell.trim() === "")) return;
  const dayCell = (cells[table.day] ?? "").trim();
  if (/^tot/i.test(dayCell)) return;
  const day = parseDate(dayCell, "dmy");
  const dayColumn = table.columns[table.day] ?? "";
  if (day === undefined) {
    throw new MeterFileError(
      file,
      { row, column: dayColumn, value: dayCell },
      "a day such as 31/12/2024",
    );
  }
  for (const { index, from, to } of table.intervals) {
    const cell = cells[index] ?? "";
    const column = table.columns[index] ?? `${index + 1}`;
    const { place, seconds } = placeByBoth(zone, day + from, day + to);
    const skipped = typeof place !== "number" && place.byStart.length === 0;
    if (cell.trim() === "" || cell.trim() === "-") {
      if (skipped) continue;
      const message = "the value is missing";
      into.find({ kind: "missing", row, lastRow: row, count: 1, column, message });
      continue;
    }
    const number = parseDecimal(cell, table.decimalMark);
    if (number === undefined) {
      const wanted = `kWh, with "${table.decimalMark}" as decimal mark`;
      throw new MeterFileError(file, { row, column, value: cell }, wanted);
    }
    table.builder.add(place, seconds, number * 1e6, "measured", row);
  }
}
