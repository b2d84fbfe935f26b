import type { CsvRow } from "./csv.ts";
import { type DecimalMark, decimalMarkOf } from "./numbers.ts";
import { type DateOrder, dateOrderOf, stampReader } from "./stamps.ts";
import type { StampColumns, TimeColumns } from "./table.ts";
import type { Question } from "./types.ts";

/** What the first rows below the header tell about the whole table. */

/** All cells of a column. */
export const cellsOf = (rows: readonly CsvRow[], column: number): string[] =>
  rows.map(({ cells }) => cells[column] ?? "");

/** The decimal mark, from the columns of values. */
export const sniffMark = (
  rows: readonly CsvRow[],
  columns: readonly number[],
): DecimalMark | undefined => decimalMarkOf(columns.flatMap((column) => cellsOf(rows, column)));

/** The order of day and month, from a column of dates. */
export const sniffOrder = (
  rows: readonly CsvRow[],
  { date }: StampColumns,
): DateOrder | undefined => dateOrderOf(cellsOf(rows, date));

/**
 * The length of a step, s: the most frequent difference between one stamp and the next. Undefined when no two
 * rows tell.
 */
export function sniffSeconds(
  rows: readonly CsvRow[],
  { start, end }: TimeColumns,
  order: DateOrder,
): number | undefined {
  const columns = start ?? end;
  if (!columns) return undefined;
  const read = stampReader(order);
  const counts = new Map<number, number>();
  let last: number | undefined;
  for (const { cells } of rows) {
    const time = columns.time === undefined ? "" : ` ${(cells[columns.time] ?? "").trim()}`;
    const stamp = read(`${(cells[columns.date] ?? "").trim()}${time}`);
    if (!stamp) continue;
    const at = stamp.wall - (stamp.offset ?? 0);
    const step = last === undefined ? 0 : Math.abs(at - last);
    if (step > 0 && step <= 3600) counts.set(step, (counts.get(step) ?? 0) + 1);
    last = at;
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most?.[0];
}

/** Whether every stamp of the first rows says its offset from UTC. */
export function sniffOffset(
  rows: readonly CsvRow[],
  { start, end }: TimeColumns,
  order: DateOrder,
): boolean {
  const columns = start ?? end;
  if (!columns) return false;
  const read = stampReader(order);
  const stamps = rows
    .map(({ cells }) =>
      read(
        [columns.date, columns.time ?? -1]
          .map((at) => (cells[at] ?? "").trim())
          .join(" ")
          .trim(),
      ),
    )
    .filter((stamp) => stamp !== undefined);
  return stamps.length > 0 && stamps.every(({ offset }) => offset !== undefined);
}

/** The question for the time zone; the same words everywhere. */
export const zoneQuestion = (column: string): Question => ({
  id: "timeZone",
  text: `By which clock are the times in column "${column}"?`,
  choices: ["an IANA time zone such as Europe/Vienna", "an offset such as +01:00"],
  column,
});
