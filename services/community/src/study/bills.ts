import { billWithGridMillis } from "@wattline/sdk";
import type { HomeTrades, StudiedHome } from "@wattline/sdk/study";
import type { Tariffs } from "../simulation/tariffs.ts";

/** A home's bill with the utility alone. */
export const billAlone = (
  { importedWh, exportedWh }: StudiedHome,
  tariffs: Tariffs,
  from = 0,
  to = importedWh.length,
): bigint =>
  billWithGridMillis({
    importedWh: importedWh.slice(from, to),
    exportedWh: exportedWh.slice(from, to),
    retailPerKwh: tariffs.retailPerKwh.slice(from, to),
    feedInPerKwh: tariffs.retailPerKwh.slice(from, to).map(() => tariffs.feedInPerKwh),
  });

/** What a home pays the utility besides its trades, and for them. */
export function billTogether(
  { studied, trades }: { readonly studied: StudiedHome; readonly trades: HomeTrades },
  tariffs: Tariffs,
  from: number,
  to: number,
): bigint {
  const rest = (all: readonly bigint[], traded: readonly bigint[]) =>
    all.map((wh, slot) => wh - (traded[slot] ?? 0n));
  const { name, importedWh, exportedWh } = studied;
  const left = {
    name,
    importedWh: rest(importedWh, trades.boughtWh),
    exportedWh: rest(exportedWh, trades.soldWh),
  };
  const { paidMillis, receivedMillis } = trades;
  return (
    billAlone(left, tariffs, from, to) +
    total(paidMillis.slice(from, to)) -
    total(receivedMillis.slice(from, to))
  );
}

const total = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, each) => sum + each, 0n);
