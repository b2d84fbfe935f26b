import type { MovedWord } from "../history/moves.ts";
import { LANES, laneOf, type Profile } from "../profile.ts";
import { addWords } from "../words.ts";

/**
 * Words of one series as a run of blocks from the first to the last; blocks in between may be empty.
 * @throws RangeError when the sum of a block's words overflows a lane.
 */
export function runOf(words: readonly MovedWord[]): Profile {
  const energyIn = new Map<number, bigint>();
  for (const { blockNumber, energy } of words) {
    energyIn.set(blockNumber, addWords(energyIn.get(blockNumber) ?? 0n, energy));
  }
  const firstBlock = words.reduce(
    (least, { blockNumber }) => Math.min(least, blockNumber),
    Number.POSITIVE_INFINITY,
  );
  const lastBlock = words.reduce((most, { blockNumber }) => Math.max(most, blockNumber), -1);
  if (lastBlock < firstBlock) return { firstBlock: 0, words: [] };
  const length = lastBlock - firstBlock + 1;
  return {
    firstBlock,
    words: Array.from({ length }, (_, offset) => energyIn.get(firstBlock + offset) ?? 0n),
  };
}

/** The first and the last slot of a run that hold energy. */
export function slotsOf({ firstBlock, words }: Profile) {
  let [firstSlot, lastSlot] = [-1, -1];
  for (const [offset, word] of words.entries()) {
    for (let lane = 0; lane < LANES; lane++) {
      if (laneOf(word, lane) === 0n) continue;
      const slot = (firstBlock + offset) * LANES + lane;
      if (firstSlot < 0) firstSlot = slot;
      lastSlot = slot;
    }
  }
  return { firstSlot, lastSlot };
}
