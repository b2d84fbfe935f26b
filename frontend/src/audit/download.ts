import {
  READING_COLUMNS,
  readingCells,
  SETTLEMENT_COLUMNS,
  settlementCells,
} from "@wattline/audit";
import type { ReadingRow } from "@wattline/sdk";
import { stringify } from "csv-stringify/browser/esm/sync";
import type { HistoryRow } from "./history.ts";

/** Settlements as CSV: the columns of the audit's command, and the meters. */
export const settlementsCsv = (rows: readonly HistoryRow[]): string =>
  csvOf([
    [...SETTLEMENT_COLUMNS, "meters"],
    ...rows.map((row) => [...settlementCells(row), row.meters.join(" ")]),
  ]);

/** Readings as CSV, a row per slot: the columns of the audit's command. */
export const readingsCsv = (rows: readonly ReadingRow[]): string =>
  csvOf([READING_COLUMNS, ...rows.map(readingCells)]);

/** Settlements as JSON. Amounts are decimal strings, because JSON numbers can't hold all of them exactly. */
export const settlementsJson = (rows: readonly HistoryRow[]): string =>
  JSON.stringify(rows, (_, value) => (typeof value === "bigint" ? String(value) : value), 1);

/** A cell that a spreadsheet would take for a formula gets a quotation mark in front. */
const csvOf = (rows: readonly (readonly string[])[]): string =>
  stringify(
    rows.map((row) => [...row]),
    { escape_formulas: true },
  );

const TYPES = { csv: "text/csv", json: "application/json" } as const;

/** Downloads a text as a file. */
export function saveAs(name: string, kind: keyof typeof TYPES, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${TYPES[kind]};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name}.${kind}`;
  link.click();
  URL.revokeObjectURL(url);
}
