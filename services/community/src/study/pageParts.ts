/** Parts of the study's page. */
export const section = (title: string, content: string): string =>
  `<section>\n<h2>${title}</h2>\n${content}\n</section>`;

/** The first column is text, the others are numbers. Cells are HTML. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: "th" | "td") =>
    row.map((cell, at) => `<${tag}${at === 0 ? "" : ' class="number"'}>${cell}</${tag}>`).join("");
  return `<table>
<thead><tr>${cells(head, "th")}</tr></thead>
<tbody>${rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("")}</tbody>
</table>`;
}
