import type { SettlementRow } from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual } from "viem";

/** A settlement as the page lists it, whoever told of it. */
export interface HistoryRow extends Omit<SettlementRow, "kind"> {
  /** Meters that its orders, its taker or its forward name. */
  readonly meters: readonly Address[];
}

/** Which settlements are looked for; all that are given must fit. */
export interface HistoryFilter {
  /** Sent from there or arrived there. */
  readonly microgrid?: number | undefined;
  /** Seller or buyer. */
  readonly household?: Address | undefined;
  readonly meter?: Address | undefined;
  /** Its energy reaches over this slot. */
  readonly slot?: number | undefined;
  readonly transaction?: Hex | undefined;
}

/** What names a settlement: its transaction and its place in the log. */
export const idOf = ({ transaction, logIndex }: HistoryRow): string => `${transaction}-${logIndex}`;

/** Whether a settlement is one of those that are looked for. */
export function fits(
  row: HistoryRow,
  { microgrid, household, meter, slot, transaction }: HistoryFilter,
): boolean {
  return (
    (microgrid === undefined || row.from === microgrid || row.to === microgrid) &&
    (household === undefined ||
      isAddressEqual(row.seller, household) ||
      isAddressEqual(row.buyer, household)) &&
    (meter === undefined || row.meters.some((each) => isAddressEqual(each, meter))) &&
    (slot === undefined || (row.firstSlot <= slot && slot <= row.lastSlot)) &&
    (transaction === undefined || row.transaction.toLowerCase() === transaction.toLowerCase())
  );
}

/** Newest first. */
export const byTime = (one: HistoryRow, other: HistoryRow): number =>
  other.block - one.block || other.logIndex - one.logIndex;

/** What settlements come to. A reservation is no sale yet: its release is. */
export function sumOf(rows: readonly HistoryRow[]) {
  const sum = { trades: 0, sentWh: 0n, lostWh: 0n, cost: 0n, charge: 0n };
  for (const { type, sentWh, arrivedWh, cost, charge } of rows) {
    if (type === "reserve") continue;
    sum.trades++;
    sum.sentWh += sentWh;
    sum.lostWh += sentWh - arrivedWh;
    sum.cost += cost;
    sum.charge += charge;
  }
  return sum;
}
