import {
  type EnergyBySlot,
  isIslandedIn,
  type Microgrid,
  rationWhIn,
  type SlotRange,
  slotsIn,
} from "@wattline/sdk";
import { useMemo } from "react";
import { type Address, isAddressEqual } from "viem";
import { readContract } from "viem/actions";
import { type ChainContext, readEvents, useChainQuery, useNetwork } from "../chain/index.ts";
import { useIndexed } from "../data/index.ts";
import { readRationed } from "./readStock.ts";

/** The meter that a purchase of islanded slots is for, and what it may still buy. */
export interface IslandBuyer {
  /** Undefined when the buyer has none there: it then buys no energy of islanded slots. */
  readonly meter: Address | undefined;
  /** Wh of a slot that may still be bought; undefined where there is no ration. */
  rationLeftWh(slot: number): bigint | undefined;
}

interface Load {
  readonly meter: Address;
  readonly critical: boolean;
}

const NONE: readonly Load[] = [];
const NOTHING: EnergyBySlot = new Map();
const NO_ISLAND: IslandBuyer = { meter: undefined, rationLeftWh: () => undefined };

/**
 * The meter for which `buyer` buys energy of islanded slots: a critical load if there is one.
 * @returns undefined while it is being read.
 */
export function useIslandBuyer(
  microgrid: Microgrid,
  buyer: Address | undefined,
  slots: SlotRange,
): IslandBuyer | undefined {
  const { indexerUrl } = useNetwork();
  const islanded = useMemo(
    () => slotsIn(slots).filter((slot) => isIslandedIn(microgrid, slot)),
    [microgrid, slots],
  );
  const [firstSlot = 0] = islanded;
  const lastSlot = islanded.at(-1) ?? 0;
  const asked = islanded.length > 0 ? buyer : undefined;
  const { microgrid: number } = microgrid;
  const loads = useIndexed<readonly Load[]>(
    ["loads", number, asked],
    async (_, signal) => {
      if (asked === undefined) return NONE;
      const { connectIndexer } = await import("@wattline/indexer/client");
      const rows = await connectIndexer(indexerUrl ?? "").meters({
        microgrid: number,
        owner: asked,
        signal,
      });
      return rows
        .filter(({ active }) => active)
        .map(({ address, critical }) => ({ meter: address, critical }));
    },
    (context) => (asked === undefined ? Promise.resolve(NONE) : readLoads(context, number, asked)),
  );
  const load = loads.data?.find(({ critical }) => critical) ?? loads.data?.[0];
  const isRationed = load !== undefined && !load.critical;
  const rationed = useChainQuery(
    ["rationed", load?.meter, firstSlot, lastSlot],
    (context) => {
      if (load === undefined) throw new Error("There is no meter to read the ration of.");
      return readRationed(context, load.meter, { firstSlot, lastSlot });
    },
    { enabled: isRationed },
  );
  const boughtWh = isRationed ? rationed.data : NOTHING;
  return useMemo(() => {
    if (islanded.length === 0) return NO_ISLAND;
    const rationIn = (slot: number) =>
      isIslandedIn(microgrid, slot) ? rationWhIn(microgrid, slot) : undefined;
    // Whoever looks on without a wallet sees what a home could buy.
    if (buyer === undefined) return { meter: undefined, rationLeftWh: rationIn };
    if (loads.data === undefined || boughtWh === undefined) return undefined;
    if (load?.critical) return { meter: load.meter, rationLeftWh: () => undefined };
    return {
      meter: load?.meter,
      rationLeftWh(slot) {
        if (load === undefined) return isIslandedIn(microgrid, slot) ? 0n : undefined;
        const rationWh = rationIn(slot);
        const leftWh = rationWh && rationWh - (boughtWh.get(slot) ?? 0n);
        return leftWh !== undefined && leftWh < 0n ? 0n : leftWh;
      },
    };
  }, [islanded, microgrid, buyer, loads.data, load, boughtWh]);
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
    [...new Set(registered.map(({ args }) => args.meter))].map(async (meter) => ({
      meter,
      ...(await readContract(client, { ...meters, functionName: "meterOf", args: [meter] })),
    })),
  );
  return known.filter(
    (one) => one.active && one.microgrid === microgrid && isAddressEqual(one.owner, owner),
  );
}
