import { useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { marketplaceAbi } from "@wattline/sdk";
import { useCallback, useState } from "react";
import {
  type Address,
  type Client,
  encodeFunctionData,
  isAddressEqual,
  type TransactionReceipt,
} from "viem";
import { estimateGas } from "viem/actions";
import { useCapabilities, useClient, useConfig, useConnection } from "wagmi";
import { sendCalls, sendTransaction } from "wagmi/actions";
import type { Network } from "../chain/config.ts";
import type { Call } from "../chain/contracts.ts";
import { useNetwork } from "../chain/network.tsx";
import { isRejection, wordsFor } from "./errors.ts";
import { follow, Reverted } from "./follow.ts";
import { keepPending, type Pending } from "./pending.ts";
import { notify } from "./toasts.ts";

/** Something to be done on chain. */
export interface Deed {
  /** What it does, for the person: "Buy 3 kWh for €0.51". */
  readonly title: string;
  /** Calls of one transaction where they can be: all to the marketplace, or in a wallet that bundles calls. */
  readonly calls: readonly Call[];
  /** Told after each transaction, when it takes several: how many of the calls are done. */
  readonly onProgress?: (done: number) => void;
}

/** How a deed ended. A declined one is no failure: nothing happened, because the person said so. */
export type Outcome =
  | { readonly status: "done"; readonly receipts: readonly TransactionReceipt[] }
  | { readonly status: "declined" }
  | { readonly status: "failed"; readonly reason: string };

/**
 * Sends transactions the way people expect: simulated first, so that a refusal comes in words and costs nothing; as one
 * bundle where the wallet can, else as one multicall, else one after another; with its states shown as toasts; and kept
 * until it has ended, also through a reload.
 */
export function useTransact(): {
  transact(deed: Deed): Promise<Outcome>;
  /** Whether a deed of this hook is under way. */
  readonly busy: boolean;
} {
  const { t } = useLingui();
  const config = useConfig();
  const client = useClient({ chainId: useNetwork().deployment.chainId });
  const queries = useQueryClient();
  const network = useNetwork();
  const { chainId } = network.deployment;
  const { address, connector, chainId: walletChainId } = useConnection();
  const capabilities = useCapabilities({ query: { enabled: address !== undefined, retry: false } });
  const [busy, setBusy] = useState(false);
  const atomic = capabilities.data?.[chainId]?.atomic?.status;
  const bundles = atomic === "supported" || atomic === "ready";

  const transact = useCallback(
    async ({ title, calls, onProgress }: Deed): Promise<Outcome> => {
      if (client === undefined || address === undefined || connector === undefined) {
        const reason = t`Connect a wallet first.`;
        notify.failed(title, reason);
        return { status: "failed", reason };
      }
      if (walletChainId !== chainId) {
        const reason = t`Your wallet is on another network: switch it to ${network.name} first.`;
        notify.failed(title, reason);
        return { status: "failed", reason };
      }
      setBusy(true);
      const toast = notify.begun(title);
      try {
        const receipts: TransactionReceipt[] = [];
        const pending = (id: string, kind: Pending["kind"]): Pending => ({
          id,
          kind,
          chainId,
          from: address,
          title,
        });
        const finish = async (sent: Pending) => {
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
          await finish(pending(id, "calls"));
        } else {
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
            await finish(pending(hash, "transaction"));
            onProgress?.(index + 1);
          }
        }
        return { status: "done", receipts };
      } catch (error) {
        if (isRejection(error)) {
          toast.declined();
          return { status: "declined" };
        }
        const reason = await wordsFor(error instanceof Reverted ? error.cause : error, network);
        toast.failed(reason);
        return { status: "failed", reason };
      } finally {
        setBusy(false);
      }
    },
    [t, client, config, queries, network, chainId, address, connector, walletChainId, bundles],
  );
  return { transact, busy };
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
