import {
  blockOf,
  type EnergyBySlot,
  LANE_MAX_WH,
  LANES,
  laneOf,
  type SlotRange,
  SOURCES,
  slotsIn,
  sourceIndex,
  unpackProfile,
  type Way,
} from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import { readContract } from "viem/actions";
import { type ChainContext, type Microgrid, modeOf, readMany } from "../chain/index.ts";
import { holdingKey, type Stock } from "./asks.ts";
import type { Backing, Holding } from "./backing.ts";

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
    if (!record.active || source === undefined) return undefined;
    const most = (BigInt(record.capacityW) * BigInt(slotSeconds)) / SECONDS_PER_HOUR;
    const free = slotsIn(slots).map((slot): [number, bigint] => {
      const [committed = 0n] = deliveries[blockOf(slot) - blocks.firstBlock] ?? [];
      return [slot, atLeastZero(most - laneOf(committed, slot % LANES))];
    });
    return [meter.toLowerCase(), { source, owner: record.owner, energyWh: new Map(free) }] as const;
  }
}

/** A way into a microgrid over a tie line, with its headroom by slot. */
export interface TieLineWay extends Way {
  readonly from: number;
  readonly freeWh: EnergyBySlot;
}

/** Reads the tie lines over which energy can come into `here` now; only those between connected microgrids. */
export async function readTieLines(
  { client, contracts: { meters, marketplace } }: ChainContext,
  here: Microgrid,
  microgrids: readonly Microgrid[],
  slots: SlotRange,
): Promise<TieLineWay[]> {
  if (modeOf(here) !== "Connected") return [];
  const others = microgrids.filter(
    (other) =>
      other.id !== here.id &&
      modeOf(other) === "Connected" &&
      other.charter.slotSeconds === here.charter.slotSeconds &&
      isAddressEqual(other.charter.currency, here.charter.currency),
  );
  const lines = await Promise.all(others.map(({ id }) => readTieLine(id)));
  return lines.filter((line) => line !== undefined);

  async function readTieLine(from: number): Promise<TieLineWay | undefined> {
    const crossing = await readContract(client, {
      ...meters,
      functionName: "crossingOf",
      args: [from, here.id],
    }).catch(noTieLine);
    if (crossing === undefined || crossing.capacity === 0) return undefined;
    const blocks = blocksOf(slots);
    const flows = await readMany(
      client,
      marketplace,
      "flowOf",
      eachOf(blocks).map((block) => [from, here.id, block] as const),
    );
    const free = slotsIn(slots).map((slot): [number, bigint] => {
      const flow = laneOf(flows[blockOf(slot) - blocks.firstBlock] ?? 0n, slot % LANES);
      return [slot, atLeastZero(BigInt(crossing.capacity) - flow)];
    });
    return {
      from,
      chargePerKwh: crossing.wheeling,
      lossBps: BigInt(crossing.lossBps),
      freeWh: new Map(free),
    };
  }
}

/** What an ordinary meter in an islanded microgrid may still buy, Wh per slot. */
export async function readRation(
  { client, contracts: { marketplace } }: ChainContext,
  meter: Address,
  rationWh: number,
  slots: SlotRange,
): Promise<EnergyBySlot> {
  const blocks = blocksOf(slots);
  const bought = await readMany(
    client,
    marketplace,
    "rationedOf",
    eachOf(blocks).map((block) => [meter, block] as const),
  );
  const most = BigInt(rationWh) > LANE_MAX_WH ? LANE_MAX_WH : BigInt(rationWh);
  return new Map(
    slotsIn(slots).map((slot) => {
      const word = bought[blockOf(slot) - blocks.firstBlock] ?? 0n;
      return [slot, atLeastZero(most - laneOf(word, slot % LANES))];
    }),
  );
}

/** `crossingOf` reverts where there is no tie line; any other error is thrown. */
function noTieLine(error: unknown): undefined {
  if (error instanceof Error && error.message.includes("Microgrids_NoTieLine")) return undefined;
  throw error;
}

const atLeastZero = (wh: bigint): bigint => (wh < 0n ? 0n : wh);
