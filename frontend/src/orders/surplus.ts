import {
  blockOf,
  type EnergyBySlot,
  localDayOf,
  type Order,
  SIDES,
  type SlotRange,
  SOURCES,
  type Source,
  slotAt,
  slotStart,
  slotsIn,
  unpackProfile,
} from "@wattline/sdk";
import type { Address } from "viem";
import { readContract } from "viem/actions";
import type { ChainContext } from "../chain/index.ts";

/** How far back energy is looked for that could be sold, in s. */
const LOOK_BACK_SECONDS = 3 * 86_400;

/** What a household could sell: energy of one source in one run of slots. */
export interface Surplus extends SlotRange {
  readonly source: Source;
  readonly energyWh: bigint;
}

/** Wh per slot that a holder has of each source, over the last days. */
export async function readHoldings(
  { client, contracts }: ChainContext,
  holder: Address,
  microgrid: number,
  now: number,
  slotSeconds: number,
): Promise<ReadonlyMap<Source, EnergyBySlot>> {
  const firstBlock = blockOf(slotAt(now - LOOK_BACK_SECONDS, slotSeconds));
  const blocks = BigInt(blockOf(slotAt(now, slotSeconds)) - firstBlock + 1);
  const held = await Promise.all(
    SOURCES.map(async (source, index) => {
      const words = await readContract(client, {
        ...contracts.energy,
        functionName: "profileOf",
        args: [holder, microgrid, index, firstBlock, blocks],
      });
      return [source, unpackProfile({ firstBlock, words })] as const;
    }),
  );
  return new Map(held);
}

/** An open order, and what is left of it. */
interface Open {
  readonly order: Order;
  readonly remainingWh: bigint;
}

/**
 * The newest local day's run of slots with energy that no open offer of its holder has promised yet.
 * @returns undefined when everything is sold or offered.
 */
export function unsoldOf(
  holdings: ReadonlyMap<Source, EnergyBySlot>,
  open: readonly Open[],
  slotSeconds: number,
  timeZone: string,
): Surplus | undefined {
  let newest: Surplus | undefined;
  for (const [source, energyWh] of holdings) {
    const free = withoutOffered(energyWh, source, open);
    const slots = [...free.keys()].sort((a, b) => a - b);
    const lastSlot = slots.at(-1);
    if (lastSlot === undefined || lastSlot <= (newest?.lastSlot ?? -1)) continue;
    const dayOf = (slot: number) => localDayOf(slotStart(slot, slotSeconds), timeZone);
    const day = dayOf(lastSlot);
    const ofDay = slots.filter((slot) => dayOf(slot) === day);
    newest = {
      source,
      firstSlot: ofDay[0] ?? lastSlot,
      lastSlot,
      energyWh: ofDay.reduce((sum, slot) => sum + (free.get(slot) ?? 0n), 0n),
    };
  }
  return newest;
}

/** What is left of a holding when each open offer takes what it may, its earliest slots first. */
function withoutOffered(
  energyWh: EnergyBySlot,
  source: Source,
  open: readonly Open[],
): Map<number, bigint> {
  const free = new Map(energyWh);
  for (const { order, remainingWh } of open) {
    const offers = SIDES[order.side] === "offer" && !order.forward;
    if (!offers || ((order.sources >> SOURCES.indexOf(source)) & 1) === 0) continue;
    let left = remainingWh;
    for (const slot of slotsIn(order)) {
      const held = free.get(slot) ?? 0n;
      const taken = held < left ? held : left;
      left -= taken;
      if (held === taken) free.delete(slot);
      else free.set(slot, held - taken);
      if (left === 0n) break;
    }
  }
  return free;
}
