import { metersAbi, SOURCES, type Source } from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import { readContract } from "viem/actions";
import { type ChainContext, readEvents, useChainQuery } from "../chain/index.ts";

/** A meter in service, and whose it is. */
export interface HomeMeter {
  readonly meter: Address;
  readonly owner: Address;
  readonly source: Source;
  readonly capacityW: number;
  /** Whether it feeds a critical load. */
  readonly critical: boolean;
}

/** Every meter of a microgrid that is in service. */
export const useHomes = (microgrid: number) =>
  useChainQuery(["orders", "homes", microgrid], (context) => readHomes(context, microgrid));

async function readHomes(
  { client, contracts: { meters }, network, signal }: ChainContext,
  microgrid: number,
): Promise<HomeMeter[]> {
  const registered = await readEvents(client, {
    address: meters.address,
    abi: metersAbi,
    eventName: "MeterRegistered",
    args: { microgrid },
    fromBlock: BigInt(network.deployment.fromBlock),
    signal,
  });
  const homes = await Promise.all(
    // One that has moved away and back was registered twice.
    [...new Set(registered.map(({ args }) => args.meter))].map(async (meter) => {
      const found = await readContract(client, {
        ...meters,
        functionName: "meterOf",
        args: [meter],
      });
      const source = SOURCES[found.source];
      if (!found.active || found.microgrid !== microgrid || source === undefined) return undefined;
      const { owner, capacityW, critical } = found;
      return { meter, owner, source, capacityW, critical };
    }),
  );
  return homes.filter((home) => home !== undefined);
}

/** The meters of one household. */
export const metersOf = (homes: readonly HomeMeter[], owner: Address): HomeMeter[] =>
  homes.filter((home) => isAddressEqual(home.owner, owner));
