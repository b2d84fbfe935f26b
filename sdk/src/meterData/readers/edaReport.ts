import { Collector } from "../collector.ts";
import type { CsvRow } from "../csv.ts";
import { parseDecimal } from "../numbers.ts";
import { placeByStart } from "../place.ts";
import { qualityOf } from "../quality.ts";
import { stampReader } from "../stamps.ts";
import { type Direction, MeterFileError, type Quantity } from "../types.ts";
import { type Cell, cellText, sheetRows, wallOfSerial } from "../xlsx.ts";
import { austrianLayout, isAustrianHeader } from "./austria.ts";
import { type CommunityColumn, checkCommunity } from "./edaCheck.ts";
import { conclude, type ReadMeterFile, readTable, zoneFor } from "./reader.ts";

/**
 * The report that an Austrian energy community gets from EDA (XLSX): rows that say whose column it is, a row of
 * sums, then a row for each quarter-hour with its start in wall time; for each meter and code a column of kWh
 * and one of quality. Source: eda.at, reports of the user portal for energy communities. Other spreadsheets are
 * read as the tables of grid operators, or as any table.
 */
const ZONE = "Europe/Vienna";
const SECONDS = 900;

const LABELS = {
  meter: /^(?:metering\s?point\s?(?:id)?|meteringpointid|z(?:ä|ae)hlpunkt)/i,
  direction: /^(?:energy direction|energierichtung)/i,
  code: /^(?:meter\s?code|z(?:ä|ae)hlercode)/i,
} as const;

/** Tried in this order: the code of what nobody used begins as the code of the whole production does. */
const CODES: readonly (readonly [RegExp, Quantity])[] = [
  [/(?:ü|ue)berschuss|surplus|residual|not used|restproduktion/i, "communitySurplus"],
  [/eigendeckung|coverage|self/i, "ownCoverage"],
  [/anteil|share/i, "communityShare"],
  [/gesamt|total|verbrauch|consumption|production|generation|erzeugung/i, "energy"],
];

export const read: ReadMeterFile = async (file, options) => {
  const rows = await sheetRows(file);
  const code = rows.slice(0, 40).findIndex(([label]) => LABELS.code.test(cellText(label).trim()));
  if (code < 0) return readSheetTable(file, rows, options);
  const { answers = {} } = options;
  const into = new Collector();
  const zone = zoneFor(file.name, answers, ZONE);
  const columns = columnsOf(file.name, rows, code);
  const stamp = stampReader("dmy");
  const wall = (cell: Cell): number | undefined => {
    if (typeof cell === "object") return cell.wall;
    return typeof cell === "number" && cell > 20_000
      ? wallOfSerial(cell)
      : stamp(cellText(cell))?.wall;
  };
  for (let index = code + 1; index < rows.length; index++) {
    const cells = rows[index] ?? [];
    const row = index + 1;
    const start = wall(cells[0]);
    if (start === undefined) {
      readOther(file.name, cells, row, columns);
      continue;
    }
    if (!zone) break;
    const place = placeByStart(zone, Math.round(start / 60) * 60);
    for (const column of columns) {
      const milliWh = milliWhOf(file.name, cells[column.index], row, column, into);
      column.milliWh.push(milliWh);
      column.rows.push(row);
      if (milliWh === undefined) continue;
      const { meterId, direction, quantity } = column;
      const quality = qualityOf(cellText(cells[column.index + 1]));
      into.register({ meterId, direction, quantity }).add(place, SECONDS, milliWh, quality, row);
    }
  }
  checkSums(columns, into);
  checkCommunity(columns, into);
  const names = columns.map(({ name }) => name);
  return conclude("edaReport", file, into, zone, answers, { columns: names, rows: [] });
};

interface ReportColumn extends CommunityColumn {
  readonly index: number;
  readonly name: string;
  /** kWh in the row of sums, and that row. */
  sum?: { readonly kWh: number; readonly row: number };
}

