import type { SlotPrice, TariffStep } from "@wattline/sdk";
import { getBlock } from "viem/actions";
import { type ChainContext, type Microgrid, readEvents, useNetwork } from "../chain/index.ts";
import { type Indexed, useIndexed } from "../data/index.ts";
import type { Day } from "./day.ts";

/** Energy traded in a slot, and its cost. */
export type Traded = Pick<SlotPrice, "energyWh" | "cost">;

/** All tariffs that a microgrid has had, oldest first. */
export function useTariffHistory({ id }: Microgrid): Indexed<readonly TariffStep[]> {
  const { indexerUrl } = useNetwork();
  return useIndexed<readonly TariffStep[]>(
    ["tariffs", id],
    async (_, signal) => {
      const { connectIndexer } = await import("@wattline/indexer/client");
      return connectIndexer(indexerUrl ?? "").tariffs(id, { signal });
    },
    (context) => readTariffs(context, id),
  );
}

/** What was traded in a microgrid for each slot of a day. */
export function useTraded({ id }: Microgrid, { slots }: Day): Indexed<ReadonlyMap<number, Traded>> {
  const { indexerUrl } = useNetwork();
  const { firstSlot, lastSlot } = slots;
  return useIndexed<ReadonlyMap<number, Traded>>(
    ["traded", id, firstSlot, lastSlot],
    async (_, signal) => {
      const { connectIndexer } = await import("@wattline/indexer/client");
      const indexer = connectIndexer(indexerUrl ?? "");
      const rows = await indexer.slotPrices(id, firstSlot, lastSlot, { signal });
      return new Map(rows.map(({ slot, energyWh, cost }) => [slot, { energyWh, cost }]));
    },
    async (context) => {
      // The code that reads trades from logs is not needed with an indexer.
      const { readTraded } = await import("./readTraded.ts");
      return readTraded(context, id);
    },
  );
}

async function readTariffs(
  { client, contracts: { meters }, network, signal }: ChainContext,
  microgrid: number,
): Promise<TariffStep[]> {
  const of = {
    ...meters,
    fromBlock: BigInt(network.deployment.fromBlock),
    args: { microgrid },
    signal,
  } as const;
  const [founded, changed] = await Promise.all([
    readEvents(client, { ...of, eventName: "Founded" }),
    readEvents(client, { ...of, eventName: "TariffsSet" }),
  ]);
  return Promise.all(
    [...founded, ...changed].map(async ({ args: { tariffs }, blockNumber }) => {
      const { timestamp } = await getBlock(client, { blockNumber });
      return { since: Number(timestamp), feedIn: tariffs.feedIn, retail: tariffs.retail };
    }),
  );
}
