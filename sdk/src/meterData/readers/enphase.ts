import { unitInName } from "../numbers.ts";
import { sniffMark, sniffOrder, sniffSeconds, zoneQuestion } from "../sniff.ts";
import type { ValueColumn } from "../table.ts";
import type { Direction } from "../types.ts";
import { headerOf, type LayoutOf, tableReader, zoneFor } from "./reader.ts";

/**
 * Enphase's report of a plant: stamps at the start, in the plant's own clock, which the file does not name, so
 * it is asked; dates with the month first. Sample: Home-Assistant-Import-Energy-Data, folder Enphase (MIT
 * licence).
 */
const DIRECTIONS: readonly (readonly [RegExp, Direction])[] = [
  [/^energy produced/i, "production"],
  [/^(?:exported to grid|energy exported)/i, "export"],
  [/^(?:imported from grid|energy imported)/i, "import"],
];

export const layout: LayoutOf = (head, answers, into) => {
  const isHeader = (cells: readonly string[]): boolean =>
    cells.some((cell) => /^date\/time$/i.test(cell)) &&
    cells.some((cell) => /energy|grid/i.test(cell));
  const { header, body } = headerOf(head, isHeader, "Date/Time, Energy Produced (Wh)");
  const names = header.cells;
  const time = { start: { date: names.findIndex((name) => /^date\/time$/i.test(name)) } };
  const values: ValueColumn[] = [];
  for (const [index, name] of names.entries()) {
    const direction = DIRECTIONS.find(([pattern]) => pattern.test(name))?.[1];
    const unit = unitInName(name);
    if (direction && unit) {
      const { kind, milli } = unit;
      values.push({ index, time, kind, milli, meterId: "meter", direction, quantity: "energy" });
    } else if (unit) {
      const row = header.row;
      const message = `column "${name}" is neither production nor import nor export: left out`;
      into.find({ kind: "ignored", row, lastRow: row, count: 1, column: name, message });
    }
  }
  const zone = zoneFor(head.file, answers);
  if (!zone) into.ask(zoneQuestion("Date/Time"));
  const dateOrder = sniffOrder(body, time.start) ?? "mdy";
  return {
    headerRow: header.row,
    columns: names,
    values,
    zone,
    dateOrder,
    decimalMark:
      sniffMark(
        body,
        values.map(({ index }) => index),
      ) ?? ".",
    seconds: sniffSeconds(body, time, dateOrder),
  };
};

export const read: ReturnType<typeof tableReader> = tableReader("enphase", layout);
