import type { SettlementRow } from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual } from "viem";

/** A settlement as the page lists it, from the indexer or from the chain. */
export interface HistoryRow extends Omit<SettlementRow, "kind"> {
  /** Meters that its orders, its taker or its forward name. */
  readonly meters: readonly Address[];
}

/** A filter of settlements; all given conditions must hold. */
export interface HistoryFilter {
  /** Where the energy was sent from or arrived. */
  readonly microgrid?: number | undefined;
  /** Seller or buyer. */
  readonly household?: Address | undefined;
  readonly meter?: Address | undefined;
  /** A slot among those that it covers. */
  readonly slot?: number | undefined;
  readonly transaction?: Hex | undefined;
}

/** The id of a settlement: its transaction and log index. */
export const idOf = ({ transaction, logIndex }: HistoryRow): string => `${transaction}-${logIndex}`;

/** Whether a settlement passes the filter. */
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

/** Totals of settlements. A reservation does not count as a sale; its release does. */
export function sumOf(rows: readonly HistoryRow[]) {
  const sum = { trades: 0, sentWh: 0n, lostWh: 0n, costMillis: 0n, chargeMillis: 0n };
  for (const { type, sentWh, arrivedWh, costMillis, chargeMillis } of rows) {
    if (type === "reserve") continue;
    sum.trades++;
    sum.sentWh += sentWh;
    sum.lostWh += sentWh - arrivedWh;
    sum.costMillis += costMillis;
    sum.chargeMillis += chargeMillis;
  }
  return sum;
}