function columnsOf(file: string, rows: readonly Cell[][], codeRow: number): ReportColumn[] {
  const head = rows.slice(0, codeRow);
  const labelled = (label: RegExp): readonly Cell[] =>
    head.find(([cell]) => label.test(cellText(cell).trim())) ?? [];
  const meters = labelled(LABELS.meter);
  const directions = labelled(LABELS.direction);
  const codes = rows[codeRow] ?? [];
  // A merged cell has its text in the first of its columns.
  const filled = (cells: readonly Cell[], at: number): string =>
    cellText(cells.slice(1, at + 1).findLast((cell) => cellText(cell).trim() !== "")).trim();
  const columns = codes.flatMap((cell, index): ReportColumn[] => {
    const name = cellText(cell).trim();
    if (index === 0 || name === "" || /qualit/i.test(name) || isQuality(rows, codeRow, index))
      return [];
    const quantity = CODES.find(([pattern]) => pattern.test(name))?.[1];
    if (!quantity) {
      const where = { row: codeRow + 1, column: `${index + 1}`, value: name };
      throw new MeterFileError(file, where, "a code of total, share, own coverage or surplus");
    }
    const said = filled(directions, index);
    const direction: Direction = /gener|erzeug|einspeis|production/i.test(said)
      ? "export"
      : "import";
    const meterId = filled(meters, index);
    return [{ index, name, meterId, direction, quantity, milliWh: [], rows: [] }];
  });
  if (columns.length === 0) throw new MeterFileError(file, { row: codeRow + 1 }, "codes of meters");
  return columns;
}

/** Whether a column holds qualities: its code may be repeated over it. */
const isQuality = (rows: readonly Cell[][], codeRow: number, index: number): boolean =>
  /^L\d$/.test(
    cellText(
      rows.slice(codeRow + 1, codeRow + 400).find((cells) => cells[index] !== undefined)?.[index],
    ).trim(),
  );

/** Rows below the codes that have no time: the sums, or empty ones. */
function readOther(
  file: string,
  cells: readonly Cell[],
  row: number,
  columns: readonly ReportColumn[],
): void {
  const label = cellText(cells[0]).trim();
  for (const column of columns) {
    const text = cellText(cells[column.index]);
    const kWh = parseDecimal(text, ".") ?? parseDecimal(text, ",");
    if (kWh === undefined) continue;
    if (column.milliWh.length > 0 && !/^(?:sum|total|gesamt)/i.test(label)) {
      throw new MeterFileError(
        file,
        { row, column: "1", value: label },
        "the start of a quarter-hour",
      );
    }
    column.sum = { kWh, row };
  }
}

function milliWhOf(
  file: string,
  cell: Cell,
  row: number,
  { name, meterId }: ReportColumn,
  into: Collector,
): number | undefined {
  if (typeof cell === "number") return cell * 1e6;
  const text = cellText(cell).trim();
  const kWh = text === "" ? undefined : (parseDecimal(text, ".") ?? parseDecimal(text, ","));
  if (kWh !== undefined) return kWh * 1e6;
  if (text !== "" && !/no data|keine daten|kein wert|n\/a|^-$/i.test(text)) {
    throw new MeterFileError(
      file,
      { row, column: name, value: text },
      "kWh, or that there are no data",
    );
  }
  const message = "there are no data";
  into.find({ kind: "missing", row, lastRow: row, count: 1, meterId, column: name, message });
  return undefined;
}

function checkSums(columns: readonly ReportColumn[], into: Collector): void {
  for (const { sum, milliWh, name, meterId } of columns) {
    if (!sum) continue;
    const read = milliWh.reduce<number>((total, each) => total + (each ?? 0), 0);
    if (Math.abs(read - sum.kWh * 1e6) < 1000) continue;
    const message = `the report's sum is ${sum.kWh} kWh, its quarters add up to ${read / 1e6}`;
    into.find({
      kind: "sum",
      row: sum.row,
      lastRow: sum.row,
      count: 1,
      meterId,
      column: name,
      message,
    });
  }
}

async function readSheetTable(
  file: Parameters<ReadMeterFile>[0],
  rows: readonly Cell[][],
  options: Parameters<ReadMeterFile>[1],
): ReturnType<ReadMeterFile> {
  const table = rows.map(
    (cells, index): CsvRow => ({ row: index + 1, cells: cells.map(cellText) }),
  );
  async function* once(): AsyncGenerator<readonly CsvRow[]> {
    yield table;
  }
  if (table.slice(0, 60).some(({ cells }) => isAustrianHeader(cells))) {
    return readTable("austria", file, once(), austrianLayout, options);
  }
  const { layout } = await import("./csv.ts");
  return readTable("csv", file, once(), layout, options);
}
