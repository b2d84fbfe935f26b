/** Which blocks of a position can be settled now, and by which call. */
import { type Microgrid, overdueAtSeconds } from "../microgrid.ts";
import { isMarked, LANES, laneOf } from "../profile.ts";
import type { Position } from "./positions.ts";

/** Blocks of a position, bit i for its block i, as `openOf` answers and `release` takes them. */
export interface DueBlocks {
  /** All their slots with energy are reported: anyone may release them. */
  readonly reported: bigint;
  /** Some have no reading, and all of those may be called undelivered. */
  readonly overdue: bigint;
}

/** While only the buyer decides whether what is overdue is called undelivered. */
const BUYERS_SECONDS = 30 * 86_400;

/** What is known beside a position. */
export interface DueFacts {
  /** Bits of the blocks that are open. */
  readonly open: bigint;
  /** Guard bits of a block's slots that its meter has reported. */
  reported(block: number): bigint;
  /** Where the seller delivers. */
  readonly microgrid: Microgrid;
  readonly nowSeconds: number;
  /** Whether the caller is the buyer or the delegate that the position names; others have to wait 30 days longer. */
  readonly isBuyer: boolean;
}

/** Which open blocks can be settled. */
export function dueBlocksOf(
  position: Position,
  { open, reported, microgrid, nowSeconds, isBuyer }: DueFacts,
): DueBlocks {
  const due = { reported: 0n, overdue: 0n };
  const since = isBuyer ? nowSeconds : nowSeconds - BUYERS_SECONDS;
  for (const [index, word] of position.energy.entries()) {
    const bit = 1n << BigInt(index);
    if ((open & bit) === 0n) continue;
    const block = position.firstBlock + index;
    const marks = reported(block);
    const missing = lanes.filter((lane) => laneOf(word, lane) > 0n && !isMarked(marks, lane));
    if (missing.length === 0) due.reported |= bit;
    else if (missing.every((lane) => isOverdue(block * LANES + lane))) due.overdue |= bit;
  }
  return due;

  function isOverdue(slot: number): boolean {
    const at = overdueAtSeconds(microgrid, slot, nowSeconds);
    return at !== undefined && since >= at;
  }
}

const lanes = Array.from({ length: LANES }, (_, lane) => lane);
