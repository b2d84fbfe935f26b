import type { Collector } from "../collector.ts";
import type { CsvRow } from "../csv.ts";
import {
  decimalMarkOf,
  parseDecimal,
  type Unit,
  unitInName,
  unitOf,
  type ValueKind,
} from "../numbers.ts";
import { cellsOf, sniffOffset, sniffOrder, sniffSeconds, zoneQuestion } from "../sniff.ts";
import { type DateOrder, parseTime, stampReader } from "../stamps.ts";
import type { StampColumns, TimeColumns, ValueColumn } from "../table.ts";
import { type Answers, type Direction, MeterFileError } from "../types.ts";
import { headerOf, type LayoutOf, tableReader, zoneFor } from "./reader.ts";

/**
 * Any other table with a header: what its columns hold is told from their cells and names; what neither says is
 * asked. All questions come at once.
 */
const START = /start|begin|from|von|since|desde|^van|début/i;
const END = /end|until|to$|bis|hasta|^tot|fin\b/i;
const EXPORT = /export|fed|feed|einspeis|return|inject|surplus|vertid|immess/i;
const IMPORT = /import|drawn|consum|usage|bezug|verbrauch|load|afname|preliev|consumo/i;
const PRODUCTION = /produc|generat|solar|\bpv\b|erzeug/i;
const STATE = /register|reading|stand\b|index|cumul|total/i;

const orderOf = (answer: string | undefined): DateOrder | undefined =>
  answer === "dmy" || answer === "mdy" || answer === "ymd" ? answer : undefined;

export const layout: LayoutOf = (head, answers, into) => {
  const { header, body } = headerOf(head, isHeader, "a time and a value");
  const names = header.cells;
  const meterColumn = names.findIndex((_, index) => isMeterNumber(cellsOf(body, index)));
  const time = timeColumns(names, body, answers, into, head.file, header.row);
  const date = time.start ?? time.end ?? { date: 0 };
  const dateOrder = orderOf(answers.dateOrder) ?? sniffOrder(body, date);
  if (!dateOrder) {
    const text = `Does the day or the month come first in "${names[date.date]}"?`;
    into.ask({ id: "dateOrder", text, choices: ["dmy", "mdy"], column: names[date.date] ?? "" });
  }
  const used = [time.start, time.end].flatMap((columns) => [columns?.date, columns?.time]);
  const numeric = names
    .map((_, index) => index)
    .filter(
      (index) => !used.includes(index) && index !== meterColumn && isNumeric(cellsOf(body, index)),
    );
  if (numeric.length === 0) {
    throw new MeterFileError(head.file, { row: header.row }, "a column of numbers beside the time");
  }
  const zone = zoneFor(head.file, answers);
  if (!zone && !sniffOffset(body, time, dateOrder ?? "dmy"))
    into.ask(zoneQuestion(names[date.date] ?? ""));
  const decimalMark = markOf(body, numeric, answers, into);
  const values = numeric.map(
    (index): ValueColumn => ({
      ...meaningOf(names[index] ?? "", body, index, answers, into),
      index,
      time,
      meterId: names[index] ?? `${index + 1}`,
      quantity: "energy",
    }),
  );
  const start = { headerRow: header.row, columns: names };
  if (into.questions.length > 0 || !dateOrder) return start;
  return {
    ...start,
    values,
    zone,
    dateOrder,
    decimalMark,
    seconds: sniffSeconds(body, time, dateOrder),
    ...(meterColumn >= 0 && { meterColumn }),
  };
};

/** Two names at least, above a row that has a time and a number: tables may follow lines of names with their values. */
function isHeader(cells: readonly string[], next: readonly string[]): boolean {
  const names = cells.filter(
    (cell) => cell !== "" && parseDecimal(cell, ".") === undefined && !isStamp(cell),
  );
  const isNumber = (cell: string): boolean =>
    parseDecimal(cell, ".") !== undefined || parseDecimal(cell, ",") !== undefined;
  const hasTime = next.some(isStamp);
  return names.length >= 2 && hasTime && next.some((cell) => !isStamp(cell) && isNumber(cell));
}

/** A long number that is the same in all rows. */
const isMeterNumber = (cells: readonly string[]): boolean => {
  const [first = ""] = cells;
  return /^\d{8,}$/.test(first.trim()) && cells.length > 1 && cells.every((cell) => cell === first);
};

export const read = tableReader("csv", layout);

const isStamp = (cell: string): boolean =>
  stampReader("dmy")(cell) !== undefined || stampReader("mdy")(cell) !== undefined;

