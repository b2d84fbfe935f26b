import { positionsOf } from "@wattline/sdk";
import { type ChainContext, readActs } from "../chain/index.ts";
import type { DeliveryRecord, Records } from "./records.ts";

// A separate file, because it is loaded only while no indexer answers.

/** Sums what each seller has promised and delivered in settled blocks. */
export async function readRecords(context: ChainContext): Promise<Records> {
  const acts = await readActs(context);
  const records = new Map<string, DeliveryRecord>();
  for (const { position, blocks } of positionsOf(acts.map(({ act }) => act))) {
    const seller = position.seller.toLowerCase();
    for (const { state, energyWh, deliveredWh } of blocks) {
      if (state === "open") continue;
      const record = records.get(seller) ?? { promisedWh: 0n, deliveredWh: 0n };
      records.set(seller, {
        promisedWh: record.promisedWh + energyWh,
        deliveredWh: record.deliveredWh + deliveredWh,
      });
    }
  }
  return records;
}
