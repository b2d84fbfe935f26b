/**
 * Rows as lines of text in aligned columns, two spaces apart.
 * @param words How many columns, from the left, are words, aligned left; figures are aligned right.
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