function timeColumns(
  names: readonly string[],
  body: readonly CsvRow[],
  answers: Answers,
  into: Collector,
  file: string,
  row: number,
): TimeColumns {
  const sample = body.slice(0, 20);
  const all = (index: number, test: (cell: string) => boolean): boolean =>
    sample.length > 0 && sample.every(({ cells }) => test((cells[index] ?? "").trim()));
  const dates = names.map((_, index) => index).filter((index) => all(index, isStamp));
  const times = names
    .map((_, index) => index)
    .filter((index) => all(index, (cell) => !!parseTime(cell)));
  const columns = dates.map((date, at): StampColumns => {
    const whole = all(date, (cell) => /[T\s:]/.test(cell) || /^\d{10,14}$/.test(cell));
    const time = times.find((index) => index > date && index < (dates[at + 1] ?? names.length));
    return whole || time === undefined ? { date } : { date, time };
  });
  const [first, second] = columns;
  if (!first) throw new MeterFileError(file, { row }, "a column of days and times");
  if (second) return { start: first, end: second };
  const name = names[first.date] ?? "";
  const said = END.test(name) ? "end" : START.test(name) ? "start" : undefined;
  const stamp = answers.stamp ?? said;
  if (stamp !== "start" && stamp !== "end") {
    const text = `Does "${name}" name the start or the end of an interval?`;
    into.ask({ id: "stamp", text, choices: ["start", "end"], column: name });
  }
  return stamp === "end" ? { end: first } : { start: first };
}

const isNumeric = (cells: readonly string[]): boolean => {
  const filled = cells.filter((cell) => cell.trim() !== "").slice(0, 50);
  return (
    filled.length > 0 &&
    filled.every(
      (cell) => parseDecimal(cell, ".") !== undefined || parseDecimal(cell, ",") !== undefined,
    )
  );
};

function markOf(
  body: readonly CsvRow[],
  numeric: readonly number[],
  { decimalMark }: Answers,
  into: Collector,
): "." | "," {
  if (decimalMark === "." || decimalMark === ",") return decimalMark;
  const cells = numeric.flatMap((index) => cellsOf(body, index));
  const told = decimalMarkOf(cells);
  const example = cells.find((cell) => /[.,]/.test(cell));
  if (!told && example !== undefined) {
    const text = `In "${example}", is the mark before decimals or between thousands? Name the decimal mark.`;
    into.ask({ id: "decimalMark", text, choices: [".", ","] });
  }
  return told ?? ".";
}

function meaningOf(
  name: string,
  body: readonly CsvRow[],
  index: number,
  answers: Answers,
  into: Collector,
): { readonly kind: ValueKind; readonly milli: number; readonly direction: Direction } {
  const unit: Unit | undefined = unitInName(name) ?? unitOf(answers.unit ?? "");
  if (!unit) {
    const choices = ["Wh", "kWh", "MWh", "W", "kW"];
    into.ask({
      id: "unit",
      text: `In which unit are the values of "${name}"?`,
      choices,
      column: name,
    });
  }
  return {
    kind: kindOf(name, unit, body, index, answers, into),
    milli: unit?.milli ?? 1,
    direction: directionOf(name, answers, into),
  };
}

function kindOf(
  name: string,
  unit: Unit | undefined,
  body: readonly CsvRow[],
  index: number,
  { valueKind }: Answers,
  into: Collector,
): ValueKind {
  if (unit?.kind === "power") return "power";
  if (valueKind === "energy" || valueKind === "register") return valueKind;
  const numbers = cellsOf(body, index).map((cell) => Number(cell.replace(",", ".")));
  const grows =
    numbers.length > 2 &&
    numbers.every((value, at) => at === 0 || value >= (numbers[at - 1] ?? value));
  if (STATE.test(name) || (grows && (numbers.at(-1) ?? 0) > (numbers[0] ?? 0))) {
    const text = `Are the values of "${name}" the energy of each interval, or the states of a register?`;
    into.ask({ id: "valueKind", text, choices: ["energy", "register"], column: name });
  }
  return "energy";
}

function directionOf(name: string, { direction }: Answers, into: Collector): Direction {
  if (direction === "import" || direction === "export" || direction === "production")
    return direction;
  if (EXPORT.test(name)) return "export";
  if (IMPORT.test(name)) return "import";
  if (PRODUCTION.test(name)) return "production";
  const choices = ["import", "export", "production"];
  const text = `Is "${name}" drawn from the grid, fed into it, or what a roof produced?`;
  into.ask({ id: "direction", text, choices, column: name });
  return "import";
}
