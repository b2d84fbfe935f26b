import { positionsOf } from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import { type ChainContext, readActs } from "../../chain/index.ts";
import { type Forward, forwardsOf } from "./forward.ts";

/** The forwards of a holder from the chain's events, latest blocks first. */
export async function positionsFromChain(
  context: ChainContext,
  holder: Address,
): Promise<Forward[]> {
  const acts = await readActs(context);
  const own = positionsOf(acts.map(({ act }) => act)).filter(({ position: { seller, buyer } }) =>
    [seller, buyer].some((party) => isAddressEqual(party, holder)),
  );
  return forwardsOf(own);
}
