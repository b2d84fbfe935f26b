import { stringify } from "csv-stringify/sync";
import { formatAmount } from "../../units.ts";
import type { Language } from "./config.ts";
import { roundParts } from "./round.ts";
import type { BillingRun } from "./run.ts";
import { shownIn } from "./show.ts";

/** What a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * The rows of all documents for bookkeeping, with the separator and the decimal mark of a language. Gross, net and tax of a
 * document's rows add up to those of the document. Text that a spreadsheet would read as a formula is preceded by an
 * apostrophe; amounts have no thousands separators.
 */
export function runToCsv(run: BillingRun, language: Language): string {
  const shown = shownIn(run, language);
  const { texts } = shown;
  const decimalMark = language === "de" ? "," : ".";
  const number = (value: bigint, decimals: number): string =>
    formatAmount(value, decimals, { shown: decimals }).replace(".", decimalMark);
  const text = (value: string): string => (FORMULA.test(value) ? `'${value}` : value);
  const money = (units: bigint): string => number(units, run.currency.shown);
  const rows = run.statements.flatMap(({ member, documents }) =>
    documents.flatMap((document) => {
      // The net amount is the document's; rows share it by their gross amounts.
      const net = shareOut(
        document.netUnits,
        document.rows.map(({ amountUnits }) => amountUnits),
      );
      return document.rows.map((row, index) => [
        text(document.number),
        shown.title(document),
        run.issuedOn,
        document.period,
        text(document.corrects ?? ""),
        text(member.number),
        text(member.name),
        member.account,
        text(shown.item(row)),
        shown.source(row),
        number(row.energyWh, 3),
        money(row.amountUnits),
        money(net[index] ?? 0n),
        money(row.amountUnits - (net[index] ?? 0n)),
        text(shown.tax(document.tax)),
        text(run.currency.symbol),
      ]);
    }),
  );
  return stringify([[...texts.csv], ...rows], {
    delimiter: texts.csvDelimiter,
    // Spreadsheets need the mark to read umlauts.
    bom: true,
    record_delimiter: "windows",
  });
}

/** Divides a total in proportion to parts that add up to something else. */
function shareOut(total: bigint, parts: readonly bigint[]): bigint[] {
  const whole = parts.reduce((sum, part) => sum + part, 0n);
  if (whole === 0n) return parts.map((_, index) => (index === 0 ? total : 0n));
  const sign = whole < 0n ? -1n : 1n;
  return roundParts(
    total,
    parts.map((part) => part * total * sign),
    whole * sign,
  );
}
