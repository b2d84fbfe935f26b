import { useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import type { TransactionReceipt } from "viem";
import { useClient, useConfig, useConnection } from "wagmi";
import { later } from "../browser/index.ts";
import { useNetwork } from "../chain/index.ts";
import { isRejection } from "./answers.ts";
import type { Deed } from "./deed.ts";
import { reasonOf, Told } from "./errors.ts";
import { payerOf } from "./payer.ts";
import { notify } from "./toasts.tsx";
import { useAbilities } from "./useAbilities.ts";
import { expectOnNetwork } from "./useSignature.ts";

const sending = later(() => import("./send.ts"));
const submitting = later(() => import("./submit.ts"));

/** How a deed ended. A declined one is no failure: nothing happened, because the person said so. */
export type Outcome =
  | { readonly status: "done"; readonly receipts: readonly TransactionReceipt[] }
  | { readonly status: "declined" }
  | { readonly status: "failed"; readonly reason: string };

/**
 * Sends transactions the way people expect: simulated first, so that a refusal comes in words and costs nothing; as one
 * bundle where the wallet can, else as one multicall, else one after another, or only signed where the community pays; paid
 * by the host's paymaster where the wallet uses it; with its states shown as toasts; and kept until it has ended, also
 * through a reload.
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
  const { address, connector, chainId: walletChainId } = useConnection();
  const { awaitAbilities } = useAbilities();
  const [busy, setBusy] = useState(false);

  const transact = useCallback(
    async (deed: Deed): Promise<Outcome> => {
      const { title } = deed;
      const toast = notify.begun(title);
      let begun = false;
      setBusy(true);
      try {
        if (client === undefined || address === undefined || connector === undefined) {
          throw new Told(t`Connect a wallet first.`);
        }
        expectOnNetwork(walletChainId, network);
        const abilities = await awaitAbilities();
        const payer = await payerOf(client, network, address, abilities);
        const act = payer === "community" ? (await submitting()).submit : (await sending()).send;
        const receipts = await act(deed, {
          config,
          client,
          network,
          queries,
          address,
          connector,
          abilities,
          toast,
          onMined: () => {
            begun = true;
          },
        });
        return { status: "done", receipts };
      } catch (error) {
        if (isRejection(error)) {
          toast.declined(begun);
          return { status: "declined" };
        }
        const reason = await reasonOf(error, network);
        toast.failed(reason);
        return { status: "failed", reason: reason.words };
      } finally {
        setBusy(false);
      }
    },
    [t, client, config, queries, network, address, connector, walletChainId, awaitAbilities],
  );
  return { transact, busy };
}
