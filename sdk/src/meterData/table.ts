import type { Collector, RegisterBuilder } from "./collector.ts";
import type { CsvRow } from "./csv.ts";
import { type DecimalMark, parseDecimal, type Unit, unitOf, type ValueKind } from "./numbers.ts";
import { type Placed, placeByBoth, placeByEnd, placeByStart } from "./place.ts";
import { qualityOf } from "./quality.ts";
import type { SeriesKey } from "./series.ts";
import { type DateOrder, parseTime, type Stamp, stampReader } from "./stamps.ts";
import { type Direction, MeterFileError, type Quantity } from "./types.ts";
import type { Zone } from "./zone.ts";

/** A stamp in one column, or a date in one and the time of day in another. */
export interface StampColumns {
  readonly date: number;
  readonly time?: number;
  /** Which side of a cell such as `01.04.2026 00:00 - 01.04.2026 00:15`. */
  readonly side?: "from" | "to";
}

/** Where a row says when. At least one of start and end is there. */
export interface TimeColumns {
  readonly start?: StampColumns;
  readonly end?: StampColumns;
}

/** A column that holds values. */
export interface ValueColumn {
  readonly index: number;
  readonly time: TimeColumns;
  readonly kind: ValueKind;
  /** Thousandths of a Wh (W) in one; the unit's column, where there is one, says it instead. */
  readonly milli: number;
  readonly meterId: string;
  readonly direction: Direction;
  readonly quantity: Quantity;
  /** Values of the same meter, direction and quantity in several registers are added up. */
  readonly register?: string;
  readonly quality?: number;
}

/** What a cell of the registers' column says; undefined when it is not about energy. */
export type RegisterMeaning =
  | { readonly direction: Direction; readonly register: string; readonly quantity?: Quantity }
  | undefined;

/** What a register of an operator's report counts, where the caller knows it by its name. */
export interface NamedRegister {
  readonly name: string;
  readonly quantity: "ownCoverage" | "communitySurplus";
}

/** How a table is to be read. */
export interface TableLayout {
  /** The line of the column names; rows up to it are not read. */
  readonly headerRow: number;
  readonly columns: readonly string[];
  readonly values: readonly ValueColumn[];
  readonly zone: Zone | undefined;
  readonly dateOrder: DateOrder;
  readonly decimalMark: DecimalMark;
  /** The length of a row's interval where only its start or its end is written, s. */
  readonly seconds: number | undefined;
  readonly meterColumn?: number;
  readonly unitColumn?: number;
  readonly registerColumn?: number;
  readonly meaningOf?: (register: string) => RegisterMeaning;
  /** The meter that a row names for those below it; undefined for other rows. */
  readonly meterNamedBy?: (cells: readonly string[]) => string | undefined;
  /** Whether rows for whole days stand among the others: they are sums, and left out. */
  readonly hasDayRows?: boolean;
  /** Whether an empty value is 0, as this row says. */
  readonly emptyIsZero?: (cells: readonly string[]) => boolean;
}

