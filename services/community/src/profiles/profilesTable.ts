import { readFileSync } from "node:fs";
import { MeterFileError } from "@wattline/sdk/meterData";
import { type CsvRow, csvRowsOf, decodeText, separatorOf } from "@wattline/sdk/meterData/text";
import { momentOf, parseMoment } from "./calendar.ts";

const START = "start";
const LOAD = "_load_wh";
/** A home's column: its home, quantity and unit. */
const HOME_COLUMN = /^(.*)_(load|pv)_(wh|kwh|mwh)$/i;
const PRICE_COLUMN = /^retail_price_[a-z]{3}_per_kwh$/i;
/** A column with such a name was probably meant to be read: it is refused instead of ignored. */
const NEAR_MISS = /load|pv|solar|consum|produc|export|import|price|tariff|(?<!per)_[kmg]?wh?$/i;
/** Decimals with which a unit has whole Wh. */
const DECIMALS: Readonly<Record<string, number>> = { wh: 0, kwh: 3, mwh: 6 };

/** Possible steps: one or more whole slots, or a whole part of one. */
export const STEP_MINUTES: readonly number[] = [1, 3, 5, 10, 15, 20, 30, 60];

/** The largest meter capacity on chain: 32 bits of W. */
const MOST_CAPACITY_W = 2n ** 32n - 1n;
/** No home has a roof this large: it is read with a warning. */
const IMPLAUSIBLE_W = 1_000_000n;

/** A lane of a profile has 31 bits for Wh. */
const MOST_WH = 2n ** 31n - 1n;

/** A profiles file is wrong, or a request for it can't be met. */
export class ProfilesFileError extends Error {
  override readonly name = "ProfilesFileError";
  readonly file: string;
  /** 1 for the header. */
  readonly line: number | undefined;
  readonly column: string | undefined;

  constructor(problem: string, where: Where, cause?: unknown) {
    const place = [
      where.file,
      where.line === undefined ? [] : `line ${where.line}`,
      where.column === undefined ? [] : `column ${where.column}`,
    ];
    super(`${place.flat().join(", ")}: ${problem}`, { cause });
    this.file = where.file;
    this.line = where.line;
    this.column = where.column;
  }
}

/** A place in a file. */
export interface Where {
  readonly file: string;
  readonly line?: number;
  readonly column?: string;
}

/** The electricity of one home, one entry per step of the table. */
export interface HomeProfile {
  readonly name: string;
  readonly loadWh: readonly bigint[];
  /** Null where the file has no such column: the home has no roof. */
  readonly producedWh: readonly bigint[] | null;
}

/** A checked profiles file. */
export interface ProfilesTable {
  readonly stepSeconds: number;
  /** Start of the first step: Unix time if the file's clock is UTC. */
  readonly start: number;
  readonly steps: number;
  readonly homes: readonly HomeProfile[];
  /** Per kWh, in millionths of the currency; null where the file has no such column. */
  readonly retailPerKwh: readonly bigint[] | null;
  /** Warnings about what was left out or is implausible. */
  readonly warnings: readonly string[];
}

/**
 * Reads a table with the columns `start`, `NAME_load_wh` for each home, and optionally `NAME_pv_wh` and
 * `retail_price_usd_per_kwh`; energy may also be in kWh or MWh, the price in any currency. All usual
 * separators, encodings, quotes and decimal commas are accepted. Times are a step's start; in a file with a 24:00,
 * at which no step starts, they are its end. Other columns are ignored with a warning, or refused where the name
 * looks like a misspelt one.
 *
 * @throws ProfilesFileError naming the file, line and column of the error.
 */
export function readProfilesTable(file: string): ProfilesTable {
  const [header, ...body] = rowsOf(file);
  const columns = columnsOf(file, header?.cells ?? []);
  const rows = body.map((row) => rowOf(file, row, columns));
  const clock = columns.find(({ kind }) => kind === "start") ?? columnOf(START, 0);
  const { start, stepSeconds } = stepOf(file, rows, clock);
  const warnings = leftOut(file, columns);
  const loads = columns.filter(({ kind }) => kind === "load");
  const homes = loads.map((load): HomeProfile => {
    const roof = columns.find(({ kind, home }) => kind === "pv" && home === load.home);
    if (roof) warnings.push(...implausible(rows, roof, stepSeconds));
    return {
      name: load.home,
      loadWh: rows.map((row) => wholeWh(row, load)),
      producedWh: roof ? rows.map((row) => wholeWh(row, roof)) : null,
    };
  });
  const price = columns.find(({ kind }) => kind === "price");
  const retailPerKwh = price ? rows.map((row) => millionths(row, price)) : null;
  const year = new Date(start * 1000).getUTCFullYear();
  if (year < 2000) warnings.push(`${file}: begins in ${year}: check the column ${START}`);
  return { stepSeconds, start, steps: rows.length, homes, retailPerKwh, warnings };
}

