import { unitInName } from "../numbers.ts";
import { sniffMark, sniffOffset, sniffSeconds } from "../sniff.ts";
import { parseTime, stampReader } from "../stamps.ts";
import type { StampColumns, TableLayout, TimeColumns, ValueColumn } from "../table.ts";
import type { Direction, Quantity } from "../types.ts";
import { headerOf, type LayoutOf, tableReader, zoneFor } from "./reader.ts";

/**
 * The CSV files that Austrian grid operators let their customers download: one table in German, its header after
 * some lines about the customer or not. Dialects differ in the names of columns and in whether a quarter-hour is
 * named by its start, its end or both. Read by the names: a new operator's file is read when its words are
 * among these. Samples: awattar-backtesting.github.io, folder samples (MIT licence).
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
  /verbrauch|einspeis|energiemenge|gemessene menge|messwert|vorschub|lastg(?:ä|.)nge|bezug|eigendeckung|anteil|^wert\b|^value\d?$|^kwh$|kwh\)?$|^AT\d{6}/i;
const NO_VALUE = /^kw$|beschreibung|messwert: val|erneuerb|einheit$|zeitraum|messintervall|status/i;
const QUALITY = /^(?:status.*|qualit.{1,2}t|ersatzwert|messwert: val.*)$/i;
const EXPORT = /einspeis|gemessene menge|netzeinspeisung|(?:^|[^\d.])2\.[89]\.\d/i;
const METER_ID = /AT[0-9A-Z]{20,}/;
const METER_COLUMN = /^z(?:ä|ae|.)?hlpunkt(?:bezeichnung)?$/i;

const QUANTITIES: readonly (readonly [RegExp, Quantity])[] = [
  [/restnetzbezug|restverbrauch/i, "gridRest"],
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
  const kept = withoutTariffs(names, values).filter(
    (value) => !isDaily(value, body[0]?.cells ?? []),
  );
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

function columnOf(
  name: string,
  about: string,
): Omit<ValueColumn, "index" | "time"> & { readonly direction: Direction } {
  const unit = unitInName(name);
  return {
    kind: unit?.kind ?? "energy",
    milli: unit?.milli ?? 1e6,
    meterId: METER_ID.exec(name)?.[0] ?? METER_ID.exec(about)?.[0] ?? labelledMeter(about),
    direction: EXPORT.test(`${name}\n${about}`) ? "export" : "import",
    quantity: QUANTITIES.find(([pattern]) => pattern.test(name))?.[1] ?? "energy",
    register: /hochtarif|niedertarif/i.exec(name)?.[0] ?? "",
  };
}

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
  /^AT\d{6}/.test(names[value] ?? "") &&
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
