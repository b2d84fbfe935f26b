import { connectIndexer, type MeterRow } from "@wattline/indexer/client";
import { metersAbi, type Source, sourceAt, sumWh } from "@wattline/sdk";
import type { Address } from "viem";
import { readContract } from "viem/actions";
import { type ChainContext, readEvents, useNetwork } from "../chain/index.ts";
import { useIndexed } from "./useIndexed.ts";

/** A meter of a community. */
export interface Member {
  readonly microgrid: number;
  readonly meter: Address;
  readonly owner: Address;
  readonly source: Source;
  /** The most it can export; 0 for a consumer. */
  readonly capacityW: number;
  readonly critical: boolean;
  readonly active: boolean;
  /** Everything that it has reported so far. */
  readonly reportedWh: bigint;
}

/** The meters of a microgrid, from the indexer or from the chain. */
export function useMembers(microgrid: number) {
  const { indexerUrl = "" } = useNetwork();
  return useIndexed<readonly Member[]>(
    ["members", microgrid],
    async (_, signal) =>
      (await connectIndexer(indexerUrl).meters({ microgrid, signal })).map(memberOf),
    (context) => readMembers(context, microgrid),
  );
}

/** The meters of all microgrids. */
export function useAllMembers(microgrids: readonly number[]) {
  const { indexerUrl = "" } = useNetwork();
  return useIndexed<readonly Member[]>(
    ["all members", microgrids],
    async (_, signal) => (await connectIndexer(indexerUrl).meters({ signal })).map(memberOf),
    async (context) =>
      (await Promise.all(microgrids.map((one) => readMembers(context, one)))).flat(),
  );
}

const memberOf = (row: MeterRow): Member => ({
  microgrid: row.microgrid,
  meter: row.address,
  owner: row.owner,
  source: row.source,
  capacityW: Number(row.capacityW),
  critical: row.critical,
  active: row.active,
  reportedWh: row.reportedWh,
});

async function readMembers(
  { client, contracts: { meters }, network, signal }: ChainContext,
  microgrid: number,
): Promise<readonly Member[]> {
  const at = {
    address: meters.address,
    abi: metersAbi,
    fromBlock: BigInt(network.deployment.fromBlock),
    signal,
  } as const;
  const [registered, reported] = await Promise.all([
    readEvents(client, { ...at, eventName: "MeterRegistered", args: { microgrid } }),
    readEvents(client, { ...at, eventName: "Reported" }),
  ]);
  const reportedWh = new Map<Address, bigint>();
  for (const { args } of reported) {
    reportedWh.set(args.meter, (reportedWh.get(args.meter) ?? 0n) + sumWh(args.exported));
  }
  // A meter that moves is registered again elsewhere.
  const known = [...new Set(registered.map(({ args: { meter } }) => meter))];
  const members = await Promise.all(
    known.map(async (meter): Promise<Member | undefined> => {
      const { owner, source, capacityW, critical, active, ...of } = await readContract(client, {
        ...meters,
        functionName: "meterOf",
        args: [meter],
      });
      if (of.microgrid !== microgrid) return undefined;
      return {
        microgrid,
        meter,
        owner,
        source: sourceAt(source),
        capacityW,
        critical,
        active,
        reportedWh: reportedWh.get(meter) ?? 0n,
      };
    }),
  );
  return members.filter((member) => member !== undefined);
}
