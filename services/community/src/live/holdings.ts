import type { SlotRange } from "@wattline/sdk";
import { blockOf, type EnergyBySlot, type Source, sourceIndex, unpackProfile } from "@wattline/sdk";
import type { Address } from "viem";
import type { Deployment } from "../simulation/deployment.ts";

/** A holder's energy in a range of slots, Wh per slot that has any. */
export async function holdingsOf(
  { energy }: Deployment,
  holder: Address,
  microgrid: number,
  source: Source,
  { firstSlot, lastSlot }: SlotRange,
): Promise<Map<number, bigint>> {
  const firstBlock = blockOf(firstSlot);
  const blocks = blockOf(lastSlot) - firstBlock + 1;
  const words = await energy.profileOf(holder, microgrid, sourceIndex(source), firstBlock, blocks);
  const held = unpackProfile({ firstBlock, words: [...words] });
  for (const slot of held.keys()) if (slot < firstSlot || slot > lastSlot) held.delete(slot);
  return held;
}

/** The sum of Wh over slots. */
export const sumBySlot = (energyWh: EnergyBySlot): bigint =>
  [...energyWh.values()].reduce((sum, wh) => sum + wh, 0n);
