/**
 * What a meter file holds, and what has to be asked about it. Energy is counted in thousandths of a Wh
 * (`milliWh`), an integer that a number holds exactly up to 9 TWh: most files write kWh with three to six
 * decimals. Time is Unix time in seconds.
 */

/** A format that has a reader of its own. `csv` is any other table, read with the caller's answers. */
export type MeterFormat =
  | "austria"
  | "edaReport"
  | "fluvius"
  | "eDistribuzione"
  | "enedis"
  | "datadis"
  | "dsmrReader"
  | "greenButton"
  | "nem12"
  | "enphase"
  | "p1"
  | "csv";

/** `import`: drawn from the grid. `export`: fed into it. `production`: made by the roof, before own use. */
export type Direction = "import" | "export" | "production";

/**
 * `energy` is what the meter measured. The others are an energy community's accounts of it: the share of its
 * production that a meter was offered, the part of that it used, what it still drew from the grid, and what
 * nobody in the community used.
 */
export type Quantity =
  | "energy"
  | "communityShare"
  | "ownCoverage"
  | "gridRest"
  | "communitySurplus";

export type Quality = "measured" | "estimated" | "unknown";

/** What a meter counted from `start` on, for `seconds`. */
export interface Interval {
  /** Unix time, s. */
  readonly start: number;
  readonly seconds: number;
  /** Thousandths of a Wh. */
  readonly milliWh: number;
  readonly quality: Quality;
  /** The line of the file, the first is 1; in a JSON or XML file the number of the reading. */
  readonly row: number;
}

export type FindingKind =
  | "gap"
  | "overlap"
  | "duplicate"
  | "negative"
  | "estimated"
  | "missing"
  | "skippedHour"
  | "mislabelledHour"
  | "registerReset"
  | "ignored"
  | "sum"
  | "community";

/** Something in a file that its reader could read, and that the caller should know. */
export interface Finding {
  readonly kind: FindingKind;
  readonly row: number;
  /** The last row of a run of rows with the same finding. */
  readonly lastRow: number;
  /** How many rows, or intervals, it is about. */
  readonly count: number;
  readonly meterId?: string;
  readonly column?: string;
  readonly message: string;
}

export type QuestionId =
  | "timeZone"
  | "unit"
  | "stamp"
  | "direction"
  | "valueKind"
  | "dateOrder"
  | "decimalMark"
  | "repeatedHour"
  | "skippedHour";

/** What a file does not say, and its reader will not guess. */
export interface Question {
  readonly id: QuestionId;
  readonly text: string;
  /** The answers that are taken; a time zone is any IANA name or an offset such as `+10:00`. */
  readonly choices: readonly string[];
  readonly row?: number;
  readonly column?: string;
}

/** The caller's answers. An answer also overrides what the format says, such as its usual time zone. */
export type Answers = { readonly [id in QuestionId]?: string };

/** The first rows of a file as its reader sees them, to show beside the questions. */
export interface Preview {
  readonly encoding: string;
  readonly separator?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A file that can't be read: where, what stands there and what was expected. */
export class MeterFileError extends Error {
  override readonly name = "MeterFileError";
  readonly file: string;
  readonly row: number | undefined;
  readonly column: string | undefined;
  readonly value: string | undefined;
  readonly expected: string;

  constructor(
    file: string,
    where: { readonly row?: number; readonly column?: string; readonly value?: string },
    expected: string,
  ) {
    const place = [
      file,
      where.row === undefined ? [] : `row ${where.row}`,
      where.column === undefined ? [] : `column ${where.column}`,
    ].flat();
    const stands = where.value === undefined ? "" : `"${shortened(where.value)}" stands there, `;
    super(`${place.join(", ")}: ${stands}expected ${expected}`);
    this.file = file;
    this.row = where.row;
    this.column = where.column;
    this.value = where.value;
    this.expected = expected;
  }
}

const shortened = (value: string): string => (value.length > 60 ? `${value.slice(0, 60)}…` : value);
