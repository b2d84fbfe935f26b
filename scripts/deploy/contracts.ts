import type { Deployment } from "@wattline/sdk";
import { type Address, getAddress, keccak256, toHex } from "viem";
import type Wattline from "../../ignition/modules/Wattline.ts";

/**
 * Wattline's addresses follow from this, the code of CreateX (0xba5Ed099633D3B313e4D5F7bdc1305d3c28ba5Ed on every chain that
 * has it) and the contracts' own code with its constructor arguments; not from who deploys, when, or on which chain.
 */
export const SALT = keccak256(toHex("Wattline, second edition"));

/** Every contract that a deployment makes. */
export type ContractName = keyof typeof Wattline.results;
export type Addresses = Readonly<Record<ContractName, Address>>;

interface Located {
  getAddress(): Promise<string>;
}

/** Addresses of what Ignition has deployed. */
export async function addressesOf(
  deployed: Readonly<Record<ContractName, Located>>,
): Promise<Addresses> {
  const address = async (name: ContractName) => getAddress(await deployed[name].getAddress());
  return {
    marketplace: await address("marketplace"),
    microgrids: await address("microgrids"),
    meters: await address("meters"),
    energy: await address("energy"),
    board: await address("board"),
    settlement: await address("settlement"),
    forwards: await address("forwards"),
    releases: await address("releases"),
    mandates: await address("mandates"),
    metadata: await address("metadata"),
    tokenFactory: await address("tokenFactory"),
    metersFactory: await address("metersFactory"),
  };
}

/** What programs need of a deployment. */
export const deploymentOf = (
  { marketplace, microgrids, meters, energy, board }: Addresses,
  chainId: number,
  fromBlock: number,
): Deployment => ({ chainId, marketplace, microgrids, meters, energy, board, fromBlock });
