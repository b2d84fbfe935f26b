import { type Earning, earningsOf, tariffHistories, tariffsSetBy, tradesOf } from "@wattline/sdk";
import type { Address } from "viem";
import { blockTimes, type ChainContext, readActs } from "../../chain/index.ts";

/** The earnings of a holder by hour, from the chain's events. */
export async function earningsFromChain(
  context: ChainContext,
  holder: Address,
): Promise<Earning[]> {
  const acts = await readActs(context);
  const timeOf = blockTimes(context.client);
  const settings = acts.filter(({ act }) => tariffsSetBy(act) !== undefined);
  const timed = await Promise.all(
    settings.map(async ({ act, blockNumber }) => ({ act, time: await timeOf(blockNumber) })),
  );
  return earningsOf(tradesOf(acts), tariffHistories(timed), holder);
}
