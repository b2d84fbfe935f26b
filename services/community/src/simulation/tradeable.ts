import { leastSentFor } from "@wattline/sdk";
import type { CommunitySeries } from "../profiles/series.ts";
import { least } from "./roundBalance.ts";
import { ISLAND, isIslanded, type Outage } from "./rounds.ts";
import { isWorthTrading, type Tariffs } from "./tariffs.ts";
import type { TieLine } from "./tieLine.ts";

/**
 * The most that neighbours can trade, as sent: in each slot the lesser of all export and all import of a community,
 * and across the tie line what is left at one end and needed at the other, as far as the line carries it. While the
 * retailer charges no more than the feed-in tariff, only an island has a reason to trade.
 */
export function tradeableWh(
  communities: readonly CommunitySeries[],
  line: TieLine | undefined,
  outage: Outage | undefined,
  tariffs: Tariffs,
): bigint {
  let tradeable = 0n;
  const [first] = communities;
  for (let slot = 0; slot < (first?.slots ?? 0); slot++) {
    const ends = communities.map(({ households }) => ({
      exported: sumOf(households.map(({ exportedWh }) => exportedWh[slot] ?? 0n)),
      imported: sumOf(households.map(({ importedWh }) => importedWh[slot] ?? 0n)),
    }));
    const at = (first?.firstSlot ?? 0) + slot;
    const isWorth = isWorthTrading(tariffs.retailPerKwh[slot] ?? 0n, tariffs);
    for (const [index, { exported, imported }] of ends.entries()) {
      if (isWorth || isIslanded(outage, index + 1, at)) tradeable += least(exported, imported);
    }
    if (line === undefined || isIslanded(outage, ISLAND, at) || !isWorth) continue;
    for (const here of ends) {
      for (const there of ends) {
        const [surplus, need] = [here.exported - here.imported, there.imported - there.exported];
        if (surplus <= 0n || need <= 0n) continue;
        tradeable += least(
          least(surplus, line.capacityWh),
          leastSentFor(need, { lossBps: line.lossBps, flowWh: 0n }),
        );
      }
    }
  }
  return tradeable;
}

const sumOf = (values: readonly bigint[]): bigint =>
  values.reduce((total, value) => total + value, 0n);
