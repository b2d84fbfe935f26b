import { localDayOf } from "../../slots.ts";
import type { BillingDocument, BillingRow, BillingRun, MemberStatement } from "./run.ts";
import { type Shown, shownIn } from "./show.ts";
import { DIRECTIONS, type Direction } from "./trades.ts";

/**
 * A member's statement and documents as one page that prints: A4, each document on a sheet of its own, no other files.
 */
export function statementToHtml(run: BillingRun, statement: MemberStatement): string {
  const { language, member, documents, isMember } = statement;
  const shown = shownIn(run, language);
  const { texts } = shown;
  const sheets = [
    ...(isMember ? [statementSheet(run, statement, shown)] : []),
    ...documents.map((document) => documentSheet(run, statement, document, shown)),
  ];
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(`${texts.statement} ${run.period.label}, ${member.name}`)}</title>
<style>${STYLE}</style>
</head>
<body>
${sheets.join("\n")}
</body>
</html>
`;
}

function statementSheet(run: BillingRun, statement: MemberStatement, shown: Shown): string {
  const { texts } = shown;
  const { member, account, comparison } = statement;
  const facts: [string, string][] = [
    [texts.period, periodOf(run, shown)],
    [texts.member, member.number],
    [texts.account, member.account],
    [texts.issuedOn, run.issuedOn],
  ];
  return `<section${previewOf(run, shown)}>
${head(run, statement, `${texts.statement} ${run.period.label}`, facts, shown)}
${DIRECTIONS.map((direction) => tradesTable(statement[direction], direction, run, shown)).join("\n")}
<h2>${escaped(texts.comparison)}</h2>
<table>
<thead><tr><th scope="col"></th>${[texts.columns.energy, texts.market, texts.utility, texts.gain].map(numberHead).join("")}</tr></thead>
<tbody>
${DIRECTIONS.map((direction) => {
  const { energyWh, amountUnits, gridUnits, gainUnits } = comparison[direction];
  const cells = [
    shown.energy(energyWh),
    ...[amountUnits, gridUnits, gainUnits].map((units) => shown.money(units)),
  ];
  const name = `${texts.title[direction]} (${texts.tariff[direction]})`;
  return `<tr><th scope="row">${escaped(name)}</th>${cells.map(cell).join("")}</tr>`;
}).join("\n")}
</tbody>
</table>
<h2>${escaped(`${texts.escrow} (${run.currency.symbol})`)}</h2>
<table>
<tbody>
${amountRow(texts.opening, shown.money(account.openingUnits))}
${account.rows.map(({ kind, amountUnits }) => amountRow(texts.movements[kind], shown.money(amountUnits))).join("\n")}
</tbody>
<tfoot>${amountRow(texts.closing, shown.money(account.closingUnits))}</tfoot>
</table>
<footer>
${texts.notes.map((note) => `<p>${escaped(note)}</p>`).join("\n")}
<p>${escaped(`${texts.block} ${run.block.number} (${run.block.hash}), chain ${run.chainId}, ${run.marketplace}.`)}</p>
</footer>
</section>`;
}

function documentSheet(
  run: BillingRun,
  statement: MemberStatement,
  document: BillingDocument,
  shown: Shown,
): string {
  const { texts } = shown;
  const { number, period, corrects, rows, tax, direction } = document;
  const facts: [string, string][] = [
    [texts.forPeriod, period],
    [texts.member, statement.member.number],
    ...(statement.member.taxNumber === undefined
      ? []
      : [[texts.taxNumber, statement.member.taxNumber] as [string, string]]),
    [texts.issuedOn, run.issuedOn],
    ...(corrects === undefined ? [] : [[texts.corrects, corrects] as [string, string]]),
  ];
  const totals =
    "percent" in tax
      ? `${totalRow(texts.net, shown.money(document.netUnits))}${totalRow(`${texts.tax} ${shown.tax(tax)}`, shown.money(document.taxUnits))}${totalRow(texts.gross, shown.money(document.grossUnits))}`
      : totalRow(texts.total, shown.money(document.grossUnits));
  return `<section${previewOf(run, shown)}>
${head(run, statement, `${shown.title(document)} ${number}`, facts, shown)}
<h2>${escaped(texts.title[direction])}</h2>
${rowsTable(rows, run, shown, totals)}
${"percent" in tax ? "" : `<p>${escaped(shown.tax(tax))}</p>`}
<footer><p>${escaped(texts.notes.at(-1) ?? "")}</p></footer>
</section>`;
}

function head(
  { issuer }: BillingRun,
  { member }: MemberStatement,
  title: string,
  facts: readonly (readonly [string, string])[],
  { texts }: Shown,
): string {
  const issued = [
    issuer.name,
    ...issuer.address,
    ...(issuer.taxNumber === undefined ? [] : [`${texts.taxNumber}: ${issuer.taxNumber}`]),
  ];
  return `<header>
