import { SaxesParser } from "saxes";
import { Collector } from "../collector.ts";
import type { OpenFile } from "../input.ts";
import { LAST_INSTANT } from "../stamps.ts";
import { type Direction, MeterFileError, type Quality } from "../types.ts";
import { conclude, type ReadMeterFile } from "./reader.ts";

/**
 * Green Button (ESPI, an Atom feed): blocks of intervals with their start in Unix time, and reading types that
 * say unit, power of ten and direction. Rows are lines of the file. Source: NAESB REQ.21 ESPI, espi.xsd; sample:
 * eddie, region connector us-green-button (Apache-2.0 licence).
 */
const WH = 72;
const W = 38;
const ELECTRICITY = [0, 1, 2];
const DIRECTIONS: Readonly<Record<number, Direction>> = { 0: "import", 1: "import", 19: "export" };
/** Estimated, questionable, projected or mixed (QualityOfReading). */
const NOT_MEASURED = [8, 9, 10, 12, 13];
const LONGEST_SECONDS = 3600;

interface ReadingType {
  readonly line: number;
  readonly fields: ReadonlyMap<string, string>;
}

interface Block {
  readonly line: number;
  readonly hrefs: readonly string[];
  readonly readings: readonly Reading[];
}

interface Reading {
  readonly line: number;
  readonly start: number;
  readonly seconds: number;
  readonly value: number;
  readonly quality: Quality;
}

interface Entry {
  readonly line: number;
  readonly hrefs: string[];
  self: string;
  title: string;
  hasBlock: boolean;
}

export const read: ReadMeterFile = async (file, { answers = {}, signal }) => {
  const feed = new Feed(file.name);
  await feed.parse(file, signal);
  const into = new Collector();
  for (const block of feed.blocks) keepBlock(file.name, feed, block, into);
  return conclude("greenButton", file, into, undefined, answers, {
    columns: ["start", "duration", "value"],
    rows: [],
  });
};

function keepBlock(file: string, feed: Feed, block: Block, into: Collector): void {
  const type = feed.typeOf(block);
  if (!type)
    throw new MeterFileError(file, { row: block.line }, "a ReadingType that this block belongs to");
  const number = (name: string, usual?: number): number => {
    const text = type.fields.get(name);
    const value = text === undefined || text === "" ? usual : Number(text);
    if (value !== undefined && Number.isInteger(value)) return value;
    const where = { row: type.line, column: name, ...(text !== undefined && { value: text }) };
    throw new MeterFileError(file, where, "a whole number in the ReadingType");
  };
  const meterId = /UsagePoint\/([^/]+)/.exec(block.hrefs.join(" "))?.[1] ?? "meter";
  const leaveOut = (message: string): void =>
    into.find({
      kind: "ignored",
      row: block.line,
      lastRow: block.line,
      count: 1,
      meterId,
      message,
    });
  const uom = number("uom");
  if (!ELECTRICITY.includes(number("commodity", 1)) || (uom !== WH && uom !== W)) {
    leaveOut(`unit of measure ${uom} is no electric energy: left out`);
    return;
  }
  if (number("accumulationBehaviour", 4) === 3) {
    leaveOut("a register's states: left out");
    return;
  }
  const direction = DIRECTIONS[number("flowDirection", 1)];
  if (!direction) {
    leaveOut(`flow direction ${number("flowDirection")} is neither import nor export`);
    return;
  }
  const milli = 1000 * 10 ** number("powerOfTenMultiplier", 0);
  const builder = into.register({ meterId, direction, quantity: "energy" });
  for (const { line, start, seconds, value, quality } of block.readings) {
    if (seconds > LONGEST_SECONDS) {
      leaveOut(`line ${line}: an interval of ${seconds} s is longer than 60 min: left out`);
      continue;
    }
    const where = { row: line, column: "value", value: String(value) };
    if (!Number.isSafeInteger(Math.round(value * milli))) {
      throw new MeterFileError(file, where, "an energy below 9 TWh");
    }
    const energy = uom === W ? (value * milli * seconds) / 3600 : value * milli;
    builder.add(start, seconds, energy, quality, line);
  }
}

