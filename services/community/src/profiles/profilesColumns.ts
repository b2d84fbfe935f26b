import { ProfilesFileError } from "./profilesError.ts";

/** A column of a profiles file, as its name says. */
export interface Column {
  readonly index: number;
  readonly name: string;
  readonly kind: "start" | "load" | "pv" | "price" | "other";
  /** Whose load or roof it is; empty for others. */
  readonly home: string;
  /** Decimals with which the column's unit counts Wh, W, or millionths of the currency per kWh. */
  readonly decimals: number;
  /** Average power over the step, instead of energy. */
  readonly isPower: boolean;
}

export const START = "start";
const LOAD = "_load_wh";

/** A home's column: whose, what and in which unit, such as `anna_load_wh` or `Anna load [kWh]`. */
const HOME_COLUMN = /^(.*?)[\s_-]*(load|pv)[\s_]*[[(]?(wh|kwh|mwh|w|kw)[\])]?$/i;
/** `retail_price_eur_per_kwh`, `price [ct/kWh]`, `retail price EUR/MWh` … */
const PRICE_COLUMN =
  /^(?:retail[\s_]*)?(?:price|tariff)[\s_]*[[(]?(cents?|ct|[a-z]{3}|[€$£])(?:[\s_]*\/[\s_]*|[\s_]*per[\s_]*)(kwh|mwh)[\])]?$/i;
/** A column named like this was meant to be read: it is refused rather than left out. */
const NEAR_MISS =
  /load|pv|solar|consum|produc|export|import|price|tariff|preis|(?<![a-z]|per[\s_])[kmg]?wh?(?![a-z])/i;

const DECIMALS: Readonly<Record<string, number>> = { wh: 0, kwh: 3, mwh: 6, w: 0, kw: 3 };
/** A euro per kWh is a million millionths; a cent, and a euro per MWh, fewer. */
const CENT = /^(?:cents?|ct)$/i;

/** The columns that a header names. @throws ProfilesFileError where it can't be read. */
export function columnsOf(
  file: string,
  line: number,
  header: readonly string[],
): readonly Column[] {
  const names = header.map((name) => name.trim());
  const columns = names.map((name, index) => columnOf(name, index));
  for (const [index, { name, kind, home }] of columns.entries()) {
    const where = { file, line, column: name };
    if (name !== "" && names.indexOf(name) !== index) {
      throw new ProfilesFileError("occurs twice: give each column its own name", where);
    }
    if ((kind === "load" || kind === "pv") && home === "") {
      throw new ProfilesFileError(`names no home: write NAME${name}`, where);
    }
    const twin = columns.find((other) => other.kind === kind && other.home === home);
    if (kind !== "other" && twin && twin.index !== index) {
      throw new ProfilesFileError(`is the same as ${twin.name}: remove one of them`, where);
    }
    if (kind === "pv" && !columns.some((other) => other.kind === "load" && other.home === home)) {
      const problem = `is missing, but there is ${name}: add it`;
      throw new ProfilesFileError(problem, { file, line, column: home + LOAD });
    }
  }
  if (!columns.some(({ kind }) => kind === "start")) {
    const where = { file, line, column: START };
    throw new ProfilesFileError("is missing: add it, with the start of each step", where);
  }
  refuseNearMisses(file, line, columns);
  if (!columns.some(({ kind }) => kind === "load")) {
    const where = { file, line, column: `NAME${LOAD}` };
    throw new ProfilesFileError("is missing: a file needs one for each home", where);
  }
  return columns;
}

/** Whether a header is meant as a profiles file's, rather than as a meter's export: it speaks of load or roof. */
export const isProfilesHeader = (header: readonly string[]): boolean =>
  header.some((name) => /(?:^|[\s_-])(?:load|pv)(?:$|[\s_([-])/i.test(name.trim()));

function columnOf(name: string, index: number): Column {
  const column = { index, name, home: "", decimals: 0, isPower: false };
  const [, home = "", what = "", written = ""] = HOME_COLUMN.exec(name) ?? [];
  const unit = written.toLowerCase();
  if (unit !== "") {
    const kind = what.toLowerCase() === "pv" ? "pv" : "load";
    const decimals = DECIMALS[unit] ?? 0;
    return { ...column, kind, home: home.trim(), decimals, isPower: unit.endsWith("w") };
  }
  const [, currency = "", per = ""] = PRICE_COLUMN.exec(name) ?? [];
  if (currency !== "") {
    const decimals = 6 - (CENT.test(currency) ? 2 : 0) - (per.toLowerCase() === "mwh" ? 3 : 0);
    return { ...column, kind: "price", decimals };
  }
  return { ...column, kind: name.toLowerCase() === START ? "start" : "other" };
}

function refuseNearMisses(file: string, line: number, columns: readonly Column[]): void {
  const miss = columns.find(({ kind, name }) => kind === "other" && NEAR_MISS.test(name));
  if (!miss) return;
  throw new ProfilesFileError(
    "has an unknown name: name it NAME_load_wh, NAME_pv_wh (or _kwh, _mwh, _w, _kw) or " +
      "retail_price_eur_per_kwh (or ct, or per_mwh), or remove it",
    { file, line, column: miss.name },
  );
}
