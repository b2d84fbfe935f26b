import { useClient, useConnection, useSignTypedData } from "wagmi";
import type { Call } from "../chain/contracts.ts";
import { useNetwork } from "../chain/network.tsx";

/**
 * The calls that bring money into escrow: with a permit that the person signs where the currency knows permits
 * (ERC-2612), else with an approval before the deposit.
 */
export function useDeposit(): (baseUnits: bigint) => Promise<Call[]> {
  const network = useNetwork();
  const client = useClient({ chainId: network.deployment.chainId });
  const { address: owner } = useConnection();
  const { mutateAsync: sign } = useSignTypedData();

  return async (value) => {
    if (client === undefined || owner === undefined) throw new Error("No wallet is connected.");
    const { depositCalls } = await import("./deposit.ts");
    return depositCalls(value, { client, network, owner, sign });
  };
}
