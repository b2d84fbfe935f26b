import { OptionsError } from "@wattline/common/options";
import { type Contracts, marketplaceAbi, metersAbi } from "@wattline/sdk";
import { type Address, decodeFunctionResult, encodeFunctionData, type Hex } from "viem";
import { quantity } from "./answers.ts";
import { hexOf, numberOf, type Rpc } from "./rpc.ts";

/** Where the contracts are, as far as it was said. */
export interface Whereabouts {
  readonly marketplace: Address;
  readonly meters?: Address;
  readonly energy?: Address;
  readonly chainId?: number;
  /** The first block to read. */
  readonly fromBlock?: number;
}

/** What there is to audit. */
export interface Subject {
  readonly chainId: number;
  readonly contracts: Contracts;
  /** The first block that can hold anything of it. */
  readonly firstBlock: number;
}

/**
 * Finds the contracts: the marketplace names its meters, they the energy token, and a file that names others is wrong.
 * @throws OptionsError when there is no marketplace at the address, or the chain is another one.
 */
export async function findSubject(rpc: Rpc, where: Whereabouts): Promise<Subject> {
  const { marketplace } = where;
  const chainId = numberOf(await rpc.request("eth_chainId", []), "chain id");
  if (where.chainId !== undefined && where.chainId !== chainId) {
    throw new OptionsError(
      `The deployment is on chain ${where.chainId}; the node is on chain ${chainId}.`,
    );
  }
  const meters = await ask(marketplace, "METERS", marketplace);
  const energy = await ask(marketplace, "ENERGY", marketplace);
  const metersEnergy = await ask(meters, "meters' ENERGY", marketplace);
  if (metersEnergy !== energy) {
    throw new OptionsError(`The marketplace and the meters at ${meters} name different tokens.`);
  }
  for (const [name, said, found] of [
    ["meters", where.meters, meters],
    ["energy", where.energy, energy],
  ] as const) {
    if (said !== undefined && said !== found) {
      throw new OptionsError(
        `The deployment's ${name} are ${said}; the marketplace names ${found}.`,
      );
    }
  }
  return {
    chainId,
    contracts: { marketplace, meters, energy },
    firstBlock: where.fromBlock ?? (await firstBlockOf(marketplace)),
  };

  async function ask(to: Address, view: "METERS" | "ENERGY" | "meters' ENERGY", market: Address) {
    const isMeters = view === "meters' ENERGY";
    const data = isMeters
      ? encodeFunctionData({ abi: metersAbi, functionName: "ENERGY" })
      : encodeFunctionData({ abi: marketplaceAbi, functionName: view });
    // Only the chain itself can say that there is no marketplace: a node that fails has said nothing.
    const answer = await rpc.attempt("eth_call", [{ to, data }, "latest"]);
    try {
      const hex: Hex = hexOf(answer, view);
      return isMeters
        ? decodeFunctionResult({ abi: metersAbi, functionName: "ENERGY", data: hex })
        : decodeFunctionResult({ abi: marketplaceAbi, functionName: view, data: hex });
    } catch {
      throw new OptionsError(
        `There is no marketplace of Wattline at ${market} on chain ${chainId}.`,
      );
    }
  }

  /** The block that brought the marketplace, where the node knows the past; else the first of all. */
  async function firstBlockOf(address: Address): Promise<number> {
    const head = numberOf(await rpc.request("eth_blockNumber", []), "block number");
    let [low, high] = [0, head];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const code = await rpc.attempt("eth_getCode", [address, quantity(middle)]);
      if (typeof code !== "string") return 0;
      if (code === "0x") low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