<address>${issued.map(escaped).join("<br>")}</address>
<address>${[member.name, ...member.address].map(escaped).join("<br>")}</address>
</header>
<h1>${escaped(title)}</h1>
<dl>${facts.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`).join("")}</dl>`;
}

function tradesTable(
  rows: readonly BillingRow[],
  direction: Direction,
  run: BillingRun,
  shown: Shown,
): string {
  const { texts } = shown;
  const total = rows.reduce((sum, { amountUnits }) => sum + amountUnits, 0n);
  return `<h2>${escaped(texts.title[direction])}</h2>
${rows.length === 0 ? `<p>${escaped(texts.none)}</p>` : rowsTable(rows, run, shown, totalRow(texts.total, shown.money(total)))}`;
}

function rowsTable(
  rows: readonly BillingRow[],
  { currency }: BillingRun,
  shown: Shown,
  totals: string,
): string {
  const { columns } = shown.texts;
  return `<table>
<thead><tr><th scope="col">${escaped(columns.item)}</th><th scope="col">${escaped(columns.source)}</th>${numberHead(columns.energy)}${numberHead(columns.price)}${numberHead(`${columns.amount} (${currency.symbol})`)}</tr></thead>
<tbody>
${rows
  .map(
    (row) =>
      `<tr><td>${escaped(shown.item(row))}</td><td>${escaped(shown.source(row))}</td>${cell(row.kind === "fee" ? "" : shown.energy(row.energyWh))}${cell(row.kind === "fee" ? "" : shown.price(row))}${cell(shown.money(row.amountUnits))}</tr>`,
  )
  .join("\n")}
</tbody>
<tfoot>${totals}</tfoot>
</table>`;
}

const previewOf = ({ isFinal }: BillingRun, { texts }: Shown): string =>
  isFinal ? "" : ` data-preview="${escaped(texts.preview)}"`;

/** First and last day, in the community's time zone. */
function periodOf({ period, timeZone }: BillingRun, { texts }: Shown): string {
  const day = (unixSeconds: number): string =>
    new Intl.DateTimeFormat(texts.locale, { timeZone: "UTC", dateStyle: "medium" }).format(
      new Date(`${localDayOf(unixSeconds, timeZone)}T00:00:00Z`),
    );
  return `${day(period.from)} – ${day(period.to - 1)}`;
}

const cell = (content: string): string => `<td class="number">${escaped(content)}</td>`;
const numberHead = (content: string): string =>
  `<th scope="col" class="number">${escaped(content)}</th>`;
const amountRow = (name: string, amount: string): string =>
  `<tr><th scope="row">${escaped(name)}</th>${cell(amount)}</tr>`;
const totalRow = (name: string, amount: string): string =>
  `<tr><th scope="row" colspan="4">${escaped(name)}</th>${cell(amount)}</tr>`;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escaped = (content: string): string =>
  content.replace(/[&<>"']/g, (each) => ENTITIES[each] ?? "");

const STYLE = `
@page { size: A4; margin: 20mm 18mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.45 system-ui, sans-serif; color: #111; background: #fff; margin: 0 auto; max-width: 174mm; }
section { position: relative; padding: 8mm 0; break-after: page; }
section:last-child { break-after: auto; }
header { display: flex; justify-content: space-between; gap: 10mm; margin-bottom: 10mm; }
address { font-style: normal; overflow-wrap: anywhere; }
h1 { font-size: 16pt; margin: 0 0 3mm; }
h2 { font-size: 12pt; margin: 7mm 0 2mm; break-after: avoid; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(80mm, 1fr)); gap: 1mm 6mm; margin: 0; }
dl div { display: flex; gap: 2mm; }
dt { color: #555; flex: none; }
dd { margin: 0; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 1.2mm 1.5mm; text-align: left; vertical-align: top; border-bottom: 0.2mm solid #ccc; }
th[scope="row"] { font-weight: normal; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
tfoot { display: table-row-group; }
tfoot tr:last-child > * { font-weight: bold; border-top: 0.4mm solid #111; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
footer { margin-top: 8mm; font-size: 8.5pt; color: #555; overflow-wrap: anywhere; }
footer p { margin: 0 0 1mm; }
[data-preview]::before { content: attr(data-preview); position: absolute; inset: 40% 0 auto; text-align: center;
  font-size: 36pt; font-weight: bold; color: rgb(0 0 0 / 8%); transform: rotate(-25deg); pointer-events: none; }
`;
