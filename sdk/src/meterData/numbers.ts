/** Numbers and units as meter files write them. */

export type DecimalMark = "." | ",";

/** What a cell counts: energy since the last row, the register's state, or the average power. */
export type ValueKind = "energy" | "register" | "power";

const ENERGY_UNITS: Readonly<Record<string, number>> = { wh: 1e3, kwh: 1e6, mwh: 1e9, gwh: 1e12 };
const POWER_UNITS: Readonly<Record<string, number>> = { w: 1e3, kw: 1e6, mw: 1e9 };

export interface Unit {
  readonly kind: "energy" | "power";
  /** Thousandths of a Wh (or of a W) in one. */
  readonly milli: number;
}

/** The unit of that name (`kWh`, `W` …), whatever its letters' case. */
export function unitOf(name: string): Unit | undefined {
  const lower = name.trim().toLowerCase();
  const energy = ENERGY_UNITS[lower];
  if (energy !== undefined) return { kind: "energy", milli: energy };
  const power = POWER_UNITS[lower];
  return power === undefined ? undefined : { kind: "power", milli: power };
}

/** The unit that a column's name states, such as `Verbrauch [kWh]` or `anna_pv_kwh`. */
export function unitInName(column: string): Unit | undefined {
  const found = /(?:^|[^a-zA-Z])([MGk]?Wh?)(?:[^a-zA-Z]|$)/i.exec(column)?.[1];
  return found === undefined ? undefined : unitOf(found);
}

/**
 * The decimal mark that cells use: the later of two marks, or a mark that can't part thousands (0,069 or 1.25).
 * Undefined when none of them tells.
 */
export function decimalMarkOf(cells: Iterable<string>): DecimalMark | undefined {
  for (const cell of cells) {
    const text = cell.trim();
    const comma = text.lastIndexOf(",");
    const dot = text.lastIndexOf(".");
    if (comma < 0 && dot < 0) continue;
    if (comma >= 0 && dot >= 0) return comma > dot ? "," : ".";
    const mark = comma >= 0 ? "," : ".";
    const parts = text.split(mark);
    if (parts.length > 2) return mark === "," ? "." : ",";
    if (parts[1]?.length !== 3 || /^[-+]?0*$/.test(parts[0] ?? "") || (parts[0] ?? "").length > 3) {
      return mark;
    }
  }
  return undefined;
}

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;

/**
 * A number written with that decimal mark; thousands may be parted by the other mark, a space or an apostrophe.
 * An Excel formula around a number (`="12"`) is taken off. Undefined when it is none.
 */
export function parseDecimal(cell: string, mark: DecimalMark): number | undefined {
  return plainDecimal(cell, mark) ?? writtenDecimal(cell, mark);
}

/** Both numbers are exact up to here, so that their quotient is the nearest number to what is written. */
const MOST_DIGITS = 15;
const POWERS = Array.from({ length: MOST_DIGITS + 1 }, (_, power) => 10 ** power);
const [MINUS, ZERO] = [45, 48];

/** Digits with at most one mark and a minus, as nearly all cells are: read without making another text. */
function plainDecimal(cell: string, mark: DecimalMark): number | undefined {
  const markCode = mark.charCodeAt(0);
  const isNegative = cell.charCodeAt(0) === MINUS;
  const first = isNegative ? 1 : 0;
  if (cell.length - first < 1 || cell.length - first > MOST_DIGITS) return undefined;
  let value = 0;
  let markAt = -1;
  for (let at = first; at < cell.length; at++) {
    const code = cell.charCodeAt(at);
    if (code >= ZERO && code <= ZERO + 9) value = value * 10 + code - ZERO;
    else if (code === markCode && markAt < 0 && at > first) markAt = at;
    else return undefined;
  }
  const decimals = markAt < 0 ? 0 : cell.length - markAt - 1;
  const size = value / (POWERS[decimals] ?? 1);
  return isNegative ? -size : size;
}

function writtenDecimal(cell: string, mark: DecimalMark): number | undefined {
  let text = cell;
  if (mark === "," && text.includes(",")) {
    if (text.includes(".")) {
      if (!/^[-+\s]*\d{1,3}(\.\d{3})*,\d*\s*$/.test(text)) return undefined;
      text = text.replaceAll(".", "");
    }
    text = text.replace(",", ".");
  } else if (mark === "," && text.includes(".")) {
    if (!/^[-+\s]*\d{1,3}(\.\d{3})+\s*$/.test(text)) return undefined;
    text = text.replaceAll(".", "");
  } else if (text.includes(",")) {
    if (!/^[-+\s]*\d{1,3}(,\d{3})+(\.\d*)?\s*$/.test(text)) return undefined;
    text = text.replaceAll(",", "");
  }
  if (!NUMBER.test(text)) {
    text = text.replace(/^="(.*)"$/, "$1").replace(/[\s'\u00A0\u202F]/g, "");
    if (!NUMBER.test(text)) return undefined;
  }
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
