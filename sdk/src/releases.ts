/** Cuts releases of forwards into batches for `release` and `undelivered`, none of which takes more than the planned gas. */
import { SETTLE_GAS_BUDGET } from "./batches.ts";
import type { Position } from "./history/positions.ts";

/** Blocks of a position that are to be settled. */
export interface Release {
  readonly position: Position;
  /** Bit i: the block `position.firstBlock + i`. */
  readonly blocks: bigint;
}

/** The argument of one `release` or `undelivered`. */
export interface ReleaseBatch {
  readonly releases: readonly Release[];
  /** The most gas that it takes; see {@link RELEASE_GAS}. */
  readonly gas: bigint;
}

/**
 * An upper bound, as {@link SETTLE_GAS} is one: every account and balance is assumed to be written for the first time, and
 * calldata to cost 64 gas a byte (EIP-7976).
 */
export const RELEASE_GAS = {
  batch: 60_000n,
  /** The position's terms. */
  perRelease: 60_000n,
  /** Per block of the position, released or not: two words of calldata. */
  perWord: 5_000n,
  /** Per block that is settled. */
  perBlock: 180_000n,
} as const;

/**
 * Cuts releases into batches, in their order. A position of too many blocks is settled in several.
 * @throws RangeError when the budget is too small for one block of a position.
 */
export function releaseBatchesOf(
  releases: readonly Release[],
  gasBudget = SETTLE_GAS_BUDGET,
): ReleaseBatch[] {
  const batches: ReleaseBatch[] = [];
  let draft: Release[] = [];
  let gas: bigint = RELEASE_GAS.batch;
  const flush = () => {
    if (draft.length > 0) batches.push({ releases: draft, gas });
    [draft, gas] = [[], RELEASE_GAS.batch];
  };
  for (const { position, blocks } of releases) {
    const terms = RELEASE_GAS.perRelease + RELEASE_GAS.perWord * BigInt(position.energy.length);
    let part = 0n;
    for (const [index] of position.energy.entries()) {
      const bit = 1n << BigInt(index);
      if ((blocks & bit) === 0n) continue;
      const more = RELEASE_GAS.perBlock + (part === 0n ? terms : 0n);
      if (gas + more > gasBudget) {
        if (part !== 0n) draft.push({ position, blocks: part });
        flush();
        if (gas + terms + RELEASE_GAS.perBlock > gasBudget) {
          throw new RangeError(`No block of a position fits into ${gasBudget} gas.`);
        }
        [part, gas] = [bit, gas + terms + RELEASE_GAS.perBlock];
      } else [part, gas] = [part | bit, gas + more];
    }
    if (part !== 0n) draft.push({ position, blocks: part });
  }
  flush();
  return batches;
}
