import { useQuery } from "@tanstack/react-query";
import { useClient, useConnection, useSignTypedData } from "wagmi";
import { type Call, useNetwork } from "../chain/index.ts";
import type { DepositWay } from "./deposit.ts";
import { useBundles } from "./useBundles.ts";

/**
 * The calls that bring money into escrow: an approval and the deposit where the wallet makes them one, else with a permit
 * that the person signs where account and currency know permits (ERC-2612), else with an approval before the deposit.
 */
export function useDeposit(): (baseUnits: bigint) => Promise<Call[]> {
  const network = useNetwork();
  const client = useClient({ chainId: network.deployment.chainId });
  const { address: owner } = useConnection();
  const { mutateAsync: sign } = useSignTypedData();
  const bundles = useBundles();

  return async (value) => {
    if (client === undefined || owner === undefined) throw new Error("No wallet is connected.");
    const { depositCalls } = await import("./deposit.ts");
    return depositCalls(value, { client, network, owner, bundles, sign });
  };
}

/** How {@link useDeposit} would bring money in with the wallet at hand; undefined until that is known. */
export function useDepositWay(): DepositWay | undefined {
  const network = useNetwork();
  const { chainId } = network.deployment;
  const client = useClient({ chainId });
  const { address: owner } = useConnection();
  const bundles = useBundles();
  const { data: way } = useQuery({
    queryKey: ["deposit-way", chainId, network.currency.address, owner, bundles],
    enabled: client !== undefined && owner !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      if (client === undefined || owner === undefined) throw new Error("No wallet is connected.");
      const { depositWay } = await import("./deposit.ts");
      return depositWay({ client, network, owner, bundles });
    },
  });
  return way;
}
