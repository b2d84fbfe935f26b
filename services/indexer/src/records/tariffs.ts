import { tariff } from "ponder:schema";
import { type GridPrices, slotEnd } from "@wattline/sdk";
import { microgridOf } from "./money.ts";
import type { Db } from "./occasion.ts";

/**
 * The tariffs of a microgrid in force when each of these slots ended: the current ones for slots in the future, the
 * first ones for slots before the founding.
 * @param slots In ascending order.
 */
export async function gridPricesIn(
  db: Db,
  microgrid: number,
  slots: readonly number[],
): Promise<GridPrices[]> {
  const { slotSeconds, tariffVersion } = await microgridOf(db, microgrid);
  const prices: GridPrices[] = [];
  let version = tariffVersion;
  // From the newest slot back: tariffs change much less often than slots.
  for (const slot of slots.toReversed()) {
    for (;;) {
      const found = await db.find(tariff, { microgrid, version });
      if (found === null)
        throw new Error(`Version ${version} of microgrid ${microgrid}'s tariffs is missing.`);
      if (version === 0 || found.since < BigInt(slotEnd(slot, slotSeconds))) {
        prices.push({ feedIn: found.feedIn, retail: found.retail });
        break;
      }
      version--;
    }
  }
  return prices.reverse();
}
