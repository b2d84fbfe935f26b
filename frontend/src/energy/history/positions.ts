import { LANES, unpackProfile } from "@wattline/sdk";
import type { Address } from "viem";
import { type Forward, forwardsOf } from "./forward.ts";
import { useHistory } from "./useHistory.ts";

/** The forwards that a holder sells or buys, latest blocks first. */
export const useForwards = (holder: Address) =>
  useHistory<readonly Forward[]>(
    ["forwards", holder],
    async (indexer, signal) => forwardsOf(await indexer.positionsOf(holder, { signal })),
    async (context) => {
      // The code that reads positions from logs is not needed while the indexer answers.
      const { positionsFromChain } = await import("./positionsFromChain.ts");
      return positionsFromChain(context, holder);
    },
  );

/** The first and last slot with energy of a forward. */
export function slotsOf({ block: { block, energy } }: Forward): {
  readonly firstSlot: number;
  readonly lastSlot: number;
} {
  const slots = [...unpackProfile({ firstBlock: block, words: [energy] }).keys()];
  return {
    firstSlot: slots[0] ?? block * LANES,
    lastSlot: slots.at(-1) ?? block * LANES + LANES - 1,
  };
}
