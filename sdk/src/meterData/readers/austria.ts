import { unitInName } from "../numbers.ts";
import { cellsOf, sniffMark, sniffOffset, sniffSeconds } from "../sniff.ts";
import { parseTime, stampReader } from "../stamps.ts";
import {
  type RegisterMeaning,
  SPAN,
  type StampColumns,
  type TableLayout,
  type TimeColumns,
  type ValueColumn,
} from "../table.ts";
import { type Direction, MeterFileError, type Quantity } from "../types.ts";
import { headerOf, type LayoutOf, tableReader, zoneFor } from "./reader.ts";

/**
 * The CSV files that Austrian grid operators let their customers download: one table in German, its header after
 * some lines about the customer or not. Dialects differ in the names of columns and in whether a quarter-hour is
 * named by its start, its end or both. Read by the names: a new operator's file is read when its words are
 * among these. Samples: awattar-backtesting.github.io, folder samples (MIT licence),
 * which also has the XLSX files of Ebner Strom, Energienetze Steiermark, eww Wels, Hall AG, KWG and Stadtwerke Kufstein.
 */
const ZONE = "Europe/Vienna";

const START =
  /^(?:datum von|datum und uhrzeit|datumuhrzeit|beginn der messreihe|.*zeitraum beginn|start|von|startdatum|begindate|date_from\d?)$/i;
const END =
  /^(?:datum bis|ende der messreihe|.*zeitraum ende|ende|bis|enddatum|enddate|date_to\d?|zeit bis)$/i;
const ENDS_ONLY = /^(?:messzeitpunkt|ablesezeitpunkt|ende ablesezeitraum|zeitstempel string)$/i;
const DAY = /^datum$/i;
const START_TIME = /^(?:zeit von|zeit|uhrzeit|startuhrzeit)$/i;
const END_TIME = /^enduhrzeit$/i;
const STATE = /z(?:ä|ae|.)?hlerstand/i;
const VALUE =
  /verbrauch|einspeis|energiemenge|gemessene menge|messwert|vorschub|lastg(?:ä|.)nge|bezug|eigendeckung|anteil|^wert\b|^value\d?$|^kwh$|kwh\)?$|^AT\d{6}|^leistung$|^daten \d+$|1-1:[12]\.9\.0 [GP]\.0\d/i;
const NO_VALUE = /^kw$|beschreibung|messwert: val|erneuerb|einheit$|zeitraum|messintervall|status/i;
/** Neither energy nor a part of it: sums and differences of other columns. */
const DERIVED = /gemeinschaftsnutzung/i;
/** A table of numbered columns says in lines above it what they hold; its times are ends. */
const NUMBERED = /^daten \d+$/i;
const OBIS_COLUMN = /^obis/i;
const QUALITY = /^(?:status.*|qualit.{1,2}t|ersatzwert|messwert: val.*)$/i;
const EXPORT = /einspeis|gemessene menge|netzeinspeisung|(?:^|[^\d.])2\.[89]\.\d/i;
const METER_ID = /AT[0-9A-Z]{20,}/;
const METER_COLUMN = /^z(?:ä|ae|.)?hlpunkt(?:bezeichnung)?$/i;

/** The codes of Austria's market communication: what a member of a community used, got and left. */
const QUANTITIES: readonly (readonly [RegExp, Quantity])[] = [
  [/1\.9\.0 P\.01|restnetzbezug|restverbrauch/i, "gridRest"],
  [/2\.9\.0 P\.01/i, "communitySurplus"],
  [/2\.9\.0 G\.03/i, "ownCoverage"],
  [/2\.9\.0 G\.02/i, "communityShare"],
  [/eigendeckung/i, "ownCoverage"],
  [/ideeller anteil/i, "communityShare"],
];

const isTime = (name: string): boolean =>
  [START, END, ENDS_ONLY, DAY].some((pattern) => pattern.test(name));
const isValue = (name: string): boolean =>
  VALUE.test(name) && !NO_VALUE.test(name) && !STATE.test(name);

/** Whether these are the column names of such a file. */
export const isAustrianHeader = (cells: readonly string[]): boolean =>
  cells.some((name) => isTime(name.trim())) && cells.some((name) => isValue(name.trim()));

