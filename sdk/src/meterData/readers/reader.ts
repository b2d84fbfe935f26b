import { Collector } from "../collector.ts";
import { type CsvRow, csvRows, separatorOf } from "../csv.ts";
import { examine } from "../findings.ts";
import type { OpenFile } from "../input.ts";
import type { MeterSeries } from "../series.ts";
import { type TableLayout, TableReader } from "../table.ts";
import {
  type Answers,
  type Finding,
  MeterFileError,
  type MeterFormat,
  type Preview,
  type Question,
} from "../types.ts";
import { type Zone, zoneOf } from "../zone.ts";

/** What came of a file: its series, or the questions to answer first. */
export interface Reading {
  readonly format: MeterFormat;
  /** Empty while a question is open. */
  readonly series: readonly MeterSeries[];
  readonly findings: readonly Finding[];
  readonly questions: readonly Question[];
  readonly preview: Preview;
}

/** What every reader is given. */
export interface ReadOptions {
  readonly answers?: Answers;
  readonly signal?: AbortSignal;
  /** Called with the share of the file that was read, where its size is known, and rows so far. */
  readonly onProgress?: (rows: number) => void;
}

/** The one interface of all formats: each reader's module exports a `read` of this type. */
export type ReadMeterFile = (file: OpenFile, options: ReadOptions) => Promise<Reading>;

/** The zone that was answered, or the format's own. @throws MeterFileError for a name that is no zone. */
export function zoneFor(file: string, answers: Answers, usual?: string): Zone | undefined {
  const name = answers.timeZone ?? usual;
  if (name === undefined) return undefined;
  const zone = zoneOf(name);
  if (zone) return zone;
  throw new MeterFileError(file, { value: name }, "an IANA time zone or an offset such as +01:00");
}

/** Puts a file's series in place, examines them, and makes the reading of it. */
export function conclude(
  format: MeterFormat,
  file: OpenFile,
  into: Collector,
  zone: Zone | undefined,
  answers: Answers,
  preview: Omit<Preview, "encoding">,
): Reading {
  const asked = into.questions.length > 0;
  const series = into.finish(zone, answers);
  for (const each of series) examine(each, into);
  if (!asked && into.questions.length === 0 && series.length === 0) {
    throw new MeterFileError(file.name, {}, "values: there is not one in the file");
  }
  return {
    format,
    series,
    findings: into.findings,
    questions: into.questions,
    preview: { encoding: file.encoding, ...preview },
  };
}

/** The first rows of a table, from which its layout is told. */
export interface TableHead {
  readonly file: string;
  readonly rows: readonly CsvRow[];
}

/** Tells a table's layout, or asks `into` and returns undefined. */
export type LayoutOf = (
  head: TableHead,
  answers: Answers,
  into: Collector,
) => TableLayout | undefined;

const PREVIEW_ROWS = 8;

/** Makes a reader of a format that is a table of rows. */
export const tableReader =
  (format: MeterFormat, layoutOf: LayoutOf): ReadMeterFile =>
  async (file, options) => {
    const separator = separatorOf(file.head);
    return readTable(format, file, csvRows(file, separator), layoutOf, options, separator);
  };

/** Reads a table's rows block by block by the layout that the first block tells. */
export async function readTable(
  format: MeterFormat,
  file: OpenFile,
  blocks: AsyncGenerator<readonly CsvRow[]>,
  layoutOf: LayoutOf,
  { answers = {}, signal, onProgress }: ReadOptions,
  separator?: string,
): Promise<Reading> {
  const into = new Collector();
  let reader: TableReader | undefined;
  let layout: TableLayout | undefined;
  let first: readonly CsvRow[] = [];
  for await (const rows of blocks) {
    signal?.throwIfAborted();
    if (!reader) {
      first = rows;
      layout = layoutOf({ file: file.name, rows }, answers, into);
      if (!layout) break;
      reader = new TableReader(file.name, layout, into);
    }
    reader.read(rows);
    onProgress?.(rows.at(-1)?.row ?? 0);
  }
  return conclude(format, file, into, layout?.zone, answers, {
    ...(separator !== undefined && { separator }),
    columns: layout?.columns ?? first[0]?.cells ?? [],
    rows: first.slice(0, PREVIEW_ROWS).map(({ cells }) => cells),
  });
}

/** The first row that has columns of time and of values, by the format's own test. */
export function headerOf(
  { file, rows }: TableHead,
  isHeader: (cells: readonly string[]) => boolean,
  wanted: string,
): {
  readonly header: CsvRow;
  readonly body: readonly CsvRow[];
  readonly preamble: readonly CsvRow[];
} {
  const at = rows.slice(0, 60).findIndex(({ cells }) => isHeader(cells.map((cell) => cell.trim())));
  const header = rows[at];
  if (!header) throw new MeterFileError(file, { row: 1 }, `a row of column names: ${wanted}`);
  const body = rows.slice(at + 1).filter(({ cells }) => cells.some((cell) => cell.trim() !== ""));
  return {
    header: { row: header.row, cells: header.cells.map((cell) => cell.trim()) },
    body,
    preamble: rows.slice(0, at),
  };
}
