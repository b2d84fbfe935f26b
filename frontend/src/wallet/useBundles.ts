import { useCallback } from "react";
import { useCapabilities, useConnection } from "wagmi";
import { useNetwork } from "../chain/index.ts";
import { hasRefusedBundles } from "./bundles.ts";

/** How long a wallet may take to tell what it can do: one that does not know the question may leave it unanswered. */
const ANSWER_MS = 5_000;

/** Whether the connected wallet makes several calls as one, all of them or none (EIP-5792). */
export function useBundles(): {
  /** As far as it has told by now. */
  readonly bundles: boolean;
  /** Waits until it has told: who presses at once must not confirm one by one what can be one. */
  readonly awaitBundles: () => Promise<boolean>;
} {
  const { chainId } = useNetwork().deployment;
  const { address, connector } = useConnection();
  const { data, isPending, refetch } = useCapabilities({
    query: { enabled: address !== undefined, retry: false },
  });

  const bundlesBy = useCallback(
    (capabilities: typeof data): boolean => {
      const atomic = capabilities?.[chainId]?.atomic?.status;
      if (address === undefined || connector === undefined) return false;
      if (atomic !== "supported" && atomic !== "ready") return false;
      return !hasRefusedBundles({ connectorId: connector.id, address, chainId });
    },
    [address, connector, chainId],
  );

  const awaitBundles = useCallback(async () => {
    if (address === undefined || !isPending) return bundlesBy(data);
    // The question that is under way is not asked again.
    const told = refetch({ cancelRefetch: false }).then((result) => result.data);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ANSWER_MS);
    });
    return bundlesBy(await Promise.race([told, silence]).finally(() => clearTimeout(timer)));
  }, [address, isPending, data, refetch, bundlesBy]);

  return { bundles: bundlesBy(data), awaitBundles };
}
