import Papa from "papaparse";
import type { OpenFile } from "./input.ts";
import { MeterFileError } from "./types.ts";

/** One line's cells, and the number of the line; the first is 1. */
export interface CsvRow {
  readonly row: number;
  readonly cells: readonly string[];
}

const SEPARATORS = [";", ",", "\t", "|"] as const;
/** A line longer than this is no table's line. */
const LONGEST_LINE = 1 << 20;
/** Small enough that a block is gone before the next needs memory. */
const BLOCK = 1 << 14;

/**
 * The separator: as a first line `sep=;` says; else the one that parts most lines into the same number of cells.
 */
export function separatorOf(head: string): string {
  const said = /^\uFEFF?sep=(.)\r?\n/i.exec(head)?.[1];
  if (said) return said;
  const lines = head
    .split(/\r\n|\n|\r/)
    .slice(0, 60)
    .filter((line) => line.trim() !== "");
  const unquoted = lines.map((line) => line.replace(/"(?:[^"]|"")*"/g, "q"));
  let best: { separator: string; score: number } = { separator: ",", score: 0 };
  for (const separator of SEPARATORS) {
    const counts = new Map<number, number>();
    for (const line of unquoted) {
      const cells = line.split(separator).length;
      if (cells > 1) counts.set(cells, (counts.get(cells) ?? 0) + 1);
    }
    // A decimal comma parts cells too, but never more of them than a semicolon or a tab does.
    const score = Math.max(0, ...counts.values()) * (separator === "," ? 0.9 : 1);
    if (score > best.score) best = { separator, score };
  }
  return best.separator;
}

/**
 * A CSV file's rows, in blocks. Quoted cells, either kind of line end and rows of any length are read; empty
 * lines count as rows of one empty cell, so that row numbers are the file's line numbers.
 * @throws MeterFileError for a quote that is not closed, for binary data and for a line of over 1 MB.
 */
export async function* csvRows(
  file: OpenFile,
  separator: string,
): AsyncGenerator<readonly CsvRow[]> {
  let rest = "";
  let held = "";
  let row = 1;
  for await (const part of file.text()) {
    // A carriage return may be the first half of a line end: it waits for the other.
    const joined = held + part;
    held = joined.endsWith("\r") ? "\r" : "";
    rest += joined.slice(0, joined.length - held.length).replace(/\r\n?/g, "\n");
    if (rest.length < BLOCK) continue;
    const end = lastLineEnd(rest);
    if (end === 0) {
      if (rest.length > LONGEST_LINE) {
        throw new MeterFileError(
          file.name,
          { row },
          "a line end within 1 MB, and each quote closed",
        );
      }
      continue;
    }
    const text = rest.slice(0, end);
    const block = parseBlock(
      file.name,
      row === 1 ? text.replace(/^\uFEFF/, "") : text,
      separator,
      row,
    );
    rest = rest.slice(end);
    row = block.nextRow;
    yield block.rows;
  }
  if (row === 1) rest = rest.replace(/^\uFEFF/, "");
  if (rest !== "") yield parseBlock(file.name, rest, separator, row).rows;
}

/**
 * The rows of a text that is there as a whole. Empty lines at its end are none.
 * @throws MeterFileError as `csvRows` does.
 */
export function csvRowsOf(name: string, text: string, separator: string): readonly CsvRow[] {
  const lines = text
    .replace(/^\uFEFF/, "")
    .replace(/\r\n?/g, "\n")
    .replace(/\n+$/, "");
  return parseBlock(name, lines, separator, 1).rows;
}

/** Where the last whole line ends; a line end inside quotes is none. */
function lastLineEnd(text: string): number {
  if (!text.includes('"')) return text.lastIndexOf("\n") + 1;
  let quoted = false;
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) quoted = !quoted;
    else if (code === 10 && !quoted) end = at + 1;
  }
  return end;
}

function parseBlock(
  name: string,
  text: string,
  separator: string,
  firstRow: number,
): { rows: CsvRow[]; nextRow: number } {
  const records = parsed(name, text, separator, firstRow);
  const multiline = text.includes('"');
  const rows: CsvRow[] = [];
  let row = firstRow;
  for (const cells of records) {
    rows.push({ row, cells });
    row++;
    if (multiline) row += cells.reduce((sum, cell) => sum + cell.split("\n").length - 1, 0);
  }
  return { rows, nextRow: row };
}

/**
 * A block's cells. By the library's `Parser` alone: what `Papa.parse` puts around it keeps a block's cells for so long that they
 * count as old, and a long file takes 130 MB more.
 */
function parsed(name: string, text: string, separator: string, firstRow: number): string[][] {
  const lineOf = (at: number): number => firstRow + text.slice(0, at).split("\n").length - 1;
  const binary = text.indexOf("\0");
  if (binary >= 0) {
    const row = lineOf(binary);
    throw new MeterFileError(name, { row }, "text: this is a binary file, or one cut off");
  }
  const whole = text.endsWith("\n") ? text.slice(0, -1) : text;
  const parser = new Papa.Parser({ delimiter: separator, newline: "\n" });
  const { data, errors }: Papa.ParseResult<string[]> = parser.parse(whole, 0, false);
  const [error] = errors.filter(({ type }) => type === "Quotes");
  if (error) {
    const row = error.index === undefined ? firstRow + (error.row ?? 0) : lineOf(error.index);
    throw new MeterFileError(name, { row }, "each quote closed, and nothing after it in its cell");
  }
  return data;
}