interface Column {
  readonly index: number;
  readonly name: string;
  readonly kind: "start" | "load" | "pv" | "price" | "other";
  /** The home; empty for other columns. */
  readonly home: string;
  /** Decimals with which the column's unit has whole Wh. */
  readonly decimals: number;
}

/** The cells of one line, with their place. */
interface Row {
  readonly file: string;
  readonly line: number;
  readonly cells: readonly string[];
}

function rowsOf(file: string): readonly CsvRow[] {
  const text = textOf(file);
  try {
    const rows = csvRowsOf(file, text, separatorOf(text.slice(0, 65_536)));
    // Spreadsheets leave empty rows of separators at the end.
    const end = rows.findLastIndex(({ cells }) => cells.some((cell) => cell.trim() !== ""));
    return rows.slice(0, end + 1);
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

function columnsOf(file: string, header: readonly string[]): readonly Column[] {
  const line = 1;
  const names = header.map((name) => name.trim());
  const columns = names.map((name, index) => columnOf(name, index));
  for (const [index, { name, kind, home }] of columns.entries()) {
    const where = { file, line, column: name };
    if (name !== "" && names.indexOf(name) !== index) {
      throw new ProfilesFileError("occurs twice: give each column its own name", where);
    }
    if ((kind === "load" || kind === "pv") && home === "") {
      throw new ProfilesFileError(`names no home: write NAME${name}`, where);
    }
    const twin = columns.find((other) => other.kind === kind && other.home === home);
    if (kind !== "other" && twin && twin.index !== index) {
      throw new ProfilesFileError(`is the same as ${twin.name}: remove one of them`, where);
    }
    if (kind === "pv" && !columns.some((other) => other.kind === "load" && other.home === home)) {
      const problem = `is missing, but there is ${name}: add it`;
      throw new ProfilesFileError(problem, { file, line, column: home + LOAD });
    }
  }
  if (!columns.some(({ kind }) => kind === "start")) {
    const where = { file, line, column: START };
    throw new ProfilesFileError("is missing: add it, with the start of each step", where);
  }
  refuseNearMisses(file, columns);
  if (!columns.some(({ kind }) => kind === "load")) {
    const where = { file, line, column: `NAME${LOAD}` };
    throw new ProfilesFileError("is missing: a file needs one for each home", where);
  }
  return columns;
}

function columnOf(name: string, index: number): Column {
  const home = HOME_COLUMN.exec(name);
  if (home) {
    const decimals = DECIMALS[(home[3] ?? "").toLowerCase()] ?? 0;
    const kind = home[2]?.toLowerCase() === "pv" ? "pv" : "load";
    return { index, name, kind, home: home[1] ?? "", decimals };
  }
  const kind = name.toLowerCase() === START ? "start" : PRICE_COLUMN.test(name) ? "price" : "other";
  return { index, name, kind, home: "", decimals: kind === "price" ? 6 : 0 };
}

function refuseNearMisses(file: string, columns: readonly Column[]): void {
  const miss = columns.find(({ kind, name }) => kind === "other" && NEAR_MISS.test(name));
  if (!miss) return;
  throw new ProfilesFileError(
    "has an unknown name: name it NAME_load_wh, NAME_pv_wh (or _kwh, _mwh) or " +
      "retail_price_eur_per_kwh, or remove it",
    { file, line: 1, column: miss.name },
  );
}

const leftOut = (file: string, columns: readonly Column[]): string[] =>
  columns
    .filter(({ kind, name }) => kind === "other" && name !== "")
    .map(({ name }) => `${file}: column ${name} is ignored`);

function rowOf(file: string, { row: line, cells }: CsvRow, columns: readonly Column[]): Row {
  const filled = cells.findLastIndex((cell) => cell.trim() !== "") + 1;
  const named = columns.findLastIndex(({ name }) => name !== "") + 1;
  if (cells.length < named || filled > columns.length) {
    const column = columns[cells.length]?.name || `${columns.length + 1}`;
    throw new ProfilesFileError(
      `the line has ${cells.length} cells, the header ${columns.length}: give one for each column`,
      { file, line, column },
    );
  }
  return { file, line, cells: cells.map((cell) => cell.trim()) };
}

const whereOf = ({ file, line }: Row, { name }: Column): Where => ({ file, line, column: name });

function wholeWh(row: Row, column: Column): bigint {
  const wanted =
    column.decimals === 0
      ? "a whole number of Wh, 0 or more"
      : `a number with at most ${column.decimals} decimals, 0 or more`;
  const wh = scaled(row, column, wanted);
  if (wh < 0n) throw badCell(row, column, wanted);
  if (wh > MOST_WH) {
    const problem = `${wh} Wh is more than a slot can hold: give at most ${MOST_WH}`;
    throw new ProfilesFileError(problem, whereOf(row, column));
  }
  return wh;
}

/** Dynamic tariffs can be zero or negative. */
const millionths = (row: Row, column: Column): bigint =>
  scaled(row, column, "a price per kWh such as 0.31");

/** From the digits: a floating-point number can't represent most decimals exactly. */
function scaled(row: Row, column: Column, wanted: string): bigint {
  const cell = row.cells[column.index] ?? "";
  const match = /^(-?)(\d+)(?:[.,](\d+))?$/.exec(cell);
  if (match === null) throw badCell(row, column, wanted);
  const decimals = (match[3] ?? "").replace(/0+$/, "");
  if (decimals.length > column.decimals) {
    if (column.kind !== "price") throw badCell(row, column, wanted);
    const problem = `${cell} is finer than a millionth: give 6 decimals`;
    throw new ProfilesFileError(problem, whereOf(row, column));
  }
  const digits = BigInt(`${match[2]}${decimals.padEnd(column.decimals, "0")}`);
  return match[1] === "-" ? -digits : digits;
}

function badCell(row: Row, column: Column, wanted: string): ProfilesFileError {
  const cell = row.cells[column.index] ?? "";
  const where = whereOf(row, column);
  if (cell === "") return new ProfilesFileError(`the cell is empty: give ${wanted}`, where);
  if (/^-[\d.,]+$/.test(cell))
    return new ProfilesFileError(`${cell} is negative: give ${wanted}`, where);
  return new ProfilesFileError(`"${cell}" is not ${wanted}`, where);
}

/**
 * Warns of an implausibly large roof. @throws ProfilesFileError for one whose capacity does not fit into a meter's
 * registration.
 */
function implausible(rows: readonly Row[], roof: Column, stepSeconds: number): string[] {
  let most = { wh: 0n, row: rows[0] };
  for (const row of rows) {
    const wh = wholeWh(row, roof);
    if (wh > most.wh) most = { wh, row };
  }
  const watts = (most.wh * 3600n) / BigInt(stepSeconds);
  if (!most.row || watts <= IMPLAUSIBLE_W) return [];
  const problem = `${most.wh} Wh in ${stepSeconds / 60} min means a roof of ${watts / 1000n} kW`;
  if (watts > MOST_CAPACITY_W - 100n) {
    throw new ProfilesFileError(
      `${problem}: a meter's capacity is at most ${MOST_CAPACITY_W / 1000n} kW, correct the cell`,
      whereOf(most.row, roof),
    );
  }
  const { line } = most.row;
  return [`${roof.name}, line ${line}: ${problem}: is it a meter error?`];
}

function moment(row: Row, column: Column): { readonly at: number; readonly endOfDay: boolean } {
  const cell = row.cells[column.index] ?? "";
  const endOfDay = /[T ]24:00(?::00)?$/.test(cell);
  const at = parseMoment(endOfDay ? cell.replace(/24:00/, "00:00") : cell);
  if (at === undefined) throw badCell(row, column, "a time such as 2016-07-31T23:00");
  return { at: endOfDay ? at + 86_400 : at, endOfDay };
}

function stepOf(
  file: string,
  rows: readonly Row[],
  column: Column,
): { start: number; stepSeconds: number } {
  const moments = rows.map((row) => moment(row, column));
  const [first, second] = moments;
  if (first === undefined || second === undefined) {
    throw new ProfilesFileError(
      `there are ${moments.length} rows: give at least two, which determine the step`,
      { file, line: moments.length + 1, column: START },
    );
  }
  const stepSeconds = second.at - first.at;
  for (const [index, { at }] of moments.entries()) {
    const before = moments[index - 1]?.at;
    const row = rows[index];
    if (before === undefined || row === undefined) continue;
    const where = whereOf(row, column);
    const follows = `${momentOf(at)} follows ${momentOf(before)}`;
    if (at <= before) {
      throw new ProfilesFileError(`${follows}: times must increase from row to row`, where);
    }
    if (!STEP_MINUTES.includes(stepSeconds / 60)) {
      throw new ProfilesFileError(
        `${follows}: a step of ${stepSeconds / 60} min is not supported, give one of ${STEP_MINUTES.join(", ")}`,
        where,
      );
    }
    if (at - before !== stepSeconds) {
      throw new ProfilesFileError(
        `${follows}: ${momentOf(before + stepSeconds)} should come next, one step of ` +
          `${stepSeconds / 60} min on (use standard time all year)`,
        where,
      );
    }
  }
  if (first.at % stepSeconds !== 0) {
    throw new ProfilesFileError(
      `${momentOf(first.at)} is not a multiple of ${stepSeconds / 60} min: start on one`,
      { file, line: 2, column: START },
    );
  }
  const endStamped = moments.some(({ endOfDay }) => endOfDay);
  return { start: endStamped ? first.at - stepSeconds : first.at, stepSeconds };
}
