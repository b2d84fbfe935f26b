import { blockOf, LANES } from "@wattline/sdk";
import type { CommunitySeries } from "../profiles/series.ts";

/** The slots of an outage: from `firstSlot` to before `endSlot`. */
export interface Outage {
  readonly firstSlot: number;
  readonly endSlot: number;
}

/** The microgrid that is islanded in an outage. */
export const ISLAND = 1;

export const isDuring = ({ firstSlot, endSlot }: Outage, slot: number): boolean =>
  slot >= firstSlot && slot < endSlot;

/** What is played at once: a block of eight slots, or the part of it before or after an outage's start or end. */
export interface Round {
  readonly slots: readonly number[];
  /** The block's index in the run. */
  readonly block: number;
  /** The day's index in the run. */
  readonly day: number;
  /** Whether no later round has slots of the same block. */
  readonly endsBlock: boolean;
  /** Whether it is in the outage. */
  readonly islanded: boolean;
}

/** The rounds of a run, in order. */
export function roundsOf(
  { firstSlot, slots, slotSeconds }: CommunitySeries,
  outage: Outage | undefined,
): Round[] {
  const blocksPerDay = 86_400 / (LANES * slotSeconds);
  const firstBlock = blockOf(firstSlot);
  const rounds: { slots: number[]; block: number; islanded: boolean }[] = [];
  for (let slot = firstSlot; slot < firstSlot + slots; slot++) {
    const block = blockOf(slot) - firstBlock;
    const islanded = outage !== undefined && isDuring(outage, slot);
    const last = rounds.at(-1);
    if (last?.block === block && last.islanded === islanded) last.slots.push(slot);
    else rounds.push({ slots: [slot], block, islanded });
  }
  return rounds.map((round, index) => ({
    ...round,
    day: Math.floor(round.block / blocksPerDay),
    endsBlock: rounds[index + 1]?.block !== round.block,
  }));
}