export const austrianLayout: LayoutOf = (head, answers, into) => {
  const { header, body, preamble } = headerOf(
    head,
    isAustrianHeader,
    "a time (Datum, Beginn …, Messzeitpunkt) and a value in kWh",
  );
  const names = header.cells;
  const about = preamble.map(({ cells }) => cells.join(" ")).join("\n");
  // Some operators leave the column empty, or write words into it.
  const obisColumn = names.findIndex(
    (name, index) => OBIS_COLUMN.test(name) && cellsOf(body, index).some(partsOfObis),
  );
  const meterNamedBy = body.some(({ cells }) => meterIn(cells) !== undefined) ? meterIn : undefined;
  const meterColumn = names.findIndex((name) => METER_COLUMN.test(name));
  const unitColumn = names.findIndex((name) => /^(?:einheit|unit)$/i.test(name));
  const values = names
    .map((name, index) => ({ name, index }))
    .filter(({ name }) => isValue(name))
    .map(({ name, index }): ValueColumn | undefined => {
      const time = timeFor(
        names,
        index,
        body.map(({ cells }) => cells),
      );
      return time && { ...columnOf(name, about), index, time, ...qualityFor(names, index) };
    })
    .filter((value) => value !== undefined);
  const hasDayRows = values.some(
    (value) =>
      body.some(({ cells }) => isDaily(value, cells)) &&
      body.some(({ cells }) => !isDaily(value, cells)),
  );
  const kept = withoutTariffs(names, values).filter(
    (value) =>
      !DERIVED.test(names[value.index] ?? "") &&
      (hasDayRows || !isDaily(value, body[0]?.cells ?? [])),
  );
  if (values.length > 0 && kept.length === 0) {
    throw new MeterFileError(
      head.file,
      { row: header.row },
      "a column of energy for intervals of 60 minutes at most: this table has days",
    );
  }
  const [first] = kept;
  const time = first?.time ?? {};
  const offsets = sniffOffset(body, time, "dmy");
  const layout: TableLayout = {
    headerRow: header.row,
    columns: names,
    values: kept,
    zone: offsets && answers.timeZone === undefined ? undefined : zoneFor(head.file, answers, ZONE),
    dateOrder: "dmy",
    decimalMark:
      sniffMark(
        body,
        kept.map(({ index }) => index),
      ) ?? ",",
    seconds: sniffSeconds(body, time, "dmy"),
    ...(meterColumn >= 0 && { meterColumn }),
    ...(unitColumn >= 0 && { unitColumn }),
    ...(meterNamedBy && { meterNamedBy }),
    ...(hasDayRows && { hasDayRows }),
    ...(obisColumn >= 0 && {
      registerColumn: obisColumn,
      meaningOf: obisMeaning(cellsOf(body, obisColumn)),
    }),
  };
  for (const [index, name] of names.entries()) {
    if (!isValue(name) || kept.some((value) => value.index === index)) continue;
    const message = `column "${name}" is part of another or counts whole days: left out`;
    into.find({
      kind: "ignored",
      row: header.row,
      lastRow: header.row,
      count: 1,
      column: name,
      message,
    });
  }
  return layout;
};

export const read = tableReader("austria", austrianLayout);

/** A line that has a meter's number alone names the meter of the rows below it. */
const meterIn = ([first = "", ...others]: readonly string[]): string | undefined =>
  others.every((cell) => cell.trim() === "")
    ? /^Z(?:ä|ae|.)?hlpunkt\S* (\S+)$/i.exec(first.trim())?.[1]
    : undefined;

/** What registers mean by their OBIS codes: of several tariffs the sum, where it is there. */
function obisMeaning(codes: readonly string[]): (code: string) => RegisterMeaning {
  const hasSum = codes.some((code) => partsOfObis(code)?.tariff === "0");
  return (code) => {
    const parts = partsOfObis(code);
    if (parts === undefined || (hasSum && parts.tariff !== "0")) return undefined;
    return { direction: parts.direction, register: parts.tariff };
  };
}

function partsOfObis(
  code: string,
): { readonly direction: Direction; readonly tariff: string } | undefined {
  const [, way, tariff] = /(?:^|[^\d.])([12])\.(?:8|9|29)\.(\d)/.exec(code) ?? [];
  if (way === undefined || tariff === undefined) return undefined;
  return { direction: way === "1" ? "import" : "export", tariff };
}

