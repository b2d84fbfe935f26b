import type { CsvRow } from "../csv.ts";
import { sniffMark } from "../sniff.ts";
import type { ValueColumn } from "../table.ts";
import { MeterFileError } from "../types.ts";
import { isRecord, parseJson, textOf } from "./json.ts";
import {
  headerOf,
  type LayoutOf,
  type ReadMeterFile,
  readTable,
  tableReader,
  zoneFor,
} from "./reader.ts";

/**
 * Datadis (Spain): hours named by their end, "01:00" to "24:00", in kWh; what was fed in beside what was drawn.
 * As JSON from its API or as CSV from its pages. The peninsula's clock, unless answered otherwise (the Canary
 * Islands: Atlantic/Canary). Source: datadis.es, API of consumption data v2; samples: eddie, region connector
 * es-datadis (Apache-2.0 licence).
 */
const FIELDS = [
  "cups",
  "date",
  "time",
  "consumptionKWh",
  "surplusEnergyKWh",
  "obtainMethod",
] as const;

const NAMES = {
  meter: /^cups$/i,
  date: /^(?:date|fecha)$/i,
  time: /^(?:time|hora)$/i,
  drawn: /^(?:consumptionKWh|consumo_kWh|AE_kWh)$/i,
  fedIn: /^(?:surplusEnergyKWh|energiaVertida_kWh|AS_kWh)$/i,
  quality: /^(?:obtainMethod|metodo_?obtencion|REAL\/ESTIMADO)$/i,
} as const;

export const layout: LayoutOf = (head, answers) => {
  const isHeader = (cells: readonly string[]): boolean =>
    [NAMES.meter, NAMES.date, NAMES.time, NAMES.drawn].every((name) =>
      cells.some((cell) => name.test(cell)),
    );
  const { header, body } = headerOf(head, isHeader, "cups; fecha; hora; consumo_kWh");
  const at = (name: RegExp): number => header.cells.findIndex((cell) => name.test(cell));
  const quality = at(NAMES.quality);
  const value = (index: number, direction: ValueColumn["direction"]): ValueColumn => ({
    index,
    time,
    kind: "energy",
    milli: 1e6,
    meterId: "meter",
    direction,
    quantity: "energy",
    ...(quality >= 0 && { quality }),
  });
  const time = { end: { date: at(NAMES.date), time: at(NAMES.time) } };
  const fedIn = at(NAMES.fedIn);
  const values = [
    value(at(NAMES.drawn), "import"),
    ...(fedIn >= 0 ? [value(fedIn, "export")] : []),
  ];
  return {
    headerRow: header.row,
    columns: header.cells,
    values,
    zone: zoneFor(head.file, answers, "Europe/Madrid"),
    dateOrder: "dmy",
    decimalMark:
      sniffMark(
        body,
        values.map(({ index }) => index),
      ) ?? ",",
    seconds: 3600,
    meterColumn: at(NAMES.meter),
  };
};

const readCsv = tableReader("datadis", layout);

export const read: ReadMeterFile = async (file, options) => {
  if (!/^\uFEFF?\s*[[{]/.test(file.head)) return readCsv(file, options);
  const parsed = await parseJson(file);
  const list = isRecord(parsed) ? (parsed.response ?? parsed.timeCurve) : parsed;
  if (!Array.isArray(list)) throw new MeterFileError(file.name, {}, "a list of hours");
  const rows = list.map((item: unknown, index): CsvRow => {
    if (!isRecord(item))
      throw new MeterFileError(file.name, { row: index + 1 }, "an hour: cups, date, time …");
    return { row: index + 1, cells: FIELDS.map((field) => textOf(item[field])) };
  });
  return readTable("datadis", file, asOne([{ row: 0, cells: FIELDS }, ...rows]), layout, options);
};

async function* asOne(rows: readonly CsvRow[]): AsyncGenerator<readonly CsvRow[]> {
  yield rows;
}
