import { t } from "@lingui/core/macro";
import { useQuery } from "@tanstack/react-query";
import { useClient, useConnection } from "wagmi";
import { later } from "../browser/index.ts";
import { type Call, useNetwork } from "../chain/index.ts";
import type { DepositWay } from "./deposit.ts";
import { Told } from "./errors.ts";
import { payerOf, usePayer } from "./payer.ts";
import { useAbilities } from "./useAbilities.ts";
import { useSignature } from "./useSignature.ts";

const depositing = later(() => import("./deposit.ts"));

/**
 * The calls that bring money into escrow: the deposit alone where the escrow may take that much already; an approval and the
 * deposit where the wallet makes them one; else with an authorization (ERC-3009) or a permit (ERC-2612) that the person signs,
 * where account and currency know one; else with an approval before the deposit.
 * @throws Told when no wallet is connected, or one on another network; what the wallet or the node refuses with.
 */
export function useDeposit(): (baseUnits: bigint) => Promise<Call[]> {
  const network = useNetwork();
  const client = useClient({ chainId: network.deployment.chainId });
  const { address: owner } = useConnection();
  const sign = useSignature();
  const { awaitAbilities } = useAbilities();

  return async (value) => {
    if (client === undefined || owner === undefined) throw new Told(t`Connect a wallet first.`);
    const { depositCalls } = await depositing();
    const abilities = await awaitAbilities();
    const payer = await payerOf(client, network, owner, abilities);
    const { bundles } = abilities;
    return depositCalls(value, { client, network, owner, bundles, payer, sign });
  };
}

/** How {@link useDeposit} would bring `value` base units in with the wallet at hand; undefined until that is known. */
export function useDepositWay(value: bigint): DepositWay | undefined {
  const network = useNetwork();
  const { chainId } = network.deployment;
  const client = useClient({ chainId });
  const { address: owner } = useConnection();
  const { bundles } = useAbilities();
  const payer = usePayer();
  const { data: way } = useQuery({
    // An allowance changes with what happens on the chain.
    queryKey: [
      "chain",
      chainId,
      "deposit-way",
      network.currency.address,
      owner,
      bundles,
      payer,
      String(value),
    ],
    enabled: client !== undefined && owner !== undefined && payer !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      if (client === undefined || owner === undefined || payer === undefined) {
        throw new Error("No wallet is connected.");
      }
      const { depositWay } = await depositing();
      return depositWay(value, { client, network, owner, bundles, payer });
    },
  });
  return way;
}