function columnOf(
  written: string,
  about: string,
): Omit<ValueColumn, "index" | "time"> & { readonly direction: Direction } {
  const name = NUMBERED.test(written) ? legendOf(written, about) : written;
  const unit = unitInName(name);
  return {
    kind: unit?.kind ?? "energy",
    milli: unit?.milli ?? 1e6,
    meterId: METER_ID.exec(name)?.[0] ?? METER_ID.exec(about)?.[0] ?? labelledMeter(about),
    direction: directionOf(name, about),
    quantity: QUANTITIES.find(([pattern]) => pattern.test(name))?.[1] ?? "energy",
    register: /hochtarif|niedertarif/i.exec(name)?.[0] ?? "",
  };
}

/** What a member gets of its community has the code of export, because others fed it in. */
function directionOf(name: string, about: string): Direction {
  if (/G\.0[23]/.test(name)) return "import";
  return EXPORT.test(NUMBERED.test(name) ? name : `${name}\n${about}`) ? "export" : "import";
}

/** The line above the table that says what a numbered column holds. */
const legendOf = (name: string, about: string): string =>
  about.split("\n").find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`)) ?? name;

const labelledMeter = (about: string): string =>
  /^(?:ZP-Nummer|Z.{1,2}hlpunkt\S*) (\S+)/im.exec(about)?.[1] ?? "meter";

/** The nearest columns of time to the left: some files hold several tables side by side. */
function timeFor(
  names: readonly string[],
  value: number,
  body: readonly (readonly string[])[],
): TimeColumns | undefined {
  const nearest = (pattern: RegExp): number => {
    const left = names.findLastIndex((name, index) => index < value && pattern.test(name));
    return left >= 0 ? left : names.findIndex((name) => pattern.test(name));
  };
  const at = (date: number, time: number): StampColumns => (time >= 0 ? { date, time } : { date });
  const endsOnly = nearest(ENDS_ONLY);
  if (endsOnly >= 0) return { end: { date: endsOnly } };
  const day = nearest(DAY);
  const [start, end, startTime] = [nearest(START), nearest(END), nearest(START_TIME)];
  const date = start >= 0 ? start : day;
  if (date < 0) return undefined;
  if (SPAN.test(body[0]?.[date]?.trim() ?? "")) {
    return { start: { date, side: "from" }, end: { date, side: "to" } };
  }
  if (end >= 0) return { start: at(date, startTime), end: at(end, nearest(END_TIME)) };
  if (startTime < 0 && namedByEnd(names, date, value, body)) return { end: { date } };
  return { start: at(date, startTime) };
}

/** A table of metering points (their numbers are its column names) names quarter-hours by their end. */
const namedByEnd = (
  names: readonly string[],
  date: number,
  value: number,
  body: readonly (readonly string[])[],
): boolean =>
  DAY.test(names[date] ?? "") &&
  (/^AT\d{6}/.test(names[value] ?? "") || NUMBERED.test(names[value] ?? "")) &&
  stampReader("dmy")(body[0]?.[date] ?? "") !== undefined;

function qualityFor(names: readonly string[], value: number): { quality?: number } {
  const right = names.findIndex((name, index) => index > value && QUALITY.test(name));
  return right >= 0 ? { quality: right } : {};
}

/** Where there is a column for all tariffs, those of single tariffs are in it. */
function withoutTariffs(names: readonly string[], values: readonly ValueColumn[]): ValueColumn[] {
  const whole = values.some(({ index }) => /gesamt/i.test(names[index] ?? ""));
  return values.filter(({ register }) => !(whole && register));
}

/** Whether the column counts whole days, as some portals put beside the quarter-hours. */
function isDaily({ time }: ValueColumn, cells: readonly string[]): boolean {
  const { start, end } = time;
  if (!start || !end || start.time !== undefined || parseTime(cells[end.date] ?? "")) return false;
  const reader = stampReader("dmy");
  const from = reader(cells[start.date] ?? "");
  const to = reader(cells[end.date] ?? "");
  return from !== undefined && to !== undefined && to.wall - from.wall > 4 * 3600;
}
