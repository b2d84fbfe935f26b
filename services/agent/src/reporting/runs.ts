import type { Reading } from "@wattline/sdk";
import type { Address } from "viem";

/** A signed block's word, to be reported. */
export interface OpenBlock {
  readonly block: number;
  readonly word: bigint;
}

/**
 * A block costs some 30,000 gas, and a transaction may take 2^24 (EIP-7825): so many blocks, three weeks of quarter-hours,
 * stay well below.
 */
const MOST_BLOCKS = 256;
/** An empty word between two blocks costs less than a second signature. */
const MOST_EMPTY = 4;

/** Joins blocks into as few readings as make sense: one signature for a run that has few holes. */
export function runsOf(meter: Address, blocks: readonly OpenBlock[]): Reading[] {
  const readings: { meter: Address; firstBlock: number; exported: bigint[] }[] = [];
  for (const { block, word } of [...blocks].sort((a, b) => a.block - b.block)) {
    const last = readings.at(-1);
    const next = last && last.firstBlock + last.exported.length;
    if (
      last === undefined ||
      next === undefined ||
      block - next > MOST_EMPTY ||
      block - last.firstBlock >= MOST_BLOCKS
    ) {
      readings.push({ meter, firstBlock: block, exported: [word] });
    } else {
      last.exported.push(...Array<bigint>(block - next).fill(0n), word);
    }
  }
  return readings;
}
