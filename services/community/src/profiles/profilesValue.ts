import { type DecimalMark, decimalMarkOf } from "@wattline/sdk/meterData/text";
import type { Column } from "./profilesColumns.ts";
import { ProfilesFileError } from "./profilesError.ts";
import { badCell, cellOf, type Row, whereOf } from "./profilesRow.ts";

export type { DecimalMark } from "@wattline/sdk/meterData/text";

/** Each column's decimal mark by its index: what its own cells tell, else what the others tell. */
export function marksOf(
  rows: readonly Row[],
  columns: readonly Column[],
): ReadonlyMap<number, DecimalMark> {
  const values = columns.filter(({ kind }) => ["load", "pv", "price"].includes(kind));
  const told = values.map((column) => decimalMarkOf(rows.map((row) => cellOf(row, column))));
  const any = told.find((mark) => mark !== undefined);
  return new Map(
    values.flatMap(({ index }, at) => {
      const mark = told[at] ?? any;
      return mark ? [[index, mark]] : [];
    }),
  );
}

/** Between thousands may stand the mark that is not the decimal one, a space or an apostrophe. */
const NUMBER: Readonly<Record<DecimalMark, RegExp>> = {
  ".": /^([-+\u2212]?)(\d{1,3}(?:[,\s'\u2019]\d{3})+|\d+|(?=\.\d))(?:\.(\d*))?$/,
  ",": /^([-+\u2212]?)(\d{1,3}(?:[.\s'\u2019]\d{3})+|\d+|(?=,\d))(?:,(\d*))?$/,
};

/**
 * A cell's number times ten to the `decimals`, from the digits themselves: a floating-point number cannot hold most
 * decimals. `isCut` says that more digits than those are written.
 *
 * @throws ProfilesFileError for what is no number, and for one that can be read in two ways.
 */
export function scaledBy(
  row: Row,
  column: Column,
  mark: DecimalMark | undefined,
  decimals: number,
  wanted: string,
): { readonly fine: bigint; readonly isCut: boolean } {
  const cell = cellOf(row, column);
  // No step of a home has thousands of kWh: there a dot is before decimals.
  const isOpen =
    mark === undefined && (cell.includes(",") || (cell.includes(".") && isWhole(column)));
  if (isOpen && NUMBER["."].test(cell.replace(",", "."))) {
    const problem = `${cell} may be a thousand or a fraction: write it without a mark between thousands, or with a decimal in another row`;
    throw new ProfilesFileError(problem, whereOf(row, column));
  }
  const [, sign, whole, fraction = ""] = NUMBER[mark ?? "."].exec(cell) ?? [];
  if (whole === undefined) throw badCell(row, column, wanted);
  const written = fraction.replace(/0+$/, "");
  const digits = BigInt(
    whole.replace(/\D/g, "") + written.slice(0, decimals).padEnd(decimals, "0"),
  );
  return { fine: sign === "" || sign === "+" ? digits : -digits, isCut: written.length > decimals };
}

const isWhole = ({ kind, decimals }: Column): boolean => kind !== "price" && decimals === 0;
