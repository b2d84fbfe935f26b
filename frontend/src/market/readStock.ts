import {
  blockOf,
  ceilDiv,
  crossingOf,
  type EnergyBySlot,
  LANES,
  laneOf,
  type Microgrid,
  type SlotRange,
  SOURCES,
  slotsIn,
  sourceIndex,
  type TieLine,
  unpackProfile,
} from "@wattline/sdk";
import { type Address, isAddressEqual, zeroAddress } from "viem";
import { readContract } from "viem/actions";
import { type ChainContext, readMany } from "../chain/index.ts";
import type { Backing, Holding } from "./backing.ts";
import { holdingKey, type Inflow, type Stock } from "./supply.ts";

const SECONDS_PER_HOUR = 3_600n;

interface Blocks {
  readonly firstBlock: number;
  readonly count: number;
}

const blocksOf = ({ firstSlot, lastSlot }: SlotRange): Blocks => {
  const firstBlock = blockOf(firstSlot);
  return { firstBlock, count: blockOf(lastSlot) - firstBlock + 1 };
};

const eachOf = ({ firstBlock, count }: Blocks): number[] =>
  Array.from({ length: count }, (_, index) => firstBlock + index);

/** Reads by slot what sellers hold and what their meters can still promise. */
export async function readStock(
  { client, contracts: { energy, meters } }: ChainContext,
  backing: Backing,
  slots: SlotRange,
  slotSeconds: number,
): Promise<Stock> {
  const blocks = blocksOf(slots);
  const [held, promisable] = await Promise.all([
    Promise.all(backing.holdings.map(readHolding)),
    Promise.all(backing.meters.map(readMeter)),
  ]);
  return {
    held: new Map(held),
    promisable: new Map(promisable.filter((one) => one !== undefined)),
  };

  async function readHolding(holding: Holding): Promise<[string, EnergyBySlot]> {
    const { holder, microgrid, source } = holding;
    const { firstBlock, count } = blocks;
    const words = await readContract(client, {
      ...energy,
      functionName: "profileOf",
      args: [holder, microgrid, sourceIndex(source), firstBlock, BigInt(count)],
    });
    return [holdingKey(holder, microgrid, source), unpackProfile({ firstBlock, words })];
  }

  async function readMeter(meter: Address) {
    const [record, deliveries] = await Promise.all([
      readContract(client, { ...meters, functionName: "meterOf", args: [meter] }),
      readMany(
        client,
        meters,
        "deliveryOf",
        eachOf(blocks).map((block) => [meter, block] as const),
      ),
    ]);
    const source = SOURCES[record.source];
    const isLeaving = !isAddressEqual(record.pendingOwner, zeroAddress) || record.movingTo !== 0;
    if (!record.active || isLeaving || source === undefined) return undefined;
    const most = ceilDiv(BigInt(record.capacityW) * BigInt(slotSeconds), SECONDS_PER_HOUR);
    const promisedWh = new Map(
      slotsIn(slots).map((slot) => {
        const [committed = 0n] = deliveries[blockOf(slot) - blocks.firstBlock] ?? [];
        return [slot, laneOf(committed, slot % LANES)];
      }),
    );
    const energyWh = new Map(
      [...promisedWh].map(([slot, promised]) => [slot, atLeastZero(most - promised)]),
    );
    const { owner, microgrid } = record;
    return [meter.toLowerCase(), { source, owner, microgrid, energyWh, promisedWh }] as const;
  }
}

/** Reads the tie lines over which energy can come into `here`. */
export async function readInflows(
  { client, contracts: { marketplace } }: ChainContext,
  { microgrid: here }: Microgrid,
  tieLines: readonly TieLine[],
  slots: SlotRange,
  nowSeconds: number,
): Promise<Inflow[]> {
  const blocks = blocksOf(slots);
  const ends = tieLines.flatMap((line) => {
    const { lower, higher } = line;
    if (lower !== here && higher !== here) return [];
    const from = lower === here ? higher : lower;
    const crossing = crossingOf(line, from, nowSeconds);
    return crossing.capacityWh === 0n ? [] : [{ ...crossing, from }];
  });
  return Promise.all(
    ends.map(async (end) => {
      const flows = await readMany(
        client,
        marketplace,
        "flowOf",
        eachOf(blocks).map((block) => [end.from, here, block] as const),
      );
      return { ...end, flowWh: lanesIn(flows, blocks, slots) };
    }),
  );
}

/** Reads what a meter has bought of its rations, Wh per slot. */
export async function readRationed(
  { client, contracts: { marketplace } }: ChainContext,
  meter: Address,
  slots: SlotRange,
): Promise<EnergyBySlot> {
  const blocks = blocksOf(slots);
  const bought = await readMany(
    client,
    marketplace,
    "rationedOf",
    eachOf(blocks).map((block) => [meter, block] as const),
  );
  return lanesIn(bought, blocks, slots);
}

/** Words of some blocks, slot by slot. */
const lanesIn = (
  words: readonly bigint[],
  { firstBlock }: Blocks,
  slots: SlotRange,
): Map<number, bigint> =>
  new Map(
    slotsIn(slots).map((slot) => [
      slot,
      laneOf(words[blockOf(slot) - firstBlock] ?? 0n, slot % LANES),
    ]),
  );

const atLeastZero = (wh: bigint): bigint => (wh < 0n ? 0n : wh);
