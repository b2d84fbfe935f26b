import { formatUnits } from "viem";
import { numberFormat } from "./format.ts";

/** A cell of a table for people: words, an amount in a decimal string, or a moment in Unix seconds. */
export type Cell =
  | string
  | { readonly decimal: string }
  | { readonly unixSeconds: number }
  | undefined;

/** An amount in units of 10 to the power of `decimals`. */
export const amountCell = (amount: bigint, decimals: number): Cell => ({
  decimal: formatUnits(amount, decimals),
});

/** A spreadsheet takes a file of UTF-8 for what it is by this. */
const BYTE_ORDER_MARK = "\uFEFF";

/**
 * Rows as a CSV file that the reader's spreadsheet opens well: its decimal mark, a separator that is another character,
 * local times, and nothing that a spreadsheet would take for a formula. Numbers are exact, without thousands separators.
 */
export function spreadsheetCsv(rows: readonly (readonly Cell[])[]): string {
  const mark = decimalMark();
  const separator = mark === "," ? ";" : ",";
  const lines = rows.map((row) =>
    row.map((cell) => quoted(textOf(cell, mark), separator)).join(separator),
  );
  return `${BYTE_ORDER_MARK}${lines.join("\r\n")}\r\n`;
}

function textOf(cell: Cell, mark: string): string {
  if (cell === undefined) return "";
  if (typeof cell === "string") return harmless(cell);
  return "decimal" in cell ? cell.decimal.replace(".", mark) : localTime(cell.unixSeconds);
}

/** A cell that a spreadsheet would take for a formula gets a quotation mark in front. */
const harmless = (text: string): string => (/^[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text);

const quoted = (text: string, separator: string): string =>
  text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** The decimal mark where the reader lives. */
const decimalMark = (): string =>
  numberFormat({})
    .formatToParts(0.5)
    .find(({ type }) => type === "decimal")?.value ?? ".";

/** A local time in the form that every spreadsheet takes for one: "2026-06-21 14:00:00". */
function localTime(unixSeconds: number): string {
  const time = new Date(unixSeconds * 1000);
  if (Number.isNaN(time.getTime())) return String(unixSeconds);
  const two = (part: number) => String(part).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
