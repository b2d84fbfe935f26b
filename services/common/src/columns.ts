/**
 * Rows as lines of text whose columns stand below one another, two spaces apart.
 * @param words How many columns, from the left, hold words; figures end at the same place.
 */
export function inColumns(rows: readonly (readonly string[])[], words = 1): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < words ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  "),
  );
}
