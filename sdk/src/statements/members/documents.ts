import type { Tax } from "./config.ts";
import { roundHalf, roundParts } from "./round.ts";
import type { BillingDocument, BillingRow } from "./run.ts";
import type { Direction, TradeLine } from "./trades.ts";

/** A document before it has its number. */
export type Draft = Omit<BillingDocument, "number">;

/** A row before it is rounded. */
export type ExactRow = Omit<BillingRow, "amountUnits">;

/** Lines as rows: one for each neighbour and source, and one for the fees of all of them. */
export function rowsOf(lines: readonly TradeLine[]): ExactRow[] {
  const fees = lines.reduce((sum, { feeMillis }) => sum + feeMillis, 0n);
  return [
    ...lines.map(({ counterparty, isGrid, source, energyWh, priceMillis }) => ({
      kind: "energy" as const,
      counterparty,
      isGrid,
      source,
      energyWh,
      amountMillis: priceMillis,
    })),
    ...(fees === 0n
      ? []
      : [{ kind: "fee" as const, isGrid: false, energyWh: 0n, amountMillis: fees }]),
  ];
}

/**
 * The document that brings what was billed to what is due: an invoice when nothing was billed, else a correction. With it all
 * documents of the period add up to what a single one would have said: the gross amount is rounded half away from zero, the
 * tax that it includes is rounded likewise, and rows are rounded to add up (see `roundParts`).
 * @param due What the period came to by now.
 * @param tax For an invoice; a correction has the rate of what it corrects.
 * @returns undefined when nothing changed.
 */
export function documentDue(
  direction: Direction,
  period: string,
  due: readonly ExactRow[],
  billed: readonly BillingDocument[],
  { isCorrection, tax, unit }: { isCorrection: boolean; tax: Tax; unit: bigint },
): Draft | undefined {
  const rows = differenceOf(
    due,
    billed.flatMap((document) => document.rows),
  );
  if (rows.length === 0) return undefined;
  const [first] = billed;
  const rate = first?.tax ?? tax;
  const sum = (of: (document: BillingDocument) => bigint): bigint =>
    billed.reduce((total, document) => total + of(document), 0n);
  const wholeUnits = roundHalf(
    due.reduce((total, { amountMillis }) => total + amountMillis, 0n),
    unit,
  );
  const grossUnits = wholeUnits - sum((document) => document.grossUnits);
  const netUnits = netOf(wholeUnits, rate) - sum((document) => document.netUnits);
  const rounded = roundParts(
    grossUnits,
    rows.map(({ amountMillis }) => amountMillis),
    unit,
  );
  return {
    kind: isCorrection ? "correction" : "invoice",
    direction,
    period,
    ...(first !== undefined && { corrects: first.number }),
    rows: rows.map((row, index) => ({ ...row, amountUnits: rounded[index] ?? 0n })),
    tax: rate,
    grossUnits,
    netUnits,
    taxUnits: grossUnits - netUnits,
  };
}

/** Prices on the market include tax: what is left without it, rounded half away from zero. */
function netOf(grossUnits: bigint, tax: Tax): bigint {
  if (!("percent" in tax)) return grossUnits;
  const thousandths = thousandthsOf(tax.percent);
  return roundHalf(grossUnits * 100_000n, 100_000n + thousandths);
}

/** A rate in thousandths of a percent: `5.5` is 5500n. */
function thousandthsOf(percent: string): bigint {
  const [whole = "0", decimals = ""] = percent.split(".");
  return BigInt(whole + decimals.padEnd(3, "0"));
}

/** What is due less what was billed, row by row; rows that agree are left out. */
function differenceOf(due: readonly ExactRow[], billed: readonly ExactRow[]): ExactRow[] {
  const rows = new Map<string, ExactRow>();
  const add = (row: ExactRow, sign: bigint): void => {
    const key = `${row.kind} ${row.counterparty} ${row.source}`;
    const before = rows.get(key);
    rows.set(key, {
      ...row,
      energyWh: (before?.energyWh ?? 0n) + sign * row.energyWh,
      amountMillis: (before?.amountMillis ?? 0n) + sign * row.amountMillis,
    });
  };
  for (const row of due) add(row, 1n);
  for (const row of billed) add(row, -1n);
  return [...rows.values()].filter(
    ({ energyWh, amountMillis }) => energyWh !== 0n || amountMillis !== 0n,
  );
}
