import { parse } from "csv-parse/sync";

/** A row of a table as text, with its line in the file. */
export interface TableRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Reads separated values, with byte order mark and quotes; empty lines are skipped.
 * @param file Names the file in errors.
 * @throws RangeError that names file and line.
 */
export function readTable(text: string, separator: string, file: string): TableRow[] {
  try {
    const rows: unknown = parse(text, {
      bom: true,
      delimiter: separator,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    });
    return (rows as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({
      line: info.lines,
      cells: record,
    }));
  } catch (error) {
    throw new RangeError(`${file}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Throws an error that names a place in a file, its value, and what was expected there. */
export function wrong(
  file: string,
  line: number,
  column: string,
  value: string,
  expected: string,
): never {
  throw new RangeError(`${file}, line ${line}, ${column}: "${value}" is not ${expected}.`);
}

/**
 * The slot that starts at a time with its offset: `2026-06-21T10:00:00Z`, `2026-06-21T12:00+02:00`.
 * @throws RangeError when the text is no such time, or no slot starts then.
 */
export function slotOfTime(
  text: string,
  slotSeconds: number,
  file: string,
  line: number,
  column: string,
): number {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.0+)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const seconds = isTime ? Date.parse(text) / 1000 : Number.NaN;
  if (Number.isNaN(seconds)) {
    wrong(file, line, column, text, "a time with its offset, such as 2026-06-21T10:00:00Z");
  }
  if (seconds % slotSeconds !== 0) {
    wrong(file, line, column, text, `the start of a slot of ${slotSeconds / 60} minutes`);
  }
  return seconds / slotSeconds;
}

/** Whole Wh. */
export function whOf(text: string, file: string, line: number, column: string): bigint {
  return /^\d+$/.test(text) ? BigInt(text) : wrong(file, line, column, text, "whole Wh");
}

/**
 * Finds cells by their columns' names.
 * @throws RangeError that names the column which is missing.
 */
export function cellsOf<Column extends string>(
  head: TableRow | undefined,
  columns: readonly Column[],
  file: string,
): (row: TableRow, column: Column) => string {
  const places = new Map(head?.cells.map((cell, index) => [cell.toLowerCase(), index]));
  for (const column of columns) {
    if (places.has(column)) continue;
    throw new RangeError(
      `${file} has no column ${column}; its first line must have ${columns.join(",")}.`,
    );
  }
  return ({ cells }, column) =>
    // A spreadsheet's leading quotation mark is removed.
    (cells[places.get(column) ?? -1] ?? "").replace(/^'(?=[=+\-@])/, "");
}

/** The slot length between a row's `slot_start` and `slot_end`; 15 minutes without any row. */
export function slotLength(
  row: TableRow | undefined,
  cellOf: (row: TableRow, column: "slot_start" | "slot_end") => string,
  file: string,
): number {
  if (row === undefined) return 900;
  const timeOf = (column: "slot_start" | "slot_end"): number =>
    slotOfTime(cellOf(row, column), 1, file, row.line, column);
  const seconds = timeOf("slot_end") - timeOf("slot_start");
  return [300, 900, 1800, 3600].includes(seconds)
    ? seconds
    : wrong(
        file,
        row.line,
        "slot_end",
        cellOf(row, "slot_end"),
        "5, 15, 30 or 60 minutes after slot_start",
      );
}
