import type { Address, Client } from "viem";
import { getEnsName } from "viem/actions";

/** ENS's universal resolver, the same on mainnet and Sepolia: https://docs.ens.domains/resolvers/universal */
const RESOLVER = "0xeeeeeeee14d718c2b47d9923deab1335e144eeee";

/** The primary name of an account; null when it has none. */
export const readEnsName = (client: Client, address: Address): Promise<string | null> =>
  getEnsName(client, { address, universalResolverAddress: RESOLVER });
