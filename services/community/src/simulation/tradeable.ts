import { sentForWh } from "@wattline/sdk";
import type { CommunitySeries } from "../profiles/series.ts";
import { least } from "./roundBalance.ts";
import { isDuring, type Outage } from "./rounds.ts";
import type { TieLine } from "./tieLine.ts";

/**
 * The most that neighbours can trade, as sent: in each slot the lesser of all export and all import of a community,
 * and across the tie line the lesser of the surplus at one end, the need at the other, and the capacity.
 */
export function tradeableWh(
  communities: readonly CommunitySeries[],
  line: TieLine | undefined,
  outage: Outage | undefined,
): bigint {
  let tradeable = 0n;
  const [first] = communities;
  for (let slot = 0; slot < (first?.slots ?? 0); slot++) {
    const ends = communities.map(({ households }) => ({
      exported: sumOf(households.map(({ exportedWh }) => exportedWh[slot] ?? 0n)),
      imported: sumOf(households.map(({ importedWh }) => importedWh[slot] ?? 0n)),
    }));
    for (const { exported, imported } of ends) tradeable += least(exported, imported);
    const islanded = outage !== undefined && isDuring(outage, (first?.firstSlot ?? 0) + slot);
    if (line === undefined || islanded) continue;
    for (const here of ends) {
      for (const there of ends) {
        const [surplus, need] = [here.exported - here.imported, there.imported - there.exported];
        if (surplus <= 0n || need <= 0n) continue;
        tradeable += least(least(surplus, line.capacityWh), sentForWh(need, line.lossBps));
      }
    }
  }
  return tradeable;
}

const sumOf = (values: readonly bigint[]): bigint =>
  values.reduce((total, value) => total + value, 0n);
