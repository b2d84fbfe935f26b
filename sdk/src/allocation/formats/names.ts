import { cellsOf, readTable, wrong } from "./table.ts";

/**
 * Reads the grid operator's metering point of each account: CSV with the columns name and metering_point.
 * @param file Names the file in errors.
 * @throws RangeError that names file, line, column and value.
 */
export function namesFromCsv(text: string, file = "The names"): Map<string, string> {
  const [head, ...rows] = readTable(text, ",", file);
  const cellOf = cellsOf(head, ["name", "metering_point"], file);
  const names = new Map<string, string>();
  for (const row of rows) {
    const name = cellOf(row, "name") || wrong(file, row.line, "name", "", "a name");
    if (names.has(name)) wrong(file, row.line, "name", name, "there once only");
    const point =
      cellOf(row, "metering_point") || wrong(file, row.line, "metering_point", "", "a name");
    names.set(name, point);
  }
  return names;
}