/** What of the feed is needed, gathered while it streams by. */
class Feed {
  readonly blocks: Block[] = [];
  readonly #types: { readonly self: string; readonly type: ReadingType }[] = [];
  readonly #meterReadings: { readonly self: string; readonly related: readonly string[] }[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** By links: the block's meter reading names its type. The only type there is needs no link. */
  typeOf(block: Block): ReadingType | undefined {
    const reading = this.#meterReadings
      .filter(({ self }) =>
        block.hrefs.some((href) => href === self || href.startsWith(`${self}/`)),
      )
      .sort((a, b) => b.self.length - a.self.length)[0];
    const linked = this.#types.find(({ self }) => reading?.related.includes(self));
    return linked?.type ?? (this.#types.length === 1 ? this.#types[0]?.type : undefined);
  }

  async parse(file: OpenFile, signal?: AbortSignal): Promise<void> {
    const parser = new SaxesParser({ fragment: false });
    const path: string[] = [];
    let text = "";
    let entry: Entry | undefined;
    let type: { line: number; fields: Map<string, string> } | undefined;
    let readings: Reading[] | undefined;
    let blockLine = 0;
    let values = new Map<string, string>();
    let readingLine = 0;
    const fail = (row: number, expected: string, column?: string, value?: string): never => {
      const where = { row, ...(column && { column }), ...(value !== undefined && { value }) };
      throw new MeterFileError(this.#file, where, expected);
    };
    parser.on("error", (error) => fail(parser.line, `whole XML (${error.message.slice(0, 80)})`));
    parser.on("doctype", () => fail(parser.line, "no DOCTYPE in a Green Button file"));
    parser.on("text", (part) => {
      text += part;
      if (text.length > 65_536) fail(parser.line, "elements in the text");
    });
    parser.on("opentag", ({ name, attributes }) => {
      const local = localName(name);
      path.push(local);
      if (path.length > 64) fail(parser.line, "at most 64 levels of elements");
      text = "";
      if (local === "entry")
        entry = { line: parser.line, hrefs: [], self: "", title: "", hasBlock: false };
      if (local === "link" && entry) {
        const href = String(attributes.href ?? "");
        if (attributes.rel === "self") entry.self = href;
        entry.hrefs.push(href);
      }
      if (local === "ReadingType") type = { line: parser.line, fields: new Map() };
      if (local === "IntervalBlock" && path.at(-2) !== "IntervalReading") {
        readings = [];
        blockLine = parser.line;
        if (entry) entry.hasBlock = true;
      }
      if (local === "IntervalReading") {
        values = new Map();
        readingLine = parser.line;
      }
    });
    const number = (name: string): number => {
      const value = values.get(name);
      if (value === undefined || !/^-?\d+$/.test(value)) {
        return fail(readingLine, "a whole number in each IntervalReading", name, value);
      }
      return Number(value);
    };
    parser.on("closetag", ({ name }) => {
      const local = localName(name);
      const parent = path.at(-2);
      const content = text.trim();
      path.pop();
      text = "";
      if (type && parent === "ReadingType") type.fields.set(local, content);
      if (local === "title" && entry && parent === "entry") entry.title = content;
      if (readings && (parent === "IntervalReading" || path.includes("IntervalReading")))
        values.set(local, content);
      if (local === "IntervalReading" && readings) {
        const seconds = number("duration");
        if (seconds <= 0) fail(readingLine, "a duration above 0 s", "duration", String(seconds));
        const start = number("start");
        if (start < 0 || start >= LAST_INSTANT) {
          fail(readingLine, "a start from 1970 to 2100, in Unix time", "start", String(start));
        }
        const value = number("value");
        const code = Number(values.get("quality") ?? 0);
        const quality = NOT_MEASURED.includes(code) ? "estimated" : "measured";
        readings.push({
          line: readingLine,
          start,
          seconds,
          value,
          quality,
        });
      }
      if (local === "ReadingType" && type) {
        this.#types.push({ self: entry?.self ?? "", type });
        type = undefined;
      }
      if (local === "IntervalBlock" && readings) {
        this.blocks.push({
          line: blockLine,
          hrefs: entry ? [entry.self, ...entry.hrefs] : [],
          readings,
        });
        readings = undefined;
      }
      if (local === "MeterReading" && entry) {
        this.#meterReadings.push({ self: entry.self, related: entry.hrefs });
      }
      if (local === "entry" && entry) {
        const claims =
          entry.title === "IntervalBlock" || /\/IntervalBlock(?:\/[^/]*)?$/.test(entry.self);
        if (claims && !entry.hasBlock) fail(entry.line, "an IntervalBlock in this entry");
        entry = undefined;
      }
    });
    for await (const part of file.text()) {
      signal?.throwIfAborted();
      parser.write(part);
    }
    parser.close();
  }
}

const localName = (name: string): string => name.slice(name.indexOf(":") + 1);
