import type { QueryClient } from "@tanstack/react-query";
import { marketplaceAbi } from "@wattline/sdk";
import {
  type Address,
  type Client,
  encodeFunctionData,
  isAddressEqual,
  type TransactionReceipt,
} from "viem";
import { estimateGas } from "viem/actions";
import type { Config, Connector } from "wagmi";
import { sendCalls, sendTransaction } from "wagmi/actions";
import type { Call, Network } from "../chain/index.ts";
import type { Deed } from "./deed.ts";
import { follow } from "./follow.ts";
import { keepPending, type Pending } from "./pending.ts";
import type { DeedToast } from "./toasts.ts";

/** Who sends, and by what. */
export interface Sender {
  readonly config: Config;
  readonly client: Client;
  readonly network: Network;
  readonly queries: QueryClient;
  readonly address: Address;
  readonly connector: Connector;
  /** Whether the wallet bundles calls. */
  readonly bundles: boolean;
  readonly toast: DeedToast;
}

/**
 * Sends a deed's calls and waits until they are mined. A file of its own, because only those who send need what it imports.
 * @throws What the contract or the wallet refuses with; {@link Reverted} for what was mined and refused.
 */
export async function send({ title, calls, onProgress }: Deed, sender: Sender) {
  const { config, client, network, queries, address, connector, bundles, toast } = sender;
  const { chainId } = network.deployment;
  const receipts: TransactionReceipt[] = [];
  const finish = async (id: string, kind: Pending["kind"]) => {
    const sent: Pending = { id, kind, chainId, from: address, title };
    keepPending(sent);
    receipts.push(...(await follow(sent, { config, network, queries, toast })));
  };
  const transactions = transactionsOf(calls, network);
  if (bundles && calls.length > 1) {
    // What a later one rests on has not happened yet.
    await simulate(client, address, transactions.slice(0, 1));
    toast.waiting();
    const { id } = await sendCalls(config, {
      account: address,
      chainId,
      connector,
      calls,
      forceAtomic: true,
    });
    await finish(id, "calls");
    return receipts;
  }
  for (const [index, call] of transactions.entries()) {
    const gas = await simulate(client, address, [call]);
    toast.waiting();
    const hash = await sendTransaction(config, {
      account: address,
      chainId,
      connector,
      to: call.to,
      data: call.data,
      ...(gas !== undefined && { gas }),
    });
    await finish(hash, "transaction");
    onProgress?.(index + 1);
  }
  return receipts;
}

/** The fewest transactions that do what the calls do: those to the marketplace in a row become one multicall. */
function transactionsOf(calls: readonly Call[], { deployment: { marketplace } }: Network): Call[] {
  const runs: Call[][] = [];
  for (const call of calls) {
    const before = runs.at(-1);
    const joins = [call, ...(before ?? [])].every(({ to }) => isAddressEqual(to, marketplace));
    if (before !== undefined && joins) before.push(call);
    else runs.push([call]);
  }
  return runs.flatMap((run) => {
    if (run.length === 1) return run;
    const data = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "multicall",
      args: [run.map((call) => call.data)],
    });
    return [{ to: marketplace, data }];
  });
}

/** Gas that a transaction may use above the estimate, in percent: another trade in the same block may move things. */
const GAS_MARGIN = 125n;

/** Runs calls without sending them. @returns Gas for the last. @throws What the contract would refuse with. */
async function simulate(
  client: Client,
  account: Address,
  calls: readonly Call[],
): Promise<bigint | undefined> {
  let gas: bigint | undefined;
  for (const { to, data } of calls) {
    gas = ((await estimateGas(client, { account, to, data })) * GAS_MARGIN) / 100n;
  }
  return gas;
}
