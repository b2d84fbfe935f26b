import { configVariable } from "hardhat/config";
import type { HttpNetworkUserConfig } from "hardhat/types/config";
import type { ChainType } from "hardhat/types/network";

/** A public network that Wattline is deployed to. */
interface PublicNetwork {
  readonly chainId: number;
  readonly chainType: ChainType;
}

/** Those that have a name here; any other is deployed to by its address and chain id. */
export const PUBLIC_NETWORKS = {
  ethereum: { chainId: 1, chainType: "l1" },
  sepolia: { chainId: 11_155_111, chainType: "l1" },
  base: { chainId: 8_453, chainType: "op" },
  gnosis: { chainId: 100, chainType: "generic" },
} as const satisfies Record<string, PublicNetwork>;

/** The variable with the key that pays for a deployment. It keeps no power over what it deploys. */
export const DEPLOYER_KEY = "WATTLINE_DEPLOYER_KEY";

/** The variable with the address of a network's node. */
export const rpcVariable = (name: string): string => `WATTLINE_${name.toUpperCase()}_RPC`;

/** Hardhat reads the variables from its encrypted keystore, or from the environment, and only when they are needed. */
export const networkConfig = (
  { chainId, chainType }: PublicNetwork,
  url: HttpNetworkUserConfig["url"],
): HttpNetworkUserConfig => ({
  type: "http",
  chainId,
  chainType,
  url,
  accounts: [configVariable(DEPLOYER_KEY)],
});

/** All of {@link PUBLIC_NETWORKS}, as Hardhat's configuration has them. */
export const publicNetworks = (): Record<string, HttpNetworkUserConfig> =>
  Object.fromEntries(
    Object.entries(PUBLIC_NETWORKS).map(([name, network]) => [
      name,
      networkConfig(network, configVariable(rpcVariable(name))),
    ]),
  );
