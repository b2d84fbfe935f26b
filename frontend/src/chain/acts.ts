import { type Act, actsOf, decodeLog, type HistoryEvent } from "@wattline/sdk";
import type { Hex } from "viem";
import { getLogs } from "viem/actions";
import { contractsIn, plainLog } from "./events.ts";
import { followed } from "./follow.ts";
import type { ChainContext } from "./useChainQuery.ts";

/** What a transaction did, and when. */
export interface PastAct {
  readonly act: Act;
  readonly hash: Hex;
  readonly blockNumber: bigint;
}

/** Everything that Wattline's contracts have done since they were deployed, oldest first, from the chain's logs alone. */
export const readActs = /* @__PURE__ */ followed(actsIn);

async function actsIn(
  context: ChainContext,
  fromBlock: bigint,
  toBlock: bigint,
): Promise<PastAct[]> {
  const contracts = contractsIn(context);
  const logs = await getLogs(context.client, {
    address: Object.values(contracts),
    fromBlock,
    toBlock,
  });
  const transactions = Map.groupBy(logs, ({ transactionHash }) => transactionHash);
  return [...transactions].flatMap(([hash, within]) => {
    const events = within
      .map((log) => decodeLog(contracts, plainLog(log)))
      .filter((event): event is HistoryEvent => event !== undefined);
    const blockNumber = within[0]?.blockNumber ?? fromBlock;
    return actsOf(contracts, events).map((act) => ({ act, hash, blockNumber }));
  });
}