const SUM = /^["']?(?:sum|summe|gesamt|total|totale|totaal|somma)/i;
const EMPTY = /^[\s"]*(?:-|–|n\/a|null|none)?[\s"]*$/i;
const LONGEST_SECONDS = 3600;
/** The shortest day, on which the clock is put forward. */
const SHORTEST_DAY_SECONDS = 23 * 3600;

/** Reads the rows below the header. One is made for each file. */
export class TableReader {
  readonly #file: string;
  readonly #layout: TableLayout;
  readonly #into: Collector;
  readonly #starts: (text: string) => Stamp | undefined;
  readonly #ends: (text: string) => Stamp | undefined;
  readonly #builders = new Map<string, RegisterBuilder>();
  readonly #byColumn: (RegisterBuilder | undefined)[] = [];
  readonly #lastStates = new Map<ValueColumn, { readonly at: number; readonly milliWh: number }>();
  /** By column. */
  readonly #sums: Float64Array;
  readonly #named: ReadonlyMap<string, NamedRegister["quantity"]>;
  readonly #seen = new Set<string>();
  #meterId: string | undefined;

  /** @param named Registers of this meaning, whatever the layout would say of them. */
  constructor(
    file: string,
    layout: TableLayout,
    into: Collector,
    named: readonly NamedRegister[] = [],
  ) {
    this.#file = file;
    this.#layout = layout;
    this.#named = new Map(named.map(({ name, quantity }) => [name, quantity]));
    this.#into = into;
    this.#starts = stampReader(layout.dateOrder);
    this.#ends = stampReader(layout.dateOrder);
    this.#sums = new Float64Array(1 + Math.max(0, ...layout.values.map(({ index }) => index)));
  }

  /** @throws MeterFileError naming row and column of what can't be read. */
  read(rows: readonly CsvRow[]): void {
    for (const { row, cells } of rows) {
      if (row > this.#layout.headerRow) this.#readRow(row, cells);
    }
  }

  #readRow(row: number, cells: readonly string[]): void {
    if (cells.every((cell) => cell.trim() === "")) return;
    const named = this.#layout.meterNamedBy?.(cells);
    if (named !== undefined) {
      this.#meterId = named;
      return;
    }
    let last:
      | { time: TimeColumns; when: { place: Placed; seconds: number } | undefined }
      | undefined;
    for (const value of this.#layout.values) {
      if (last?.time !== value.time) {
        const stampCell = (cells[(value.time.start ?? value.time.end)?.date ?? 0] ?? "").trim();
        if (SUM.test(stampCell)) {
          this.#checkSum(row, cells);
          return;
        }
        const blank = stampCell === "" && EMPTY.test(cells[value.index] ?? "");
        last = {
          time: value.time,
          when: blank ? undefined : this.#when(row, cells, value.time, value),
        };
      }
      if (last.when) this.#readValue(row, cells, value, last.when.place, last.when.seconds);
    }
  }

  #when(
    row: number,
    cells: readonly string[],
    { start, end }: TimeColumns,
    { kind }: ValueColumn,
  ): { place: Placed; seconds: number } | undefined {
    const zone = this.#layout.zone;
    if (start && end) {
      const from = this.#stamp(row, cells, start, this.#starts);
      const to = this.#endStamp(row, cells, from, end);
      if (this.#layout.hasDayRows && to.wall - from.wall >= SHORTEST_DAY_SECONDS) {
        const message = "the row is about a whole day: left out";
        this.#into.find({ kind: "ignored", row, lastRow: row, count: 1, message });
        return undefined;
      }
      if (from.offset !== undefined && to.offset !== undefined) {
        const place = from.wall - from.offset;
        return { place, seconds: this.#checked(row, end, cells, to.wall - to.offset - place) };
      }
      const both = placeByBoth(this.#zone(row, start), from.wall, inclusive(from.wall, to.wall));
      return { place: both.place, seconds: this.#checked(row, end, cells, both.seconds) };
    }
    const seconds = this.#layout.seconds ?? 0;
    if (seconds === 0 && kind !== "register") {
      throw new MeterFileError(
        this.#file,
        { row },
        "two rows at least, to tell how long an interval is",
      );
    }
    const only = start ?? end ?? { date: 0 };
    const stamp = this.#stamp(row, cells, only, this.#starts);
    if (stamp.offset !== undefined) {
      return { place: stamp.wall - stamp.offset - (start ? 0 : seconds), seconds };
    }
    const known = zone ?? this.#zone(row, only);
    const place = start ? placeByStart(known, stamp.wall) : placeByEnd(known, stamp.wall, seconds);
    return { place, seconds };
  }

  #checked(row: number, end: StampColumns, cells: readonly string[], seconds: number): number {
    if (seconds > 0 && seconds <= LONGEST_SECONDS) return seconds;
    const at = end.time ?? end.date;
    const where = { row, column: this.#nameOf(at), value: cells[at] ?? "" };
    throw new MeterFileError(this.#file, where, "an end from 1 s to 60 min after the start");
  }

  #zone(row: number, { date }: StampColumns): Zone {
    if (this.#layout.zone) return this.#layout.zone;
    throw new MeterFileError(
      this.#file,
      { row, column: this.#nameOf(date) },
      "an offset from UTC in every stamp, as in the first rows: answer timeZone",
    );
  }

  #stamp(
    row: number,
    cells: readonly string[],
    { date, time, side }: StampColumns,
    read: (text: string) => Stamp | undefined,
  ): Stamp {
    const text = sideOf((cells[date] ?? "").trim(), side);
    const stamp = read(time === undefined ? text : `${text} ${(cells[time] ?? "").trim()}`);
    if (stamp) return stamp;
    const at = time !== undefined && read(text) ? time : date;
    const where = { row, column: this.#nameOf(at), value: cells[at] ?? "" };
    const wanted = at === time ? "a time of day such as 13:45" : "a day and time of the calendar";
    throw new MeterFileError(this.#file, where, wanted);
  }

  /** An end may be a time of day only: then it is on the day of the start, or 00:00 after it. */
  #endStamp(row: number, cells: readonly string[], start: Stamp, end: StampColumns): Stamp {
    const text = sideOf((cells[end.date] ?? "").trim(), end.side);
    const time = end.time === undefined ? parseTime(text) : undefined;
    if (!time) return this.#stamp(row, cells, end, this.#ends);
    const day = Math.floor(start.wall / 86_400) * 86_400;
    return { wall: day + (time.seconds === 0 ? 86_400 : time.seconds) };
  }

  #readValue(
    row: number,
    cells: readonly string[],
    value: ValueColumn,
    place: Placed,
    seconds: number,
  ): void {
    const { unitColumn, meaningOf, registerColumn, emptyIsZero, decimalMark } = this.#layout;
    const register = registerColumn === undefined ? "" : (cells[registerColumn] ?? "").trim();
    const meaning = this.#knownMeaning(register) ?? meaningOf?.(register);
    if (meaningOf && !meaning) {
      const message = `register "${register}" is not about energy: left out`;
      this.#into.find({ kind: "ignored", row, lastRow: row, count: 1, message });
      return;
    }
    const cell = cells[value.index] ?? "";
    if (EMPTY.test(cell) && !emptyIsZero?.(cells)) {
      const column = this.#nameOf(value.index);
      const message = "the value is missing";
      this.#into.find({ kind: "missing", row, lastRow: row, count: 1, column, message });
      return;
    }
    const number = EMPTY.test(cell) ? 0 : parseDecimal(cell, decimalMark);
    const unit = unitColumn === undefined ? value : this.#unit(row, cells, unitColumn);
    const { milli } = unit;
    const kind = unit.kind === "power" ? "power" : value.kind;
    if (number === undefined || !Number.isSafeInteger(Math.round(number * milli))) {
      const where = { row, column: this.#nameOf(value.index), value: cell };
      throw new MeterFileError(this.#file, where, `a number with "${decimalMark}" as decimal mark`);
    }
    const quality =
      value.quality === undefined ? "measured" : qualityOf(cells[value.quality] ?? "");
    const builder = this.#builder(cells, value, meaning);
    const amount = number * milli;
    if (kind === "register") this.#readState(row, value, place, amount, builder, quality);
    else {
      const energy = kind === "power" ? (amount * seconds) / 3600 : amount;
      builder.add(place, seconds, energy, quality, row);
      if (kind === "energy") {
        this.#sums[value.index] = (this.#sums[value.index] ?? 0) + Math.round(amount);
      }
    }
  }

  #knownMeaning(register: string): RegisterMeaning {
    const quantity = this.#named.get(register);
    if (quantity === undefined) return undefined;
    this.#seen.add(register);
    return { direction: quantity === "ownCoverage" ? "import" : "export", register, quantity };
  }

  /** The named registers that its rows have. */
  get seen(): ReadonlySet<string> {
    return this.#seen;
  }

  #unit(row: number, cells: readonly string[], column: number): Unit {
    const unit = unitOf(cells[column] ?? "");
    if (unit) return unit;
    const where = { row, column: this.#nameOf(column), value: cells[column] ?? "" };
    throw new MeterFileError(this.#file, where, "a unit: Wh, kWh, MWh, W or kW");
  }

  /** A register's state: what it grew by since the row before is that time's energy. */
  #readState(
    row: number,
    value: ValueColumn,
    place: Placed,
    state: number,
    builder: RegisterBuilder,
    quality: ReturnType<typeof qualityOf>,
  ): void {
    const last = this.#lastStates.get(value);
    const after = last?.at ?? -Infinity;
    const at =
      typeof place === "number"
        ? place
        : ([...place.byStart, place.fallback].find((instant) => instant > after) ?? place.fallback);
    const milliWh = Math.round(state);
    this.#lastStates.set(value, { at, milliWh });
    if (!last) return;
    const where = { row, column: this.#nameOf(value.index) };
    if (at <= last.at) {
      throw new MeterFileError(this.#file, where, "a later time in every row of a register");
    }
    if (milliWh < last.milliWh) {
      const message = `the register fell from ${last.milliWh / 1e6} to ${milliWh / 1e6} kWh: left out`;
      this.#into.find({ kind: "registerReset", ...where, lastRow: row, count: 1, message });
      return;
    }
    builder.add(last.at, at - last.at, milliWh - last.milliWh, quality, row);
  }

  #builder(
    cells: readonly string[],
    value: ValueColumn,
    meaning: RegisterMeaning,
  ): RegisterBuilder {
    const { meterColumn, meterNamedBy } = this.#layout;
    const isOfColumn = meterColumn === undefined && meterNamedBy === undefined && !meaning;
    const known = isOfColumn ? this.#byColumn[value.index] : undefined;
    if (known) return known;
    const written = meterIdOf(meterColumn === undefined ? "" : (cells[meterColumn] ?? ""));
    // What is the same for all rows may be written in the first one only.
    if (written !== "") this.#meterId = written;
    const meterId = this.#meterId ?? value.meterId;
    const direction = meaning?.direction ?? value.direction;
    const register = meaning?.register ?? value.register ?? "";
    const quantity = meaning?.quantity ?? value.quantity;
    const name = `${meterId}\n${direction}\n${quantity}\n${register}`;
    const key: SeriesKey = { meterId, direction, quantity };
    const builder = this.#builders.get(name) ?? this.#into.register(key, register);
    this.#builders.set(name, builder);
    if (isOfColumn) this.#byColumn[value.index] = builder;
    return builder;
  }

  /** A row of sums is compared with what was read, not read itself. */
  #checkSum(row: number, cells: readonly string[]): void {
    for (const { index, milli, kind } of this.#layout.values) {
      const sum = parseDecimal(cells[index] ?? "", this.#layout.decimalMark);
      const read = this.#sums[index] ?? 0;
      if (sum === undefined || kind !== "energy" || Math.abs(sum * milli - read) < 1000) continue;
      const message = `the file's sum is ${sum}, its rows add up to ${read / milli}`;
      this.#into.find({
        kind: "sum",
        row,
        lastRow: row,
        count: 1,
        column: this.#nameOf(index),
        message,
      });
    }
  }

  #nameOf(index: number): string {
    return this.#layout.columns[index]?.trim() || `${index + 1}`;
  }
}

/** A metering point's number as people write it, without an Excel formula around it. */
export const meterIdOf = (cell: string): string => cell.trim().replace(/^="?([^"]*)"?$/, "$1");

/** One side of a span of time that stands in one cell. */
function sideOf(text: string, side: StampColumns["side"]): string {
  if (side === undefined) return text;
  const [from = "", to = ""] = text.split(SPAN);
  return side === "from" ? from : to;
}

/** Between the two times of a cell. */
export const SPAN = / [-–] /;

/** An end that names the last second or minute of its interval: 00:14:59, 23:59. */
function inclusive(start: number, end: number): number {
  const seconds = end - start;
  if (seconds > 0 && (seconds + 1) % 60 === 0) return end + 1;
  if (seconds > 0 && seconds % 300 === 240) return end + 60;
  return end;
}
