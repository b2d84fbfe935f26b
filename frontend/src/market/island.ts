import type { EnergyBySlot, SlotRange } from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import { readContract } from "viem/actions";
import {
  type ChainContext,
  type Microgrid,
  modeOf,
  readEvents,
  useChainQuery,
  useNetwork,
} from "../chain/index.ts";
import { useIndexed } from "../data/index.ts";
import { readRation } from "./readStock.ts";

/** The meter that a purchase in an islanded microgrid is for, and what it may still buy. */
export interface IslandBuyer {
  readonly meter: Address;
  readonly critical: boolean;
  /** Wh per slot; undefined where there is no ration, as for a critical load. */
  readonly rationWh: EnergyBySlot | undefined;
}

interface Load {
  readonly meter: Address;
  readonly critical: boolean;
}

const NONE: readonly Load[] = [];

/**
 * The meter for which `buyer` buys in an islanded microgrid: a critical load if there is one.
 * @returns undefined while it is being read; null when the buyer has no meter there.
 */
export function useIslandBuyer(
  microgrid: Microgrid,
  buyer: Address | undefined,
  slots: SlotRange,
): IslandBuyer | null | undefined {
  const { indexerUrl } = useNetwork();
  const asked = modeOf(microgrid) === "Islanded" ? buyer : undefined;
  const { id } = microgrid;
  const loads = useIndexed<readonly Load[]>(
    ["loads", id, asked],
    async (_, signal) => {
      if (asked === undefined) return NONE;
      const { connectIndexer } = await import("@wattline/indexer/client");
      const rows = await connectIndexer(indexerUrl ?? "").meters({
        microgrid: id,
        owner: asked,
        signal,
      });
      return rows
        .filter(({ active }) => active)
        .map(({ address, critical }) => ({ meter: address, critical }));
    },
    (context) => (asked === undefined ? Promise.resolve(NONE) : readLoads(context, id, asked)),
  );
  const load = loads.data?.find(({ critical }) => critical) ?? loads.data?.[0];
  const { islandRation } = microgrid.tariffs;
  const ration = useChainQuery(
    ["ration", load?.meter, islandRation, slots],
    (context) => {
      if (load === undefined) throw new Error("There is no meter to read the ration of.");
      return readRation(context, load.meter, islandRation, slots);
    },
    { enabled: load !== undefined && !load.critical },
  );
  if (loads.data === undefined) return undefined;
  if (load === undefined) return null;
  if (load.critical) return { ...load, rationWh: undefined };
  return ration.data === undefined ? undefined : { ...load, rationWh: ration.data };
}

/** Meters in service that `owner` has in a microgrid, from the chain's own events. */
async function readLoads(
  { client, contracts: { meters }, network, signal }: ChainContext,
  microgrid: number,
  owner: Address,
): Promise<Load[]> {
  const registered = await readEvents(client, {
    ...meters,
    eventName: "MeterRegistered",
    args: { microgrid },
    fromBlock: BigInt(network.deployment.fromBlock),
    signal,
  });
  const known = await Promise.all(
    registered.map(async ({ args: { meter } }) => ({
      meter,
      ...(await readContract(client, { ...meters, functionName: "meterOf", args: [meter] })),
    })),
  );
  return known.filter((one) => one.active && isAddressEqual(one.owner, owner));
}
