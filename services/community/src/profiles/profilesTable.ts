import { readFileSync } from "node:fs";
import { MeterFileError } from "@wattline/sdk/meterData";
import { type CsvRow, csvRowsOf, decodeText, separatorOf } from "@wattline/sdk/meterData/text";
import { stepsOf } from "./profilesClock.ts";
import { type Column, columnsOf, isProfilesHeader, START } from "./profilesColumns.ts";
import { ProfilesFileError } from "./profilesError.ts";
import { badCell, cellOf, type Row, whereOf } from "./profilesRow.ts";
import { type DecimalMark, marksOf, scaledBy } from "./profilesValue.ts";

/** The beginning of a text, from which its kind and separator are told. */
const HEAD = 65_536;

/** What a meter's capacity can be on chain: 32 bits of W. */
const MOST_CAPACITY_W = 2n ** 32n - 1n;
/** No home uses or makes this much: it is said, and read. */
const IMPLAUSIBLE_W = 1_000_000n;

/** A lane of a profile has 31 bits for Wh. */
const MOST_WH = 2n ** 31n - 1n;

/** A million of the currency for a kWh, in millionths: what lies beyond is a fault of the file. */
const MOST_PRICE = 10n ** 12n;

/** Energy is added up in millionths of a Wh, so that a file's fractions of a Wh are not lost. */
const FINE_DECIMALS = 6;
const FINE = 10n ** BigInt(FINE_DECIMALS);

/** The electricity of one home, one entry per step of the table. */
export interface HomeProfile {
  readonly name: string;
  readonly loadWh: readonly bigint[];
  /** Null where the file has no such column: a home without a roof. */
  readonly producedWh: readonly bigint[] | null;
}

/** What a profiles file says, checked throughout. */
export interface ProfilesTable {
  readonly stepSeconds: number;
  /** Start of the first step: Unix time if the file's clock showed UTC. */
  readonly start: number;
  readonly steps: number;
  readonly homes: readonly HomeProfile[];
  /** Per kWh, in millionths of the currency; null where the file has no such column. */
  readonly retailPerKwh: readonly bigint[] | null;
  /** What was left out or is implausible, for the person to see. */
  readonly warnings: readonly string[];
}

/**
 * Reads a table with the columns `start`, `NAME_load_wh` for each home, and where there is one `NAME_pv_wh` and
 * `retail_price_usd_per_kwh`; energy may be in kWh or MWh or be average power in W or kW, the price in any currency
 * or in cents, per kWh or MWh. Read are any usual separator and encoding, quotes, decimal commas and marks between
 * thousands. Other columns are left out with a warning, or refused where their name looks as if it was meant.
 *
 * @throws ProfilesFileError naming the file, line and column of whatever is wrong.
 */
export function readProfilesTable(file: string): ProfilesTable {
  const all = rowsOf(file);
  const at = Math.max(
    all.findIndex(({ cells }) => cells.some((cell) => cell.trim().toLowerCase() === START)),
    0,
  );
  const header = all[at];
  const columns = columnsOf(file, header?.row ?? 1, header?.cells ?? []);
  const rows = all.slice(at + 1).map((row) => rowOf(file, row, columns));
  const [clock] = columns.filter(({ kind }) => kind === "start");
  if (!clock) throw new ProfilesFileError("is missing: add it", { file, line: 1, column: START });
  const { start, stepSeconds } = stepsOf(file, rows, clock);
  const marks = marksOf(rows, columns);
  const markOf = (column: Column): DecimalMark | undefined => marks.get(column.index);
  const warnings = leftOut(file, columns, at === 0 ? undefined : header?.row);
  const energyOf = (column: Column): readonly bigint[] => {
    const energyWh = wholeWh(rows, column, markOf(column), stepSeconds);
    warnings.push(...implausible(rows, column, energyWh, stepSeconds));
    return energyWh;
  };
  const homes = columns
    .filter(({ kind }) => kind === "load")
    .map((load): HomeProfile => {
      const roof = columns.find(({ kind, home }) => kind === "pv" && home === load.home);
      return {
        name: load.home,
        loadWh: energyOf(load),
        producedWh: roof ? energyOf(roof) : null,
      };
    });
  const price = columns.find(({ kind }) => kind === "price");
  const retailPerKwh = price ? rows.map((row) => millionths(row, price, markOf(price))) : null;
  const year = new Date(start * 1000).getUTCFullYear();
  if (year < 2000) warnings.push(`${file}: begins in ${year}: check the column ${START}`);
  return { stepSeconds, start, steps: rows.length, homes, retailPerKwh, warnings };
}

/** Whether a file is meant as a profiles table, rather than as a meter's export. */
export function isProfilesTable(file: string): boolean {
  const text = textOf(file).slice(0, HEAD);
  if (text.includes("\0")) return false;
  const separator = separatorOf(text);
  return text
    .split(/\r\n?|\n/)
    .slice(0, 20)
    .some((line) => isProfilesHeader(line.replaceAll('"', "").split(separator)));
}

