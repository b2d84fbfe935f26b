import {
  type EnergyBySlot,
  type Profile,
  packProfile,
  type SlotRange,
  type Source,
  unpackProfile,
} from "@wattline/sdk";
import type { Holding } from "../history/holdings.ts";

/** Energy held of a source in a microgrid, by slot in ascending order. Wh. */
export function heldBySlot(
  holdings: readonly Holding[],
  microgrid: number,
  source: Source,
): Map<number, bigint> {
  const own = holdings
    .filter((one) => one.microgrid === microgrid && one.source === source)
    .toSorted((a, b) => a.block - b.block);
  return new Map(
    own.flatMap(({ block, word }) => [...unpackProfile({ firstBlock: block, words: [word] })]),
  );
}

/** The energy held in a run of slots. Wh. */
export function heldWithin(heldWh: EnergyBySlot, { firstSlot, lastSlot }: SlotRange): bigint {
  let sum = 0n;
  for (const [slot, wh] of heldWh) if (slot >= firstSlot && slot <= lastSlot) sum += wh;
  return sum;
}

/**
 * Takes energy out of a run of slots, the earliest first.
 * @returns undefined when the slots hold less, or the amount is zero.
 */
export function takeFrom(
  heldWh: EnergyBySlot,
  { firstSlot, lastSlot }: SlotRange,
  energyWh: bigint,
): Profile | undefined {
  const taken = new Map<number, bigint>();
  let left = energyWh;
  for (const [slot, wh] of heldWh) {
    if (slot < firstSlot || slot > lastSlot || left === 0n) continue;
    const part = wh < left ? wh : left;
    taken.set(slot, part);
    left -= part;
  }
  return left > 0n || taken.size === 0 ? undefined : packProfile(taken);
}
