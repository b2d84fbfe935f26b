import { useCallback } from "react";
import { useCapabilities, useConnection } from "wagmi";
import { useNetwork } from "../chain/index.ts";
import { hasRefusedBundles } from "./bundles.ts";

/** How long a wallet may take to tell what it can do: one that does not know the question may leave it unanswered. */
const ANSWER_MS = 5_000;

/** What a wallet does beyond single transactions (EIP-5792). */
export interface Abilities {
  /** Whether it makes several calls as one, all of them or none. */
  readonly bundles: boolean;
  /** The service that pays for its bundles (ERC-7677); undefined when the wallet uses none, or the host names none. */
  readonly paymasterUrl: string | undefined;
}

const NONE: Abilities = { bundles: false, paymasterUrl: undefined };

/** The abilities of the connected wallet. */
export function useAbilities(): Abilities & {
  /** Waits until it has told them: who presses at once must not confirm one by one what can be one. */
  readonly awaitAbilities: () => Promise<Abilities>;
} {
  const { deployment, paymasterUrl } = useNetwork();
  const { chainId } = deployment;
  const { address, connector } = useConnection();
  const { data, isPending, refetch } = useCapabilities({
    query: { enabled: address !== undefined, retry: false },
  });

  const abilitiesBy = useCallback(
    (capabilities: typeof data): Abilities => {
      const { atomic, paymasterService } = capabilities?.[chainId] ?? {};
      if (address === undefined || connector === undefined) return NONE;
      if (atomic?.status !== "supported" && atomic?.status !== "ready") return NONE;
      if (hasRefusedBundles({ connectorId: connector.id, address, chainId })) return NONE;
      const isPaid = paymasterService?.supported === true;
      return { bundles: true, paymasterUrl: isPaid ? paymasterUrl : undefined };
    },
    [address, connector, chainId, paymasterUrl],
  );

  const awaitAbilities = useCallback(async () => {
    if (address === undefined || !isPending) return abilitiesBy(data);
    // The question that is under way is not asked again.
    const told = refetch({ cancelRefetch: false }).then((result) => result.data);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ANSWER_MS);
    });
    return abilitiesBy(await Promise.race([told, silence]).finally(() => clearTimeout(timer)));
  }, [address, isPending, data, refetch, abilitiesBy]);

  const abilities = abilitiesBy(data);
  return { ...abilities, awaitAbilities };
}