/** The rows that hold anything: empty ones are none, and spreadsheets leave rows of separators. */
function rowsOf(file: string): readonly CsvRow[] {
  const text = textOf(file);
  try {
    return csvRowsOf(file, text, separatorOf(text.slice(0, HEAD))).filter(
      ({ row, cells }) =>
        cells.some((cell) => cell.trim() !== "") && !(row === 1 && /^sep=/i.test(cells[0] ?? "")),
    );
  } catch (cause) {
    if (!(cause instanceof MeterFileError)) throw cause;
    const { row, expected } = cause;
    throw new ProfilesFileError(
      `expected ${expected}`,
      { file, ...(row !== undefined && { line: row }) },
      cause,
    );
  }
}

function textOf(file: string): string {
  try {
    return decodeText(readFileSync(file));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProfilesFileError(`cannot be read (${reason}): check the path`, { file }, cause);
  }
}

function leftOut(
  file: string,
  columns: readonly Column[],
  headerLine: number | undefined,
): string[] {
  const before =
    headerLine === undefined ? [] : [`${file}: what stands above line ${headerLine} is ignored`];
  const others = columns
    .filter(({ kind, name }) => kind === "other" && name !== "")
    .map(({ name }) => `${file}: column ${name} is ignored`);
  return [...before, ...others];
}

function rowOf(file: string, { row: line, cells }: CsvRow, columns: readonly Column[]): Row {
  const filled = cells.findLastIndex((cell) => cell.trim() !== "") + 1;
  const named = columns.findLastIndex(({ name }) => name !== "") + 1;
  if (cells.length < named || filled > columns.length) {
    const column = columns[cells.length]?.name || `${columns.length + 1}`;
    throw new ProfilesFileError(
      `the line has ${cells.length} cells, the header ${columns.length}: give one for each column, and quote ` +
        "cells that hold the separator",
      { file, line, column },
    );
  }
  return { file, line, cells: cells.map((cell) => cell.trim()) };
}

/** A column's energy in whole Wh per step. The running sum is rounded, so that fractions are not lost. */
function wholeWh(
  rows: readonly Row[],
  column: Column,
  mark: DecimalMark | undefined,
  stepSeconds: number,
): readonly bigint[] {
  const wanted = `a number of ${column.isPower ? "W" : "Wh"} (or kilo, by the column's name), 0 or more`;
  const [per, of] = column.isPower ? [BigInt(stepSeconds), 3600n * FINE] : [1n, FINE];
  const unit = 10n ** BigInt(column.decimals);
  let rest = 0n;
  return rows.map((row) => {
    const cell = cellOf(row, column);
    let wh: bigint;
    // Most cells are whole, and files have hundreds of thousands of them.
    if (rest === 0n && !column.isPower && /^\d+$/.test(cell)) wh = BigInt(cell) * unit;
    else {
      const { fine } = scaledBy(row, column, mark, column.decimals + FINE_DECIMALS, wanted);
      if (fine < 0n) throw badCell(row, column, wanted);
      const total = rest + fine * per;
      wh = (total + of / 2n) / of;
      rest = total - wh * of;
    }
    if (wh > MOST_WH) {
      const problem = `${wh} Wh is more than a slot can hold: give at most ${MOST_WH}`;
      throw new ProfilesFileError(problem, whereOf(row, column));
    }
    return wh;
  });
}

/** Dynamic tariffs have hours at zero and below. */
function millionths(row: Row, column: Column, mark: DecimalMark | undefined): bigint {
  const { fine, isCut } = scaledBy(row, column, mark, column.decimals, "a price such as 0.31");
  const where = whereOf(row, column);
  if (isCut) {
    const problem = `${cellOf(row, column)} is finer than a millionth per kWh: give ${column.decimals} decimals`;
    throw new ProfilesFileError(problem, where);
  }
  if (fine > MOST_PRICE || fine < -MOST_PRICE) {
    const problem = `${cellOf(row, column)} is over a million per kWh: correct the cell, or the unit in the column's name`;
    throw new ProfilesFileError(problem, where);
  }
  return fine;
}

/**
 * Warns of what no home uses or makes. @throws ProfilesFileError for a roof that no meter can state: its capacity
 * would not fit.
 */
function implausible(
  rows: readonly Row[],
  column: Column,
  energyWh: readonly bigint[],
  stepSeconds: number,
): string[] {
  const most = energyWh.reduce((a, b) => (a > b ? a : b), 0n);
  const row = rows[energyWh.indexOf(most)];
  const watts = (most * 3600n) / BigInt(stepSeconds);
  if (!row || watts <= IMPLAUSIBLE_W) return [];
  const isRoof = column.kind === "pv";
  const problem = `${most} Wh in ${stepSeconds / 60} min means a ${isRoof ? "roof" : "load"} of ${watts / 1000n} kW`;
  if (isRoof && watts > MOST_CAPACITY_W - 100n) {
    throw new ProfilesFileError(
      `${problem}: a meter's capacity is at most ${MOST_CAPACITY_W / 1000n} kW, correct the cell`,
      whereOf(row, column),
    );
  }
  return [
    `${row.file}, line ${row.line}, column ${column.name}: ${problem}: is it a meter error, or the unit in the column's name?`,
  ];
}
