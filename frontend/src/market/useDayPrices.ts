import type { Microgrid, SlotPrice } from "@wattline/sdk";
import { useNetwork } from "../chain/index.ts";
import { type Indexed, useIndexed } from "../data/index.ts";
import type { Day } from "./day.ts";

/** Energy traded in a slot, and its cost. */
export type Traded = Pick<SlotPrice, "energyWh" | "costMillis">;

/** What was traded in a microgrid for each slot of a day. */
export function useTraded(
  { microgrid }: Microgrid,
  { slots }: Day,
): Indexed<ReadonlyMap<number, Traded>> {
  const { indexerUrl } = useNetwork();
  const { firstSlot, lastSlot } = slots;
  return useIndexed<ReadonlyMap<number, Traded>>(
    ["traded", microgrid, firstSlot, lastSlot],
    async (_, signal) => {
      const { connectIndexer } = await import("@wattline/indexer/client");
      const indexer = connectIndexer(indexerUrl ?? "");
      const rows = await indexer.slotPrices(microgrid, firstSlot, lastSlot, { signal });
      return new Map(
        rows.map(({ slot, energyWh, costMillis }) => [slot, { energyWh, costMillis }]),
      );
    },
    async (context) => {
      // The code that reads trades from logs is not needed with an indexer.
      const { readTraded } = await import("./readTraded.ts");
      return readTraded(context, microgrid);
    },
  );
}
