/**
 * Energy by slot: Wh in each of the eight delivery slots of one block, packed into one word exactly as in the
 * contracts. Lane `i` of block `b` is the slot `8 * b + i`.
 */

/** Slots in a block. */
export const LANES = 8;
/** The maximum of one lane, in Wh. */
export const LANE_MAX_WH = (1n << 31n) - 1n;

const LANE_BITS = 32n;
const GUARD_BIT = 1n << 31n;

/** A run of blocks as the contracts expect it: one word of eight lanes per block. */
export interface Profile {
  readonly firstBlock: number;
  readonly words: readonly bigint[];
}

/** Wh per delivery slot; a missing slot has none. */
export type EnergyBySlot = ReadonlyMap<number, bigint>;

/** The block that holds `slot`. */
export const blockOf = (slot: number): number => Math.floor(slot / LANES);

/** The Wh in lane `index` (0 to 7) of a word. */
export const laneOf = (word: bigint, index: number): bigint =>
  (word >> (LANE_BITS * BigInt(index))) & LANE_MAX_WH;

/** The Wh in all lanes of all words. */
export function sumWh(words: readonly bigint[]): bigint {
  let total = 0n;
  for (const word of words) for (let i = 0; i < LANES; i++) total += laneOf(word, i);
  return total;
}

/**
 * Packs energy per slot into words.
 * @throws RangeError when a slot's energy does not fit into a lane, or there is no slot.
 */
export function packProfile(energyWh: EnergyBySlot): Profile {
  return pack(energyWh, 0n);
}

/**
 * Packs a meter reading: as {@link packProfile}, with the guard bit of every covered lane, so that an export of 0 can
 * be reported too.
 */
export function packReading(exportedWh: EnergyBySlot): Profile {
  return pack(exportedWh, GUARD_BIT);
}

/** A profile's slots with their energy, in order; lanes without energy are left out. */
export function unpackProfile(profile: Profile): Map<number, bigint> {
  const energyWh = new Map<number, bigint>();
  for (const [offset, word] of profile.words.entries()) {
    for (let i = 0; i < LANES; i++) {
      const wh = laneOf(word, i);
      if (wh !== 0n) energyWh.set((profile.firstBlock + offset) * LANES + i, wh);
    }
  }
  return energyWh;
}

/** Whether the guard bit of lane `index` (0 to 7) is set: a reading covers the lane, or it is marked otherwise. */
export const isMarked = (word: bigint, index: number): boolean =>
  ((word >> (LANE_BITS * BigInt(index))) & GUARD_BIT) !== 0n;

/** The slots that a reading covers and their export, in order; slots without export included. */
export function coveredSlots({ firstBlock, words }: Profile): Map<number, bigint> {
  const exportedWh = new Map<number, bigint>();
  for (const [offset, word] of words.entries()) {
    for (let i = 0; i < LANES; i++) {
      if (isMarked(word, i)) exportedWh.set((firstBlock + offset) * LANES + i, laneOf(word, i));
    }
  }
  return exportedWh;
}

/** The first and the last slot that a reading covers; the first of its blocks when it covers none. */
export function coveredRange(reading: Profile): {
  readonly firstSlot: number;
  readonly lastSlot: number;
} {
  const slots = [...coveredSlots(reading).keys()];
  const [firstSlot = reading.firstBlock * LANES] = slots;
  return { firstSlot, lastSlot: slots.at(-1) ?? firstSlot };
}

function pack(energyWh: EnergyBySlot, guard: bigint): Profile {
  if (energyWh.size === 0) throw new RangeError("A profile needs at least one slot.");
  const blocks = [...energyWh.keys()].map(blockOf);
  const firstBlock = blocks.reduce((least, block) => Math.min(least, block));
  const lastBlock = blocks.reduce((most, block) => Math.max(most, block));
  const words = new Array<bigint>(lastBlock - firstBlock + 1).fill(0n);
  for (const [slot, wh] of energyWh) {
    if (wh < 0n || wh > LANE_MAX_WH) {
      throw new RangeError(`Slot ${slot} holds ${wh} Wh; a lane holds 0 to ${LANE_MAX_WH} Wh.`);
    }
    const index = blockOf(slot) - firstBlock;
    const lane = (wh | guard) << (LANE_BITS * BigInt(slot % LANES));
    words[index] = (words[index] ?? 0n) | lane;
  }
  return { firstBlock, words };
}
