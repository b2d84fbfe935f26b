import { Collector } from "../collector.ts";
import { type CsvRow, csvRows } from "../csv.ts";
import { parseDecimal, type Unit, unitOf } from "../numbers.ts";
import { parseDate } from "../stamps.ts";
import { type Direction, MeterFileError, type Quality } from "../types.ts";
import { conclude, type ReadMeterFile, zoneFor } from "./reader.ts";

/**
 * NEM12 (Australia): a 200 record for each channel, a 300 record for each day, 400 records of quality by interval.
 * Channels E are drawn from the grid, B fed into it; others (reactive energy, volts) are left out. Time is
 * UTC+10 all year. Source: AEMO, Meter Data File Format Specification NEM12 and NEM13.
 */
const MARKET_TIME = "+10:00";
const MINUTES_PER_DAY = 1440;
const LENGTHS = [1, 5, 10, 15, 30, 60];

interface Channel {
  readonly meterId: string;
  readonly suffix: string;
  /** Undefined where the channel is not about energy. */
  readonly direction: Direction | undefined;
  readonly unit: Unit | undefined;
  readonly seconds: number;
}

interface Day {
  readonly row: number;
  readonly start: number;
  readonly values: readonly number[];
  readonly qualities: (Quality | "null" | undefined)[];
}

export const read: ReadMeterFile = async (file, { answers = {}, signal, onProgress }) => {
  const into = new Collector();
  const zone = zoneFor(file.name, answers, MARKET_TIME);
  const records = new Records(file.name, into);
  const first: (readonly string[])[] = [];
  for await (const rows of csvRows(file, ",")) {
    signal?.throwIfAborted();
    for (const row of rows) {
      if (first.length < 4) first.push(row.cells);
      records.read(row);
    }
    onProgress?.(rows.at(-1)?.row ?? 0);
  }
  records.end();
  return conclude("nem12", file, into, zone, answers, { separator: ",", columns: [], rows: first });
};

class Records {
  readonly #file: string;
  readonly #into: Collector;
  #channel: Channel | undefined;
  #day: Day | undefined;
  #ended = false;
  #lastRow = 0;

  constructor(file: string, into: Collector) {
    this.#file = file;
    this.#into = into;
  }

  read({ row, cells }: CsvRow): void {
    const kind = (cells[0] ?? "").trim();
    if (kind === "" && cells.length === 1) return;
    this.#lastRow = row;
    if (kind === "400") this.#readQuality(row, cells);
    if (kind === "400" || kind === "500") return;
    this.#keepDay();
    this.#ended = kind === "900";
    if (kind === "200") this.#channel = this.#channelOf(row, cells);
    else if (kind === "300") this.#day = this.#dayOf(row, cells);
    else if (kind !== "100" && kind !== "900") {
      this.#fail(row, "1", kind, "a record 100, 200, 300, 400, 500 or 900 of NEM12");
    }
  }

  end(): void {
    this.#keepDay();
    if (!this.#ended)
      this.#fail(this.#lastRow + 1, "1", undefined, "a 900 record: the file is cut off");
  }

  #channelOf(row: number, cells: readonly string[]): Channel {
    const suffix = (cells[4] ?? "").trim().toUpperCase();
    const unit = unitOf(cells[7] ?? "");
    const minutes = Number(cells[8]);
    if (!LENGTHS.includes(minutes)) {
      this.#fail(row, "IntervalLength", cells[8] ?? "", `minutes: ${LENGTHS.join(", ")}`);
    }
    const direction = suffix.startsWith("E")
      ? "import"
      : suffix.startsWith("B")
        ? "export"
        : undefined;
    const energy = unit?.kind === "energy" ? direction : undefined;
    const meterId = (cells[1] ?? "").trim();
    if (!energy) {
      const message = `channel ${suffix} in "${cells[7] ?? ""}" is no energy drawn or fed in: left out`;
      this.#into.find({ kind: "ignored", row, lastRow: row, count: 1, meterId, message });
    }
    return { meterId, suffix, direction: energy, unit, seconds: minutes * 60 };
  }

