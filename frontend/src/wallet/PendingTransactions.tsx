import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Client } from "viem";
import { useConfig } from "wagmi";
import { getClient } from "wagmi/actions";
import { later } from "../browser/index.ts";
import { type Network, useNetworks } from "../chain/index.ts";
import { reasonOf } from "./errors.ts";
import { chainIdentity, dropPending, isOnChain, type Pending, pendingNow } from "./pending.ts";
import { notify } from "./toasts.tsx";

const following = later(() => import("./follow.ts"));

/** Goes on with what was sent before the page was loaded anew. What was sent on a chain that is gone is dropped. */
export default function PendingTransactions() {
  const config = useConfig();
  const queries = useQueryClient();
  const { networks } = useNetworks();
  useEffect(() => {
    async function goOn(pending: Pending, network: Network, client: Client) {
      const toast = notify.begun(pending.title);
      if (!isOnChain(pending, await whenAnswered(client, network))) {
        dropPending(pending);
        toast.past();
        return;
      }
      try {
        const { follow } = await following();
        await follow(pending, { config, network, queries, toast });
      } catch (error) {
        toast.failed(await reasonOf(error, network));
      }
    }
    for (const pending of pendingNow()) {
      const network = networks.find(({ deployment }) => deployment.chainId === pending.chainId);
      const client = network && getClient(config, { chainId: pending.chainId });
      if (network !== undefined && client !== undefined) void goOn(pending, network, client);
    }
  }, [config, queries, networks]);
  return null;
}

/** Which chain this is, once its node answers. */
async function whenAnswered(client: Client, network: Network) {
  for (;;) {
    try {
      return await chainIdentity(client, network);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, client.pollingInterval));
    }
  }
}
