import { blockOf, type EnergyBySlot, type Profile, packProfile } from "@wattline/sdk";

/** Blocks that one call may span, so that it stays far from a transaction's limit of gas. */
const MOST_BLOCKS = 128;

/**
 * Packs energy into as few calls as there may be: a run of blocks is cut where it grows long, and where a day or more has
 * nothing to be retired.
 */
export function profilesOf(energyWh: EnergyBySlot): Profile[] {
  const runs: Map<number, bigint>[] = [];
  let [first, last] = [0, Number.NEGATIVE_INFINITY];
  for (const [slot, wh] of [...energyWh].toSorted(([a], [b]) => a - b)) {
    const block = blockOf(slot);
    if (block - last > GAP_BLOCKS || block - first >= MOST_BLOCKS) {
      runs.push(new Map());
      first = block;
    }
    runs.at(-1)?.set(slot, wh);
    last = block;
  }
  return runs.map((run) => packProfile(run));
}

/** An empty word costs less than a transaction of its own. */
const GAP_BLOCKS = 48;

/** What can still be retired of what should be: no more than is held. */
export const within = (energyWh: EnergyBySlot, heldWh: EnergyBySlot): Map<number, bigint> =>
  new Map(
    [...energyWh].flatMap(([slot, wh]) => {
      const held = heldWh.get(slot) ?? 0n;
      const least = wh < held ? wh : held;
      return least === 0n ? [] : [[slot, least] as const];
    }),
  );
