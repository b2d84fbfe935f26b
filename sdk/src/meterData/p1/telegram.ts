import { crc16 } from "./crc16.ts";
import {
  DIALECTS,
  OFFSET_HOURS,
  type P1Dialect,
  POWER,
  QUANTITIES,
  REGISTER,
  STAMP,
} from "./dialects.ts";

/** Import is what a home draws from the grid, export what it feeds in. */
export type Direction = "import" | "export";

/** One register of a meter. */
export interface P1Register {
  readonly direction: Direction;
  /** 0 for a register of all tariffs together. */
  readonly tariff: number;
  readonly energyWh: bigint;
  /** What the register counts to before it starts at zero again, in Wh. */
  readonly rollsOverAtWh: bigint;
}

/** What a meter tells through its P1 port. */
export interface P1Telegram {
  /** What follows the slash: manufacturer and type. */
  readonly identification: string;
  readonly dialect: P1Dialect["name"];
  /** "4.2", "5.0", "502.17"; undefined in DSMR 2.2 and 3.0, which do not tell it. */
  readonly version: string | undefined;
  /** The number of the meter; undefined when it is not told. */
  readonly meterId: string | undefined;
  /** The meter's time stamp; undefined in DSMR 2.2 and 3.0: the receiver's clock counts then. */
  readonly unixSeconds: number | undefined;
  readonly registers: readonly P1Register[];
  /** All tariffs together, in Wh; undefined when the meter has no register of that direction. */
  readonly importWh: bigint | undefined;
  readonly exportWh: bigint | undefined;
  /** Present power in W. */
  readonly importW: number | undefined;
  readonly exportW: number | undefined;
  /** Whether a checksum has vouched for it. */
  readonly isChecked: boolean;
}

/** A telegram can't be trusted or read; the message names the line and what was expected. */
export class P1Error extends Error {
  override readonly name = "P1Error";
  readonly kind: "checksum" | "malformed";

