import type { Column } from "./profilesColumns.ts";
import { ProfilesFileError, type Where } from "./profilesError.ts";

/** The cells of one line, and where they stand. */
export interface Row {
  readonly file: string;
  readonly line: number;
  readonly cells: readonly string[];
}

export const cellOf = ({ cells }: Row, { index }: Column): string => cells[index] ?? "";

export const whereOf = ({ file, line }: Row, { name }: Column): Where => ({
  file,
  line,
  column: name,
});

/** What is wrong with a cell that should hold what is `wanted`. */
export function badCell(row: Row, column: Column, wanted: string): ProfilesFileError {
  const cell = cellOf(row, column);
  const where = whereOf(row, column);
  if (cell === "") return new ProfilesFileError(`the cell is empty: give ${wanted}`, where);
  if (/^[-\u2212][\d.,]+$/.test(cell))
    return new ProfilesFileError(`${cell} is negative: give ${wanted}`, where);
  return new ProfilesFileError(`"${cell}" is not ${wanted}`, where);
}
