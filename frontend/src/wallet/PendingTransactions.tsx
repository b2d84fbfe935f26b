import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useConfig } from "wagmi";
import { useNetworks } from "../chain/index.ts";
import { Reverted, wordsFor } from "./errors.ts";
import { pendingNow } from "./pending.ts";
import { notify } from "./toasts.ts";

/** Goes on with what was sent before the page was loaded anew. */
export function PendingTransactions() {
  const config = useConfig();
  const queries = useQueryClient();
  const { networks } = useNetworks();
  useEffect(() => {
    for (const pending of pendingNow()) {
      const network = networks.find(({ deployment }) => deployment.chainId === pending.chainId);
      if (network === undefined) continue;
      const toast = notify.begun(pending.title);
      import("./follow.ts")
        .then(({ follow }) => follow(pending, { config, network, queries, toast }))
        .catch(async (error: unknown) =>
          toast.failed(await wordsFor(error instanceof Reverted ? error.cause : error, network)),
        );
    }
  }, [config, queries, networks]);
  return null;
}
