import type { MeterRow, ReadingRow } from "@wattline/indexer/client";
import { coveredRange, sourceAt, sumWh } from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import { readContract } from "viem/actions";
import { blockTimes, type ChainContext, readEvents } from "../../chain/index.ts";
import { useHistory } from "./useHistory.ts";

/** A meter of the household. */
export type MyMeter = Pick<
  MeterRow,
  | "address"
  | "microgrid"
  | "source"
  | "capacityW"
  | "critical"
  | "active"
  | "reportedWh"
  | "readings"
  | "lastSlot"
  | "lastReadingAt"
>;

/** A reading on chain. */
export type PastReading = Pick<
  ReadingRow,
  "id" | "meter" | "microgrid" | "firstSlot" | "lastSlot" | "exportedWh" | "time" | "txHash"
>;

/** How many readings are shown. */
const NEWEST = 50;

/** The meters that a holder owns, retired ones included. */
export const useMyMeters = (holder: Address) =>
  useHistory<readonly MyMeter[]>(
    ["my meters", holder],
    (indexer, signal) => indexer.meters({ owner: holder, signal }),
    async (context) => {
      const found = await metersFromChain(context, holder);
      const readings = await readingsOf(context, found);
      return found.map((meter) => {
        const own = readings.filter((one) => isAddressEqual(one.meter, meter.address));
        return {
          ...meter,
          reportedWh: own.reduce((sum, { exportedWh }) => sum + exportedWh, 0n),
          readings: own.length,
          lastSlot: own.reduce<number | null>(
            (last, one) => Math.max(last ?? 0, one.lastSlot),
            null,
          ),
          lastReadingAt: own.at(-1)?.time ?? null,
        };
      });
    },
  );

/** The newest readings of a holder's meters, newest first. */
export const useReadings = (holder: Address) =>
  useHistory<readonly PastReading[]>(
    ["readings", holder],
    async (indexer, signal) =>
      newestFirst((await indexer.readingsOf({ owner: holder, limit: NEWEST, signal })).items),
    async (context) => {
      const readings = await readingsOf(context, await metersFromChain(context, holder));
      return newestFirst(readings).slice(0, NEWEST);
    },
  );

const newestFirst = (readings: readonly PastReading[]): PastReading[] =>
  readings.toSorted((a, b) => b.firstSlot - a.firstSlot);

type ChainMeter = Omit<MyMeter, "reportedWh" | "readings" | "lastSlot" | "lastReadingAt">;

async function metersFromChain(context: ChainContext, holder: Address): Promise<ChainMeter[]> {
  const { client, contracts, network, signal } = context;
  const since = { fromBlock: BigInt(network.deployment.fromBlock), signal };
  const [registered, handedOver] = await Promise.all([
    readEvents(client, {
      ...contracts.meters,
      eventName: "MeterRegistered",
      args: { owner: holder },
      ...since,
    }),
    readEvents(client, {
      ...contracts.meters,
      eventName: "MeterHandedOver",
      args: { to: holder },
      ...since,
    }),
  ]);
  const ever = new Set([...registered, ...handedOver].map(({ args }) => args.meter));
  const now = await Promise.all(
    [...ever].map(async (address) => ({
      address,
      ...(await readContract(client, {
        ...contracts.meters,
        functionName: "meterOf",
        args: [address],
      })),
    })),
  );
  return now
    .filter(({ owner }) => isAddressEqual(owner, holder))
    .map(({ address, microgrid, source, capacityW, critical, active }) => ({
      address,
      microgrid,
      source: sourceAt(source),
      capacityW: BigInt(capacityW),
      critical,
      active,
    }));
}

async function readingsOf(
  { client, contracts, network, signal }: ChainContext,
  meters: readonly ChainMeter[],
): Promise<PastReading[]> {
  if (meters.length === 0) return [];
  const timeOf = blockTimes(client);
  const events = await readEvents(client, {
    ...contracts.meters,
    eventName: "Reported",
    args: { meter: meters.map(({ address }) => address) },
    fromBlock: BigInt(network.deployment.fromBlock),
    signal,
  });
  return Promise.all(
    events.map(async ({ args, transactionHash, logIndex, blockNumber }) => ({
      id: `${transactionHash}-${logIndex}`,
      meter: args.meter,
      microgrid: meters.find(({ address }) => isAddressEqual(address, args.meter))?.microgrid ?? 0,
      ...coveredRange({ firstBlock: args.firstBlock, words: args.exported }),
      exportedWh: sumWh(args.exported),
      time: await timeOf(blockNumber),
      txHash: transactionHash,
    })),
  );
}
