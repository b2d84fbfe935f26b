import { slotStart, slotsOfDay } from "../../slots.ts";
import { type Allocation, type Millionths, WHOLE } from "../types.ts";
import { coefficientsBy } from "./coefficients.ts";
import { readTable, wrong } from "./table.ts";

/*
 * Coefficients of Spanish collective self-consumption (Real Decreto 244/2019, annex I, as amended by Orden
 * TED/1247/2021, BOE 16 November 2021): a text file named CAU_YYYY.txt, one line per consumer, `CUPS;0,123456`, or one
 * per consumer and hour of the year, `CUPS;0001;0,123456`, hours from 0001 to 8760 (8784), consumer by consumer;
 * decimal comma, six decimals; the coefficients of each hour add up to 1. The last line has no line feed.
 *
 * The shape of lines and name was checked against files of public tools only, not against the annex itself. How hours
 * are numbered where clocks change could not be checked: here they are the hours since the year's start in Spain, of
 * which a year has 8760 or 8784.
 */

const TIME_ZONE = "Europe/Madrid";
const DECIMALS = 6;

/** Each consumer's part of the production: for the whole year, or hour by hour. */
export interface SpanishCoefficients {
  /** The code of the self-consumption (código de autoconsumo). */
  readonly cau: string;
  readonly year: number;
  /** By CUPS: one coefficient, or one per hour of the year. */
  readonly coefficients: ReadonlyMap<string, Millionths | readonly Millionths[]>;
}

/** The hours of a year in Spain: 8760 or 8784. */
export function hoursOfYear(year: number): number {
  return (yearStart(year + 1) - yearStart(year)) / 3600;
}

/**
 * Each consumer's part of an allocation, over the whole year.
 * @throws RangeError when nothing was allocated in that year.
 */
export function constantCoefficients(
  allocation: Allocation,
  cau: string,
  year: number,
): SpanishCoefficients {
  const hourOf = hourOfYear(allocation.slotSeconds, year);
  const [coefficients] = coefficientsBy(allocation, (slot) =>
    hourOf(slot) === undefined ? undefined : year,
  ).values();
  if (coefficients === undefined) throw new RangeError(`Nothing was allocated in ${year}.`);
  return { cau, year, coefficients };
}

/**
 * Each consumer's part of an allocation, hour by hour; an hour without any allocation takes the year's coefficients.
 * @throws RangeError when nothing was allocated in that year.
 */
export function hourlyCoefficients(
  allocation: Allocation,
  cau: string,
  year: number,
): SpanishCoefficients {
  const constant = constantCoefficients(allocation, cau, year).coefficients;
  const byHour = coefficientsBy(allocation, hourOfYear(allocation.slotSeconds, year));
  const hours = Array.from({ length: hoursOfYear(year) }, (_, hour) => byHour.get(hour));
  const coefficients = new Map(
    [...constant.keys()].map((cups) => [
      cups,
      hours.map((known) => Number((known === undefined ? constant : known).get(cups) ?? 0)),
    ]),
  );
  return { cau, year, coefficients };
}

/**
 * The file and its name.
 * @throws RangeError when coefficients don't add up to 1, or hours are missing.
 */
export function spanishFile(coefficients: SpanishCoefficients): {
  readonly name: string;
  readonly text: string;
} {
  const { cau, year } = coefficients;
  requireWhole(coefficients, "The coefficients");
  const lines = [...coefficients.coefficients].flatMap(([cups, parts]) =>
    typeof parts === "number"
      ? [`${cups};${decimalOf(parts)}`]
      : parts.map(
          (part, hour) => `${cups};${String(hour + 1).padStart(4, "0")};${decimalOf(part)}`,
        ),
  );
  return { name: `${cau}_${year}.txt`, text: lines.join("\n") };
}

/**
 * Reads such a file.
 * @param name The file's name, which contains the code and the year.
 * @throws RangeError that names file, line and column.
 */
export function readSpanishFile(name: string, text: string): SpanishCoefficients {
  const [, cau = "", digits = ""] = /^(?:.*[/\\])?([A-Za-z0-9]+)_(\d{4})\.txt$/.exec(name) ?? [];
  if (cau === "")
    throw new RangeError(`${name}: the name must be CAU_YYYY.txt, with code and year.`);
  const year = Number(digits);
  const coefficients = new Map<string, Millionths | Millionths[]>();
  for (const { line, cells } of readTable(text, ";", name)) {
    const [cups = "", ...rest] = cells;
    if (!/^ES\d{16}[A-Z]{2}([A-Z0-9]{2})?$/.test(cups))
      wrong(name, line, "CUPS", cups, "a CUPS of 20 or 22 characters");
    const [hour, decimal] = rest.length === 2 ? rest : [undefined, rest[0]];
    const part = partOf(decimal ?? "", name, line);
    const known = coefficients.get(cups);
    if (hour === undefined) {
      if (known !== undefined) wrong(name, line, "CUPS", cups, "there once only");
      coefficients.set(cups, part);
      continue;
    }
    const hours = known ?? [];
    if (typeof hours === "number" || hour !== String(hours.length + 1).padStart(4, "0")) {
      const expected =
        typeof hours === "number" ? "left out" : String(hours.length + 1).padStart(4, "0");
      wrong(name, line, "hour", hour, `${expected}, the next one of ${cups}`);
    }
    hours.push(part);
    coefficients.set(cups, hours);
  }
  const file = { cau, year, coefficients };
  requireWhole(file, name);
  return file;
}

function requireWhole({ year, coefficients }: SpanishCoefficients, what: string): void {
  const all = [...coefficients];
  const isHourly = all.some(([, parts]) => typeof parts !== "number");
  const count = isHourly ? hoursOfYear(year) : 1;
  for (const [cups, parts] of all) {
    const found = typeof parts === "number" ? (isHourly ? 0 : 1) : parts.length;
    if (found !== count)
      throw new RangeError(`${what}: ${cups} has ${found} hours, ${year} has ${count}.`);
  }
  for (let hour = 0; hour < count; hour++) {
    const total = all.reduce(
      (sum, [, parts]) => sum + (typeof parts === "number" ? parts : (parts[hour] ?? 0)),
      0,
    );
    if (total === WHOLE) continue;
    const where = isHourly ? ` of hour ${hour + 1}` : "";
    throw new RangeError(`${what}${where} add up to ${decimalOf(total)}, not to 1.`);
  }
}

function partOf(text: string, name: string, line: number): Millionths {
  const [, whole, fraction = ""] = /^([01])(?:,(\d{1,6}))?$/.exec(text) ?? [];
  const part = Number(whole ?? Number.NaN) * WHOLE + Number(fraction.padEnd(DECIMALS, "0"));
  return part <= WHOLE ? part : wrong(name, line, "coefficient", text, "a part such as 0,123456");
}

const decimalOf = (part: Millionths): string =>
  `${Math.floor(part / WHOLE)},${String(part % WHOLE).padStart(DECIMALS, "0")}`;

const yearStart = (year: number): number => slotsOfDay(`${year}-01-01`, TIME_ZONE, 1).firstSlot;

function hourOfYear(slotSeconds: number, year: number): (slot: number) => number | undefined {
  const [start, end] = [yearStart(year), yearStart(year + 1)];
  return (slot) => {
    const time = slotStart(slot, slotSeconds);
    return time < start || time >= end ? undefined : Math.floor((time - start) / 3600);
  };
}
