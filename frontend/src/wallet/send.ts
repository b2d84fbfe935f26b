import type { QueryClient } from "@tanstack/react-query";
import { marketplaceAbi } from "@wattline/sdk";
import {
  type Address,
  type Client,
  encodeFunctionData,
  isAddressEqual,
  keccak256,
  type TransactionReceipt,
} from "viem";
import { estimateGas, getTransactionCount } from "viem/actions";
import type { Config, Connector } from "wagmi";
import { sendCalls, sendTransaction } from "wagmi/actions";
import type { Call, Network } from "../chain/index.ts";
import { isBundleRefusal } from "./answers.ts";
import { forgetBundles } from "./bundles.ts";
import type { Deed } from "./deed.ts";
import { follow } from "./follow.ts";
import { chainIdentity, keepPending, type Pending } from "./pending.ts";
import type { DeedToast } from "./toasts.tsx";
import type { Abilities } from "./useAbilities.ts";

/** Who sends, and by what. */
export interface Sender {
  readonly config: Config;
  readonly client: Client;
  readonly network: Network;
  readonly queries: QueryClient;
  readonly address: Address;
  readonly connector: Connector;
  readonly abilities: Abilities;
  readonly toast: DeedToast;
  /** Told when a transaction, or a bundle, is mined. */
  onMined(): void;
}

/**
 * Sends a deed's calls and waits until they are mined. A file of its own, because only those who send need what it imports.
 * @throws What the contract or the wallet refuses with; {@link Reverted} for what was mined and refused.
 */
export async function send(
  { title, calls }: Deed,
  sender: Sender,
): Promise<readonly TransactionReceipt[]> {
  const { config, client, network, queries, address, connector, toast, onMined } = sender;
  const { chainId } = network.deployment;
  const chain = await chainIdentity(client, network);
  const receipts: TransactionReceipt[] = [];
  const finish = async (
    id: string,
    kind: Pending["kind"],
    asked: Pick<Pending, "to" | "dataHash" | "expectedNonce"> = {},
  ) => {
    const sent: Pending = { id, kind, ...chain, from: address, title, ...asked };
    keepPending(sent);
    receipts.push(...(await follow(sent, { config, network, queries, toast })));
    onMined();
  };
  const transactions = transactionsOf(calls, network);
  const bundle = await bundled(calls, transactions, sender);
  if (bundle !== undefined) {
    await finish(bundle, "calls");
    return receipts;
  }
  for (const call of transactions) {
    const gas = await simulate(client, address, [call]);
    const expectedNonce = await getTransactionCount(client, { address, blockTag: "pending" });
    toast.waiting();
    const hash = await sendTransaction(config, {
      account: address,
      chainId,
      connector,
      to: call.to,
      data: call.data,
      ...(gas !== undefined && { gas }),
    });
    await finish(hash, "transaction", {
      to: call.to,
      dataHash: keccak256(call.data),
      expectedNonce,
    });
  }
  return receipts;
}

/**
 * Has the wallet make several calls as one, or a single one for which a paymaster pays.
 * @returns The bundle's id; undefined where the calls have to be made one after another. A wallet that has refused once is
 * not asked again.
 */
async function bundled(
  calls: readonly Call[],
  transactions: readonly Call[],
  { config, client, network, address, connector, abilities, toast }: Sender,
): Promise<string | undefined> {
  const { bundles, paymasterUrl } = abilities;
  if (!bundles || (calls.length < 2 && paymasterUrl === undefined)) return undefined;
  const { chainId } = network.deployment;
  // What a later one rests on has not happened yet.
  await simulate(client, address, transactions.slice(0, 1));
  toast.waiting();
  try {
    const bundle = { account: address, chainId, connector, calls, forceAtomic: true };
    // Optional: when the paymaster does not pay, the wallet asks its owner to.
    const paid = paymasterUrl && { paymasterService: { url: paymasterUrl, optional: true } };
    return (await sendCalls(config, { ...bundle, ...(paid && { capabilities: paid }) })).id;
  } catch (error) {
    if (!isBundleRefusal(error)) throw error;
    forgetBundles({ connectorId: connector.id, address, chainId });
    return undefined;
  }
}

/** Calls of one transaction at most, which may use 2^24 gas (EIP-7825): a reading of a day takes about 400,000. */
const MOST_CALLS = 32;

/** The fewest transactions that do what the calls do: those in a row to one contract that takes several become a multicall. */
function transactionsOf(calls: readonly Call[], { deployment }: Network): Call[] {
  const takeSeveral = [deployment.marketplace, deployment.meters];
  const runs: Call[][] = [];
  for (const call of calls) {
    const before = runs.at(-1);
    const isSame = before?.every(({ to }) => isAddressEqual(to, call.to)) ?? false;
    const joins =
      isSame &&
      (before?.length ?? 0) < MOST_CALLS &&
      takeSeveral.some((one) => isAddressEqual(one, call.to));
    if (before !== undefined && joins) before.push(call);
    else runs.push([call]);
  }
  return runs.flatMap((run) => {
    const [first] = run;
    if (first === undefined || run.length === 1) return run;
    const data = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "multicall",
      args: [run.map((call) => call.data)],
    });
    return [{ to: first.to, data }];
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
