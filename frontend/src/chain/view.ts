import type { ChainView } from "@wattline/sdk";
import { BaseError, type CallParameters, HttpRequestError, TimeoutError } from "viem";
import { call, getBlock } from "viem/actions";
import { readCommunities } from "./microgrids.ts";
import type { ChainContext } from "./useChainQuery.ts";

/** The chain as it stands now, for who judges orders. */
export async function readView(context: ChainContext): Promise<ChainView> {
  const { client, network } = context;
  const { timestamp } = await getBlock(client);
  let communities: ReturnType<typeof readCommunities> | undefined;
  const answer = async (question: CallParameters) => (await call(client, question)).data ?? "0x";
  return {
    deployment: network.deployment,
    nowSeconds: Number(timestamp),
    isOffline: false,
    async microgrid(wanted) {
      communities ??= readCommunities(context);
      return (await communities).microgrids.find(({ microgrid }) => microgrid === wanted);
    },
    call: (to, data) => answer({ to, data }),
    ask: (to, data, gas) => answer({ to, data, gas }).catch(unlessUnanswered),
  };
}

/** A contract that has failed, in whatever way, has answered; a node that can't be reached has not. */
function unlessUnanswered(error: unknown): undefined {
  const isUnanswered =
    error instanceof BaseError &&
    error.walk((cause) => cause instanceof HttpRequestError || cause instanceof TimeoutError);
  if (isUnanswered) throw error;
}
