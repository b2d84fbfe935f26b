import { LANES, unpackProfile } from "@wattline/sdk";
import type { Address } from "viem";
import type { Forward } from "./forward.ts";
import { useHistory } from "./useHistory.ts";

/** The forwards that a holder sells or buys, latest blocks first. */
export const useForwards = (holder: Address) =>
  useHistory<readonly Forward[]>(
    ["forwards", holder],
    (indexer, signal) => indexer.positionsOf(holder, { signal }),
    async (context) => {
      // The code that reads positions from logs is not needed while the indexer answers.
      const { positionsFromChain } = await import("./positionsFromChain.ts");
      return positionsFromChain(context, holder);
    },
  );

/** The first and last slot with energy of a forward: delivered energy once it is released. */
export function slotsOf({ block, reserved, delivered }: Forward): {
  readonly firstSlot: number;
  readonly lastSlot: number;
} {
  const word = reserved === 0n ? delivered : reserved;
  const slots = [...unpackProfile({ firstBlock: block, words: [word] }).keys()];
  return {
    firstSlot: slots[0] ?? block * LANES,
    lastSlot: slots.at(-1) ?? block * LANES + LANES - 1,
  };
}
