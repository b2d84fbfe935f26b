import { connectIndexer } from "@wattline/indexer/client";
import {
  coveredSlots,
  energyTokenAbi,
  localDayOf,
  type Microgrid,
  metersAbi,
  parseEnergyId,
  type SlotRange,
  slotsIn,
  slotsOfDay,
  sourceIndex,
} from "@wattline/sdk";
import { zeroAddress } from "viem";
import { localZone } from "../../browser/index.ts";
import { type ChainContext, readEvents, useChainTime, useNetwork } from "../../chain/index.ts";
import { useIndexed } from "../../data/index.ts";

/** Energy of a microgrid in one slot. */
export interface DaySlot {
  readonly slot: number;
  /** Reported by its meters; undefined until one has. Energy from the grid is not counted. */
  readonly producedWh: bigint | undefined;
  /** How many of its meters have reported it. */
  readonly readings: number;
  /** Bought here, as it arrived. */
  readonly tradedWh: bigint;
}

/** The local day of the chain's time, by slot. */
export function useDay(microgrid: Microgrid) {
  const time = useChainTime();
  const { indexerUrl = "" } = useNetwork();
  const { slotSeconds } = microgrid;
  const zone = localZone();
  const day = time === undefined ? undefined : localDayOf(time, zone);
  const range = day === undefined ? undefined : slotsOfDay(day, zone, slotSeconds);
  const indexed = useIndexed<readonly DaySlot[] | null>(
    ["day", microgrid.microgrid, day],
    async (_, signal) => {
      if (range === undefined) return null;
      const { firstSlot, lastSlot } = range;
      const indexer = connectIndexer(indexerUrl);
      const [production, prices] = await Promise.all([
        indexer.production(microgrid.microgrid, firstSlot, lastSlot, { signal }),
        indexer.slotPrices(microgrid.microgrid, firstSlot, lastSlot, { signal }),
      ]);
      return slotsOf(
        range,
        production
          .filter(({ source }) => source !== "Grid")
          .map(({ slot, reportedWh, readings }) => [slot, reportedWh, readings]),
        prices.map(({ slot, energyWh }) => [slot, energyWh]),
      );
    },
    (context) => (range === undefined ? Promise.resolve(null) : readDay(context, microgrid, range)),
  );
  return { ...indexed, range };
}

type Amounts = readonly (readonly [slot: number, wh: bigint])[];
type Reported = readonly (readonly [slot: number, wh: bigint, readings: number])[];

function slotsOf(range: SlotRange, produced: Reported, traded: Amounts): readonly DaySlot[] {
  const [producedWh, tradedWh] = [
    sumBySlot(produced.map(([slot, wh]) => [slot, wh])),
    sumBySlot(traded),
  ];
  const readings = sumBySlot(produced.map(([slot, , count]) => [slot, BigInt(count)]));
  return slotsIn(range).map((slot) => ({
    slot,
    producedWh: producedWh.get(slot),
    readings: Number(readings.get(slot) ?? 0n),
    tradedWh: tradedWh.get(slot) ?? 0n,
  }));
}

function sumBySlot(amounts: Amounts): ReadonlyMap<number, bigint> {
  const sums = new Map<number, bigint>();
  for (const [slot, wh] of amounts) sums.set(slot, (sums.get(slot) ?? 0n) + wh);
  return sums;
}

/** Reads the day from the chain's logs: readings of its meters, and transfers of the marketplace to buyers. */
async function readDay(
  { client, contracts: { meters, energy, marketplace }, network, signal }: ChainContext,
  { microgrid }: Microgrid,
  range: SlotRange,
): Promise<readonly DaySlot[]> {
  const since = { fromBlock: BigInt(network.deployment.fromBlock), signal } as const;
  const ofMeters = { ...since, address: meters.address, abi: metersAbi };
  const ofEnergy = {
    ...since,
    address: energy.address,
    abi: energyTokenAbi,
    args: { operator: marketplace.address },
  };
  const [registered, reported, singles, batches] = await Promise.all([
    readEvents(client, { ...ofMeters, eventName: "MeterRegistered", args: { microgrid } }),
    readEvents(client, { ...ofMeters, eventName: "Reported" }),
    readEvents(client, { ...ofEnergy, eventName: "TransferSingle" }),
    readEvents(client, { ...ofEnergy, eventName: "TransferBatch" }),
  ]);
  const isIn = (slot: number) => range.firstSlot <= slot && slot <= range.lastSlot;
  const makers = registered.filter(({ args }) => args.source !== sourceIndex("Grid"));
  const mine = new Set(makers.map(({ args }) => args.meter));
  const produced: [number, bigint, number][] = [];
  for (const { args } of reported) {
    if (!mine.has(args.meter)) continue;
    const covered = coveredSlots({ firstBlock: args.firstBlock, words: args.exported });
    for (const [slot, wh] of covered) if (isIn(slot)) produced.push([slot, wh, 1]);
  }
  const moves = [
    ...singles.map(({ args: { to, id, value } }) => ({ to, ids: [id], values: [value] })),
    ...batches.map(({ args: { to, ids, values } }) => ({ to, ids, values })),
  ];
  const traded: [number, bigint][] = [];
  for (const { to, ids, values } of moves) {
    if (to === zeroAddress) continue;
    for (const [index, id] of ids.entries()) {
      const { microgrid: place, slot } = parseEnergyId(id);
      if (place === microgrid && isIn(slot)) traded.push([slot, values[index] ?? 0n]);
    }
  }
  return slotsOf(range, produced, traded);
}
