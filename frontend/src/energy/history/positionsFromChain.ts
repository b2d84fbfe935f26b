import { positionsOf, sourceAt } from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import { type ChainContext, readActs } from "../../chain/index.ts";
import type { Forward } from "./forward.ts";

/** The forwards of a holder from the chain's events, latest blocks first. */
export async function positionsFromChain(
  context: ChainContext,
  holder: Address,
): Promise<Forward[]> {
  const acts = await readActs(context);
  return positionsOf(acts.map(({ act }) => act))
    .filter(({ seller, buyer }) => isAddressEqual(seller, holder) || isAddressEqual(buyer, holder))
    .map(({ source, from, to, ...position }) => ({
      ...position,
      source: sourceAt(source),
      fromMicrogrid: from,
      toMicrogrid: to,
    }))
    .toSorted((a, b) => b.block - a.block);
}
