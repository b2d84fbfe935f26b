import { verifyContract } from "@nomicfoundation/hardhat-verify/verify";
import type { Address } from "viem";
import type { Addresses } from "./contracts.ts";
import type { Target } from "./network.ts";

/** A contract as explorers verify it. */
interface Verifiable {
  readonly contract: string;
  readonly address: Address;
  readonly constructorArgs?: readonly unknown[];
  readonly libraries?: Readonly<Record<string, Address>>;
}

/**
 * Has every contract's source verified by Sourcify and, where the chain has one, by Blockscout.
 * @returns What failed, a line each. What is verified already passes.
 */
export async function verifyAll(
  { hre, hasBlockscout }: Target,
  addresses: Addresses,
): Promise<string[]> {
  const services = hasBlockscout ? (["sourcify", "blockscout"] as const) : (["sourcify"] as const);
  const failures: string[] = [];
  for (const { contract, address, constructorArgs = [], libraries = {} } of contractsOf(
    addresses,
  )) {
    for (const provider of services) {
      const args = {
        address,
        constructorArgs: [...constructorArgs],
        libraries,
        contract,
        provider,
      };
      await verifyContract(args, hre).catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        const reason = message.split(/\s*\n\s*/).join(" ");
        failures.push(`${contract} at ${address}, ${provider}: ${reason}`);
      });
    }
  }
  return failures;
}

function contractsOf(at: Addresses): readonly Verifiable[] {
  const libraries = { EnergyMetadata: at.metadata };
  return [
    {
      contract: "contracts/Marketplace.sol:Marketplace",
      address: at.marketplace,
      constructorArgs: [at.metersFactory, at.settlement, at.forwards, at.releases, at.mandates],
    },
    { contract: "contracts/Microgrids.sol:Microgrids", address: at.microgrids },
    {
      contract: "contracts/Meters.sol:Meters",
      address: at.meters,
      constructorArgs: [at.marketplace, at.microgrids, at.tokenFactory],
    },
    {
      contract: "contracts/EnergyToken.sol:EnergyToken",
      address: at.energy,
      constructorArgs: [at.meters, at.marketplace],
      libraries,
    },
    { contract: "contracts/Board.sol:Board", address: at.board },
    { contract: "contracts/market/Settlement.sol:Settlement", address: at.settlement },
    { contract: "contracts/market/Forwards.sol:Forwards", address: at.forwards },
    { contract: "contracts/market/Releases.sol:Releases", address: at.releases },
    { contract: "contracts/market/Mandates.sol:Mandates", address: at.mandates },
    { contract: "contracts/libraries/EnergyMetadata.sol:EnergyMetadata", address: at.metadata },
    {
      contract: "contracts/deployment/EnergyTokenFactory.sol:EnergyTokenFactory",
      address: at.tokenFactory,
      libraries,
    },
    {
      contract: "contracts/deployment/MetersFactory.sol:MetersFactory",
      address: at.metersFactory,
      constructorArgs: [at.microgrids, at.tokenFactory],
    },
  ];
}
