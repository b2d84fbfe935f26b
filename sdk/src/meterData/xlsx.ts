import { read, type WorkSheet } from "@e965/xlsx";
import type { OpenFile } from "./input.ts";
import { MeterFileError } from "./types.ts";
import { checkUnpackedSize } from "./zip.ts";

/** A spreadsheet's cell: text, a number, or the wall time in seconds of a cell that is formatted as one. */
export type Cell = string | number | { readonly wall: number } | undefined;

/** Days from Excel's day 0 to 1970. */
const EPOCH_DAYS = 25_569;
const MOST_CELLS = 20_000_000;

/** Wall seconds of an Excel serial time, to the second. */
export const wallOfSerial = (serial: number): number => Math.round((serial - EPOCH_DAYS) * 86_400);

/** The rows of the first sheet that has more than one. @throws MeterFileError when it can't be opened. */
export async function sheetRows(file: OpenFile): Promise<Cell[][]> {
  const bytes = await file.wholeBytes();
  if (isZip(bytes)) await checkUnpackedSize(file.name, bytes);
  const sheets = sheetsOf(file.name, bytes);
  for (const sheet of sheets) {
    const rows = rowsOf(file.name, sheet);
    if (rows.length > 1) return rows;
  }
  throw new MeterFileError(file.name, {}, "a sheet with rows");
}

/** XLS is not packed. */
const isZip = ([first, second]: Uint8Array): boolean => first === 0x50 && second === 0x4b;

function sheetsOf(name: string, bytes: Uint8Array): WorkSheet[] {
  try {
    const book = read(bytes, { type: "array", dense: true, cellNF: true, cellHTML: false });
    return Object.values(book.Sheets);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 80) : "unknown";
    throw new MeterFileError(name, {}, `a whole XLSX file (${reason})`);
  }
}

function rowsOf(name: string, sheet: WorkSheet): Cell[][] {
  const data = sheet["!data"] ?? [];
  const rows: Cell[][] = [];
  let cells = 0;
  for (let index = 0; index < data.length; index++) {
    const row = data[index] ?? [];
    cells += row.length;
    if (cells > MOST_CELLS) throw new MeterFileError(name, {}, `at most ${MOST_CELLS} cells`);
    rows.push(
      Array.from(row, (cell): Cell => {
        if (!cell || cell.v === undefined || cell.v === null) return undefined;
        if (typeof cell.v === "number") {
          const isTime =
            typeof cell.z === "string" &&
            /[ymdhs]/i.test(cell.z.replace(/"[^"]*"|General|\[[^\]]*\]/gi, ""));
          return isTime ? { wall: wallOfSerial(cell.v) } : cell.v;
        }
        return String(cell.v);
      }),
    );
  }
  return rows;
}

/** A cell as a CSV file would have it. */
export function cellText(cell: Cell): string {
  if (cell === undefined) return "";
  if (typeof cell === "object")
    return new Date(cell.wall * 1000).toISOString().slice(0, 19).replace("T", " ");
  const text = String(cell);
  // Three decimals would look like thousands.
  return /\.\d{3}$/.test(text) ? `${text}0` : text;
}
