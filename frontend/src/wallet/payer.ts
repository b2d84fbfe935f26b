import { useQuery } from "@tanstack/react-query";
import type { Address, Client } from "viem";
import { getBalance, getGasPrice } from "viem/actions";
import { useClient, useConnection } from "wagmi";
import { type Network, useNetwork } from "../chain/index.ts";
import { hasKey } from "./hasKey.ts";
import { type Abilities, useAbilities } from "./useAbilities.ts";

/** What the smallest act on chain takes of gas. */
const LEAST_GAS = 100_000n;

/**
 * Who pays the network's fee for what an account does: itself or whoever its wallet finds, or the community, whose auctioneer
 * sends what the account signs. Contract accounts and paymasters are their wallets' business.
 */
export type Payer = "self" | "community";

/** Who pays for an account. @throws what the node throws */
export async function payerOf(
  client: Client,
  { auctioneerUrl }: Pick<Network, "auctioneerUrl">,
  account: Address,
  { paymasterUrl }: Pick<Abilities, "paymasterUrl">,
): Promise<Payer> {
  if (auctioneerUrl === undefined || paymasterUrl !== undefined) return "self";
  const [balance, gasPrice] = await Promise.all([
    getBalance(client, { address: account }),
    getGasPrice(client),
  ]);
  if (balance >= gasPrice * LEAST_GAS || !(await hasKey(client, account))) return "self";
  return "community";
}

/** Who pays for the connected account; undefined until that is known. */
export function usePayer(): Payer | undefined {
  const network = useNetwork();
  const { chainId } = network.deployment;
  const client = useClient({ chainId });
  const { address } = useConnection();
  const { paymasterUrl } = useAbilities();
  const { data } = useQuery({
    queryKey: ["chain", chainId, "payer", address, paymasterUrl],
    enabled: client !== undefined && address !== undefined && network.auctioneerUrl !== undefined,
    queryFn: () => {
      if (client === undefined || address === undefined) throw new Error("No wallet is connected.");
      return payerOf(client, network, address, { paymasterUrl });
    },
  });
  return network.auctioneerUrl === undefined ? "self" : data;
}
