import { tariff } from "ponder:schema";
import { type GridPrices, slotEnd } from "@wattline/sdk";
import { microgridOf } from "./money.ts";
import type { Db } from "./occasion.ts";

/**
 * The tariffs of a microgrid that were in force when each of these slots ended: those in force now for what is still to
 * come, the first ones for what was before the founding.
 * @param slots In order.
 */
export async function gridPricesIn(
  db: Db,
  microgrid: number,
  slots: readonly number[],
): Promise<GridPrices[]> {
  const { slotSeconds, tariffVersion } = await microgridOf(db, microgrid);
  const prices: GridPrices[] = [];
  let version = tariffVersion;
  // From the newest slot back: tariffs change far less often than slots pass.
  for (const slot of slots.toReversed()) {
    for (;;) {
      const found = await db.find(tariff, { microgrid, version });
      if (found === null) throw new Error(`Microgrid ${microgrid} lost its tariffs ${version}.`);
      if (version === 0 || found.since < BigInt(slotEnd(slot, slotSeconds))) {
        prices.push({ feedIn: found.feedIn, retail: found.retail });
        break;
      }
      version--;
    }
  }
  return prices.reverse();
}