  constructor(kind: P1Error["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** From this version on a telegram ends with a checksum. Source: DSMR P1 Companion Standard 4.0. */
const CHECKSUM_SINCE = 4;

/**
 * Reads one whole telegram, from its slash to the end of the line that begins with its exclamation mark.
 * @throws P1Error when the checksum is wrong or missing, or a line can't be read.
 */
export function parseTelegram(bytes: Uint8Array): P1Telegram {
  const text = asciiOf(bytes);
  const end = text.search(/\n!/) + 1;
  if (!text.startsWith("/") || end === 0) {
    throw new P1Error(
      "malformed",
      "A telegram begins with / and ends with a line that begins with !.",
    );
  }
  const isChecked = checkSum(bytes.subarray(0, end + 1), text.slice(end + 1).trim());
  const [head = "", ...lines] = text.slice(1, end).split(/\r?\n/);
  const objects = readObjects(lines, isChecked);
  const dialect = dialectOf(objects);
  const version = versionOf(objects, dialect);
  if (!isChecked && version !== undefined && Number(version) >= CHECKSUM_SINCE) {
    throw new P1Error("checksum", `The checksum of a telegram of version ${version} is missing.`);
  }
  const registers = registersOf(objects);
  return {
    identification: head.trim(),
    dialect: dialect.name,
    version,
    meterId: meterIdOf(objects, dialect),
    unixSeconds: stampOf(objects, isChecked),
    registers,
    importWh: totalOf(registers, "import"),
    exportWh: totalOf(registers, "export"),
    importW: powerOf(objects, POWER.import),
    exportW: powerOf(objects, POWER.export),
    isChecked,
  };
}

/** @throws P1Error when the checksum is not that of the bytes. */
function checkSum(checked: Uint8Array, written: string): boolean {
  if (written === "") return false;
  const found = crc16(checked).toString(16).toUpperCase().padStart(4, "0");
  if (written.toUpperCase() !== found) {
    throw new P1Error("checksum", `The checksum is ${found}, the telegram says "${written}".`);
  }
  return true;
}

/** The values in brackets, by OBIS code. */
type Objects = ReadonlyMap<string, readonly string[]>;

/** A COSEM object in a line: its code and its values, each in brackets. */
const OBJECT = /^(\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3})((?:\([^()]*\))+)$/;
/** Gas meters of DSMR 2.2 and 3.0 write their value into the next line. */
const CONTINUATION = /^(?:\([^()]*\))+$/;

/** A line that can't be read is a bit error, unless a checksum has vouched for it: then it is a meter's own invention. */
function readObjects(lines: readonly string[], isChecked: boolean): Objects {
  const objects = new Map<string, readonly string[]>();
  let last: string | undefined;
  for (const [index, each] of lines.entries()) {
    const line = each.trimEnd();
    if (line === "") continue;
    const [, code, values = ""] = OBJECT.exec(line) ?? [];
    if (code !== undefined) {
      if (objects.has(code) && REGISTER.test(code)) {
        throw malformed(index, line, `${code} once, it comes twice`);
      }
      objects.set(code, valuesIn(values));
      last = code;
    } else if (last !== undefined && CONTINUATION.test(line)) {
      objects.set(last, [...(objects.get(last) ?? []), ...valuesIn(line)]);
    } else if (!isChecked) {
      throw malformed(index, line, "a code such as 1-0:1.8.1 and values in brackets");
    }
  }
  return objects;
}

const valuesIn = (text: string): readonly string[] => text.slice(1, -1).split(")(");

const malformed = (index: number, line: string, expected: string): P1Error =>
  new P1Error(
    "malformed",
    // The slash's line is the first.
    `Line ${index + 2} of the telegram is ${JSON.stringify(line.slice(0, 60))}; expected ${expected}.`,
  );

const wrong = (code: string, value: string, expected: string): P1Error =>
  new P1Error("malformed", `${code} is ${JSON.stringify(value)}; expected ${expected}.`);

function dialectOf(objects: Objects): P1Dialect {
  const [first, ...others] = DIALECTS;
  const found = DIALECTS.find(({ versionCode }) => objects.has(versionCode));
  const usual = others.at(-1) ?? first;
  const dialect = found ?? usual;
  if (dialect === undefined) throw new P1Error("malformed", "No dialect is known.");
  return dialect;
}

function versionOf(
  objects: Objects,
  { versionCode, versionDigits }: P1Dialect,
): string | undefined {
  const text = objects.get(versionCode)?.[0];
  if (text === undefined) return undefined;
  if (!/^\d{2,6}$/.test(text)) throw wrong(versionCode, text, "two to six digits");
  return `${text.slice(0, versionDigits)}.${text.slice(versionDigits)}`;
}

function meterIdOf(objects: Objects, { meterCodes }: P1Dialect): string | undefined {
  const hex = meterCodes
    .map((code) => objects.get(code)?.[0])
    .find((text) => text !== undefined && text !== "");
  if (hex === undefined || !/^([0-9A-Fa-f]{2})+$/.test(hex)) return hex;
  const ascii = hex.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
  // Some meters write their number as it is.
  return /^[\x21-\x7e]+$/.test(ascii) ? ascii : hex;
}

/** A meter whose clock is not set says so by a time that is none, such as 632525252525S. */
function stampOf(objects: Objects, isChecked: boolean): number | undefined {
  const text = objects.get(STAMP)?.[0];
  if (text === undefined) return undefined;
  const unixSeconds = timeIn(text);
  if (unixSeconds === undefined && !isChecked) {
    throw wrong(
      STAMP,
      text,
      "a time such as 260329013000W, with S for summer or W for winter time",
    );
  }
  return unixSeconds;
}

function timeIn(text: string): number | undefined {
  const [, year, month, day, hour, minute, second, season] =
    /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([SW])$/.exec(text) ?? [];
  if (season !== "S" && season !== "W") return undefined;
  const iso = `20${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const local = Date.parse(iso);
  // 30 February parses as 2 March.
  if (Number.isNaN(local) || new Date(local).toISOString() !== iso) return undefined;
  return local / 1000 - OFFSET_HOURS[season] * 3600;
}

function registersOf(objects: Objects): P1Register[] {
  const registers: P1Register[] = [];
  for (const [code, [text = ""]] of objects) {
    const [, quantity, tariff] = REGISTER.exec(code) ?? [];
    if (quantity !== "1" && quantity !== "2") continue;
    const [, whole = "", fraction = "", unit] =
      /^(\d{1,9})(?:\.(\d{1,3}))?\*(kWh|Wh)$/.exec(text) ?? [];
    if (unit === undefined || (unit === "Wh" && fraction !== "")) {
      throw wrong(code, text, "energy such as 001234.567*kWh");
    }
    const decimals = unit === "kWh" ? 3 : 0;
    registers.push({
      direction: QUANTITIES[quantity],
      tariff: Number(tariff),
      energyWh: BigInt(whole + fraction.padEnd(decimals, "0")),
      rollsOverAtWh: 10n ** BigInt(whole.length + decimals),
    });
  }
  return registers;
}

/** A register of all tariffs counts alone: adding the tariffs to it would count them twice. */
function totalOf(registers: readonly P1Register[], direction: Direction): bigint | undefined {
  const own = registers.filter((register) => register.direction === direction);
  const total = own.find(({ tariff }) => tariff === 0);
  if (total !== undefined) return total.energyWh;
  if (own.length === 0) return undefined;
  return own.reduce((sum, { energyWh }) => sum + energyWh, 0n);
}

function powerOf(objects: Objects, code: string): number | undefined {
  const text = objects.get(code)?.[0];
  if (text === undefined) return undefined;
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)\*(kW|W)$/.exec(text) ?? [];
  if (number === undefined) throw wrong(code, text, "power such as 01.193*kW");
  return Math.round(Number(number) * (unit === "kW" ? 1000 : 1));
}

/** Byte by byte, so that places in the text are places in the bytes. */
function asciiOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
