import { blockOf, LANES } from "@wattline/sdk";
import type { CommunitySeries } from "../profiles/series.ts";

/** Slots of an outage: from `firstSlot` to before `endSlot`. */
export interface Outage {
  readonly firstSlot: number;
  readonly endSlot: number;
}

/** The microgrid that an outage islands. */
export const ISLAND = 1;

export const isDuring = ({ firstSlot, endSlot }: Outage, slot: number): boolean =>
  slot >= firstSlot && slot < endSlot;

/** What is played at once: a block of eight slots, or its part on one side of an outage's edge. */
export interface Round {
  readonly slots: readonly number[];
  /** Counts blocks from the first one of the run. */
  readonly block: number;
  /** Counts days from the first one of the run. */
  readonly day: number;
  /** Whether no later round has slots of the same block. */
  readonly endsBlock: boolean;
  /** Whether the outage lasts. */
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
