import { Collector } from "../collector.ts";
import { type CsvRow, csvRows, separatorOf } from "../csv.ts";
import { examine } from "../findings.ts";
import type { OpenFile } from "../input.ts";
import type { MeterSeries } from "../series.ts";
import { type NamedRegister, type TableLayout, TableReader } from "../table.ts";
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
  /** Registers by name that tell what a community shared, in a table that has registers: their names are not published. */
  readonly registers?: readonly NamedRegister[];
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

/** Where a table begins, to show it beside the questions about the rest of its layout. */
type TableStart = Pick<TableLayout, "headerRow" | "columns">;

/** Tells a table's layout, or asks `into` and returns where the table begins. */
export type LayoutOf = (
  head: TableHead,
  answers: Answers,
  into: Collector,
) => TableLayout | TableStart;

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
  { answers = {}, registers = [], signal, onProgress }: ReadOptions,
  separator?: string,
): Promise<Reading> {
  const into = new Collector();
  let reader: TableReader | undefined;
  let layout: TableLayout | TableStart | undefined;
  let first: readonly CsvRow[] = [];
  const seen = new Set<string>();
  for await (const rows of tablesIn(blocks)) {
    signal?.throwIfAborted();
    if (rows.begins) {
      if (first.length === 0) first = rows.rows;
      layout = layoutOf({ file: file.name, rows: rows.rows }, answers, into);
      if (into.questions.length > 0 || !("values" in layout)) break;
      reader = new TableReader(file.name, layout, into, registers);
    }
    reader?.read(rows.rows);
    for (const name of reader?.seen ?? []) seen.add(name);
    onProgress?.(rows.rows.at(-1)?.row ?? 0);
  }
  if (into.questions.length === 0) {
    const missing = registers.find(({ name }) => !seen.has(name));
    if (missing) throw new MeterFileError(file.name, {}, `a register named "${missing.name}"`);
  }
  const zone = layout && "zone" in layout ? layout.zone : undefined;
  const { columns = [], headerRow = 1 } = layout ?? {};
  // Long lines of a portal's own may stand above the table.
  const before = first.findIndex(({ row }) => row === headerRow);
  return conclude(format, file, into, zone, answers, {
    ...(separator !== undefined && { separator }),
    columns,
    rows: first
      .slice(Math.max(before, 0))
      .slice(0, PREVIEW_ROWS)
      .map(({ cells }) => cells),
  });
}

/** Rows of one table, from its beginning or on from the ones before. */
interface TableRows {
  readonly begins: boolean;
  readonly rows: readonly CsvRow[];
}

/** A table needs this many rows to tell its layout. */
const TELLING_ROWS = 60;

/** Parts a file in which tables stand one below the other: each begins as the first does. */
async function* tablesIn(blocks: AsyncGenerator<readonly CsvRow[]>): AsyncGenerator<TableRows> {
  let beginning: string | undefined;
  let held: readonly CsvRow[] = [];
  let begun = false;
  for await (const block of blocks) {
    const rows = held.length === 0 ? block : [...held, ...block];
    held = [];
    beginning ??= rows[0]?.cells.join("\n");
    const isBeginning = ({ cells }: CsvRow): boolean =>
      cells[0] !== "" &&
      beginning?.startsWith(cells[0] ?? "") === true &&
      cells.join("\n") === beginning;
    // A line that stands there twice in a row, such as a meter's number, begins one table only.
    const starts = rows.flatMap((row, index) => {
      const before = rows[index - 1];
      return isBeginning(row) && !(before && isBeginning(before)) ? [index] : [];
    });
    const firstStart = starts[0] ?? rows.length;
    if (firstStart > 0 && begun) yield { begins: false, rows: rows.slice(0, firstStart) };
    for (const [turn, from] of starts.entries()) {
      const to = starts[turn + 1] ?? rows.length;
      if (to === rows.length && to - from < TELLING_ROWS) held = rows.slice(from);
      else yield { begins: true, rows: rows.slice(from, to) };
    }
    begun = true;
  }
  if (held.length > 0) yield { begins: true, rows: held };
}

/** The first row that has columns of time and of values, by the format's own test of it and of the row after it. */
export function headerOf(
  { file, rows }: TableHead,
  isHeader: (cells: readonly string[], next: readonly string[]) => boolean,
  wanted: string,
): {
  readonly header: CsvRow;
  readonly body: readonly CsvRow[];
  readonly preamble: readonly CsvRow[];
} {
  const trimmed = (index: number): string[] => rows[index]?.cells.map((cell) => cell.trim()) ?? [];
  const at = rows
    .slice(0, 60)
    .findIndex((_, index) => isHeader(trimmed(index), trimmed(index + 1)));
  const header = rows[at];
  if (!header) throw new MeterFileError(file, { row: 1 }, `a row of column names: ${wanted}`);
  const body = rows.slice(at + 1).filter(({ cells }) => cells.some((cell) => cell.trim() !== ""));
  return {
    header: { row: header.row, cells: header.cells.map((cell) => cell.trim()) },
    body,
    preamble: rows.slice(0, at),
  };
}
