import type { RoundBalance } from "./roundBalance.ts";
import type { Simulation } from "./simulation.ts";
import { sumsOf } from "./sums.ts";

/** What homes still offer after trading is what they exported and have not sold, and what they bought and don't need. */
export async function leaveUnsold(
  { ledger }: Simulation,
  balances: readonly RoundBalance[],
): Promise<void> {
  await ledger.follow();
  const sums = sumsOf(ledger.told);
  for (const { community, round, offeredWh } of balances) {
    const { firstSlot } = community.series;
    for (const [home, who] of community.households.entries()) {
      const { soldWh, boughtWh } = sums.of(who);
      const { exportedWh, importedWh } = who.series;
      const lanes = round.slots.map((slot) => {
        const ownWh = (exportedWh[slot - firstSlot] ?? 0n) - (soldWh.get(slot) ?? 0n);
        const spareWh = (boughtWh.get(slot) ?? 0n) - (importedWh[slot - firstSlot] ?? 0n);
        return spareWh > 0n ? ownWh + spareWh : ownWh;
      });
      offeredWh[home]?.splice(0, lanes.length, ...lanes);
    }
  }
}
