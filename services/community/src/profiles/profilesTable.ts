import { readFileSync } from "node:fs";
import { momentOf, parseMoment, SLOT_MINUTES } from "./calendar.ts";

const START = "start";
const LOAD = "_load_wh";
const PRODUCTION = "_pv_wh";
const RETAIL_PRICE = "retail_price_usd_per_kwh";

/** A lane of a profile has 31 bits for Wh. */
const MOST_WH = 2n ** 31n - 1n;

/** A profiles file, or a request to read one, that cannot be honoured. */
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

/** Where in a file something is. */
export interface Where {
  readonly file: string;
  readonly line?: number;
  readonly column?: string;
}

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
  /** Per kWh, in millionths of a dollar; null where the file has no such column. */
  readonly retailPerKwh: readonly bigint[] | null;
}

/**
 * Reads a table of comma-separated cells, unquoted, with the columns `start`, `NAME_load_wh` for each
 * home, and where there is one `NAME_pv_wh` and `retail_price_usd_per_kwh`. Other columns are
 * ignored. A byte order mark and Windows line ends are accepted.
 *
 * @throws ProfilesFileError naming the file, line and column of whatever is wrong.
 */
export function readProfilesTable(file: string): ProfilesTable {
  const [header = "", ...body] = linesOf(file);
  const columns = columnsOf(file, header);
  const rows = body.map((text, index) => rowOf(file, index + 2, text, columns));
  const { start, stepSeconds } = stepOf(file, readColumn(rows, columns, START, moment));
  const homes = columns
    .filter((column) => column.endsWith(LOAD))
    .map((column) => column.slice(0, -LOAD.length))
    .map((name) => ({
      name,
      loadWh: readColumn(rows, columns, name + LOAD, wholeWh),
      producedWh: readOptional(rows, columns, name + PRODUCTION, wholeWh),
    }));
  const retailPerKwh = readOptional(rows, columns, RETAIL_PRICE, millionths);
  return { stepSeconds, start, steps: rows.length, homes, retailPerKwh };
}

/** The cells of one line, and where they stand. */
interface Row {
  readonly file: string;
  readonly line: number;
  readonly cells: readonly string[];
}

function linesOf(file: string): string[] {
  return textOf(file)
    .replace(/^\uFEFF/, "")
    .replace(/(\r?\n)+$/, "")
    .split(/\r?\n/);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProfilesFileError(`cannot be read (${reason}): check the path`, { file }, cause);
  }
}

function columnsOf(file: string, header: string): readonly string[] {
  const line = 1;
  const columns = header.split(",");
  for (const [index, column] of columns.entries()) {
    const where = { file, line, column };
    if (column.includes('"')) throw quoted(where);
    if (columns.indexOf(column) !== index) {
      throw new ProfilesFileError("stands twice: give each column a name of its own", where);
    }
    if (column === LOAD || column === PRODUCTION) {
      throw new ProfilesFileError(`names no home: write NAME${column}`, where);
    }
    const load = column.endsWith(PRODUCTION) && column.slice(0, -PRODUCTION.length) + LOAD;
    if (load && !columns.includes(load)) {
      throw new ProfilesFileError(`is missing, yet there is ${column}: add it`, {
        ...where,
        column: load,
      });
    }
  }
  if (!columns.includes(START)) {
    const where = { file, line, column: START };
    throw new ProfilesFileError("is missing: add it, with the beginning of each step", where);
  }
  if (!columns.some((column) => column.endsWith(LOAD))) {
    const where = { file, line, column: `NAME${LOAD}` };
    throw new ProfilesFileError("is missing: a file needs one for each home, and has none", where);
  }
  return columns;
}

function rowOf(file: string, line: number, text: string, columns: readonly string[]): Row {
  const cells = text.split(",");
  const quotedAt = text.includes('"') ? cells.findIndex((cell) => cell.includes('"')) : -1;
  if (quotedAt >= 0) throw quoted({ file, line, column: columns[quotedAt] ?? `${quotedAt + 1}` });
  if (cells.length !== columns.length) {
    const column = columns[cells.length] ?? `${columns.length + 1}`;
    throw new ProfilesFileError(
      `the line has ${cells.length} cells, the header ${columns.length}: give one for each column`,
      { file, line, column },
    );
  }
  return { file, line, cells };
}