  #dayOf(row: number, cells: readonly string[]): Day | undefined {
    const channel = this.#channel;
    if (!channel) return this.#fail(row, "1", "300", "a 200 record before it");
    const day = /^\d{8}$/.test(cells[1] ?? "") ? parseDate(cells[1] ?? "", "ymd") : undefined;
    if (day === undefined)
      return this.#fail(row, "IntervalDate", cells[1] ?? "", "a day: YYYYMMDD");
    const count = (MINUTES_PER_DAY * 60) / channel.seconds;
    const quality = (cells[2 + count] ?? "").trim();
    if (channel.direction && !/^[ANEFSV](?:\d\d)?$/.test(quality)) {
      const wanted = `a quality (A, E14 …) after ${count} values of ${channel.seconds / 60} min`;
      const short = cells.findIndex((cell, at) => at > 1 && at < 2 + count && !isNumber(cell));
      if (short < 0) return this.#fail(row, `${3 + count}`, quality, wanted);
    }
    if (!channel.direction) return undefined;
    const values = cells.slice(2, 2 + count).map((cell, index) => {
      const value = parseDecimal(cell, ".");
      if (value !== undefined) return value;
      if (cell.trim() === "" && quality.startsWith("N")) return 0;
      const wanted = `number ${index + 1} of ${count} values, ${channel.seconds / 60} min each`;
      return this.#fail(row, `${3 + index}`, cell, wanted);
    });
    if (values.length < count) {
      return this.#fail(
        row,
        `${3 + values.length}`,
        undefined,
        `${count} values, there are ${values.length}`,
      );
    }
    const start = day - 10 * 3600;
    return { row, start, values, qualities: values.map(() => qualityOf(quality)) };
  }

  #readQuality(row: number, cells: readonly string[]): void {
    const day = this.#day;
    if (!day) {
      if (this.#channel && !this.#channel.direction) return;
      this.#fail(row, "1", "400", "a 300 record before it");
      return;
    }
    const [from, to] = [Number(cells[1]), Number(cells[2])];
    const most = day.values.length;
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 1 || to < from || to > most) {
      this.#fail(
        row,
        "2",
        `${cells[1]}-${cells[2]}`,
        `the first and last of intervals 1 to ${most}`,
      );
    }
    const quality = qualityOf((cells[3] ?? "").trim());
    for (let at = from; at <= to; at++) day.qualities[at - 1] = quality;
  }

  #keepDay(): void {
    const [day, channel] = [this.#day, this.#channel];
    this.#day = undefined;
    if (!day || !channel?.direction || !channel.unit) return;
    const { meterId, direction, suffix, seconds, unit } = channel;
    const builder = this.#into.register({ meterId, direction, quantity: "energy" }, suffix);
    for (const [index, value] of day.values.entries()) {
      const quality = day.qualities[index] ?? "unknown";
      if (quality === "null") {
        const message = `interval ${index + 1} has no data`;
        const { row } = day;
        this.#into.find({ kind: "missing", row, lastRow: row, count: 1, meterId, message });
      } else {
        builder.add(day.start + index * seconds, seconds, value * unit.milli, quality, day.row);
      }
    }
  }

  #fail(row: number, column: string, value: string | undefined, expected: string): never {
    const where = { row, column, ...(value !== undefined && { value }) };
    throw new MeterFileError(this.#file, where, expected);
  }
}

const isNumber = (cell: string): boolean => parseDecimal(cell, ".") !== undefined;

function qualityOf(flag: string): Quality | "null" {
  if (flag.startsWith("A")) return "measured";
  if (flag.startsWith("N")) return "null";
  return /^[EFS]/.test(flag) ? "estimated" : "unknown";
}
