import { type Earning, earningsOf, tradesOf } from "@wattline/sdk";
import type { Address } from "viem";
import { type ChainContext, readActs, readCommunities } from "../../chain/index.ts";

/** The earnings of a holder by hour, from the chain's events. */
export async function earningsFromChain(
  context: ChainContext,
  holder: Address,
): Promise<Earning[]> {
  const [acts, { microgrids }] = await Promise.all([readActs(context), readCommunities(context)]);
  const byNumber = new Map(microgrids.map((each) => [each.microgrid, each]));
  const known = (microgrid: number) => {
    const found = byNumber.get(microgrid);
    if (found === undefined) throw new Error(`Microgrid ${microgrid} was never founded.`);
    return found;
  };
  return earningsOf(tradesOf(acts), { known }, holder);
}