function quoted(where: Where): ProfilesFileError {
  return new ProfilesFileError(
    "a quoted cell is not read: write it without quotation marks",
    where,
  );
}

function readOptional<Value>(
  rows: readonly Row[],
  columns: readonly string[],
  column: string,
  read: (cell: string, where: Where) => Value,
): Value[] | null {
  return columns.includes(column) ? readColumn(rows, columns, column, read) : null;
}

function readColumn<Value>(
  rows: readonly Row[],
  columns: readonly string[],
  column: string,
  read: (cell: string, where: Where) => Value,
): Value[] {
  const index = columns.indexOf(column);
  return rows.map(({ file, line, cells }) => read(cells[index] ?? "", { file, line, column }));
}

function wholeWh(cell: string, where: Where): bigint {
  if (!/^\d+$/.test(cell)) throw badCell(cell, where, "a whole number of Wh, 0 or more");
  const wh = BigInt(cell);
  if (wh > MOST_WH) {
    const problem = `${cell} Wh is more than a slot can hold: give at most ${MOST_WH}`;
    throw new ProfilesFileError(problem, where);
  }
  return wh;
}

/** From the digits themselves: a floating-point number cannot hold most decimal prices. */
function millionths(cell: string, where: Where): bigint {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(cell);
  if (match === null) throw badCell(cell, where, "a price per kWh, 0 or more, such as 0.31");
  const decimals = (match[2] ?? "").replace(/0+$/, "");
  if (decimals.length > 6) {
    throw new ProfilesFileError(`${cell} is finer than a millionth: give 6 decimals`, where);
  }
  return BigInt(`${match[1]}${decimals.padEnd(6, "0")}`);
}

function badCell(cell: string, where: Where, wanted: string): ProfilesFileError {
  if (cell === "") return new ProfilesFileError(`the cell is empty: give ${wanted}`, where);
  if (/^-[\d.]+$/.test(cell))
    return new ProfilesFileError(`${cell} is negative: give ${wanted}`, where);
  return new ProfilesFileError(`"${cell}" is not ${wanted}`, where);
}

function moment(cell: string, where: Where): number {
  const unixSeconds = parseMoment(cell);
  if (unixSeconds === undefined) {
    throw badCell(cell, where, "a moment written as 2016-07-31T23:00");
  }
  return unixSeconds;
}

function stepOf(file: string, starts: readonly number[]): { start: number; stepSeconds: number } {
  const [start, second] = starts;
  if (start === undefined || second === undefined) {
    throw new ProfilesFileError(
      `there are ${starts.length} rows: give at least two, so that the step can be told`,
      { file, line: starts.length + 1, column: START },
    );
  }
  const stepSeconds = second - start;
  for (const [index, current] of starts.entries()) {
    const before = starts[index - 1];
    if (before === undefined) continue;
    const where = { file, line: index + 2, column: START };
    const follows = `${momentOf(current)} follows ${momentOf(before)}`;
    if (current <= before) {
      throw new ProfilesFileError(`${follows}: time must move on from row to row`, where);
    }
    if (!SLOT_MINUTES.includes(stepSeconds / 60)) {
      throw new ProfilesFileError(
        `${follows}: a step of ${stepSeconds / 60} min is no slot length, give 5, 15, 30 or 60`,
        where,
      );
    }
    if (current - before !== stepSeconds) {
      throw new ProfilesFileError(
        `${follows}: ${momentOf(before + stepSeconds)} should come next, one step of ` +
          `${stepSeconds / 60} min on (use standard time all year)`,
        where,
      );
    }
  }
  if (start % stepSeconds !== 0) {
    throw new ProfilesFileError(
      `${momentOf(start)} is not on a whole step of ${stepSeconds / 60} min: start on one`,
      { file, line: 2, column: START },
    );
  }
  return { start, stepSeconds };
}
