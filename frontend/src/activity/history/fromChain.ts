import { type FoundIn, ownHistoryOf } from "@wattline/sdk";
import type { Address } from "viem";
import { blockTimes, type ChainContext, type PastAct, readActs } from "../../chain/index.ts";
import { latestOf, oldestOf, type Read } from "./read.ts";

/** The newest of a household's history from the chain's logs: at most `limit` trades, and as many other deeds. */
export async function activityFromChain(
  context: ChainContext,
  holder: Address,
  limit: number,
): Promise<Read> {
  const { steps, deeds } = ownHistoryOf(await readActs(context), holder);
  const newestSteps = steps.slice(-limit);
  const positions = new Set(newestSteps.map(({ thing }) => thing.positionId));
  // What was released lately may have been reserved long ago.
  const earlier = steps
    .slice(0, -limit)
    .filter(({ thing }) => thing.kind === "reserve" && positions.has(thing.positionId));
  const timeOf = blockTimes(context.client);
  const dated = <Thing>(found: readonly FoundIn<PastAct, Thing>[]) =>
    Promise.all(
      found.map(async ({ thing, told: { hash, blockNumber }, logIndex }) => ({
        ...thing,
        id: `${hash}-${logIndex}`,
        txHash: hash,
        time: await timeOf(blockNumber),
      })),
    );
  const [trades, reservations, others] = await Promise.all([
    dated(newestSteps.toReversed()),
    dated(earlier),
    dated(deeds.slice(-limit).toReversed()),
  ]);
  return {
    steps: [...trades, ...reservations],
    deeds: others,
    sinceSeconds: latestOf([
      oldestOf(trades, steps.length > limit),
      oldestOf(others, deeds.length > limit),
    ]),
  };
}
