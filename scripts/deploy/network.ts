import path from "node:path";
import { nodeTransport } from "@wattline/common/node";
import { OptionsError } from "@wattline/common/options";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { ChainType } from "hardhat/types/network";
import { createPublicClient, type PublicClient } from "viem";
import config from "../../hardhat.config.ts";
import { networkConfig, PUBLIC_NETWORKS } from "../../ignition/networks.ts";
import type { DeployOptions } from "./options.ts";

/** The network that is deployed to. */
export interface Target {
  readonly name: string;
  readonly chainId: number;
  readonly chainType: ChainType;
  /** Hardhat, with this network as its usual one. */
  readonly hre: HardhatRuntimeEnvironment;
  readonly hasBlockscout: boolean;
  /** Reads the network; no key is needed. Asks for the node's address first. */
  reader(): Promise<PublicClient>;
}

/** A network without a name here, in Hardhat's configuration. */
const OTHER = "other";

export async function targetOf({
  where,
  out,
  sourcifyUrl,
  blockscoutUrl,
}: DeployOptions): Promise<Target> {
  const isNamed = typeof where === "string";
  const name = isNamed ? where : OTHER;
  const { chainId, chainType } = isNamed
    ? PUBLIC_NETWORKS[where]
    : { chainId: where.chainId, chainType: "generic" as const };
  const other = isNamed ? {} : { [OTHER]: networkConfig({ chainId, chainType }, where.rpcUrl) };
  const sourcify = sourcifyUrl === undefined ? {} : { apiUrl: sourcifyUrl };
  const hre = await createHardhatRuntimeEnvironment(
    {
      ...config,
      networks: { ...config.networks, ...other },
      paths: { ignition: path.join(path.resolve(out), "journal") },
      verify: { ...config.verify, sourcify },
      ...(blockscoutUrl !== undefined && {
        chainDescriptors: { [chainId]: explored(name, chainType, blockscoutUrl) },
      }),
    },
    { network: name },
    import.meta.dirname,
  );
  const reader = async () => {
    const network = hre.config.networks[name];
    if (network?.type !== "http") throw new Error(`${name} is no network with a node.`);
    return createPublicClient({ transport: nodeTransport(await network.url.getUrl()) });
  };
  return {
    name,
    chainId,
    chainType,
    hre,
    hasBlockscout: isNamed || blockscoutUrl !== undefined,
    reader,
  };
}

/** A chain with a Blockscout, as Hardhat describes it. */
const explored = (name: string, chainType: ChainType, apiUrl: string) => ({
  name,
  chainType,
  blockExplorers: { blockscout: { url: new URL(apiUrl).origin, apiUrl } },
});

/** @throws OptionsError when the node is of another chain. */
export async function expectChain(reader: PublicClient, { name, chainId }: Target): Promise<void> {
  const found = await reader.getChainId();
  if (found === chainId) return;
  throw new OptionsError(
    `The node of ${name} is on chain ${found}, not ${chainId}: give another node or chain id.`,
  );
}
