import { OptionsError } from "@wattline/common/options";
import type { Contracts } from "@wattline/sdk";
import { type Address, decodeFunctionResult, encodeFunctionData, type Hex, parseAbi } from "viem";
import { quantity } from "./answers.ts";
import { hexOf, numberOf, type Rpc } from "./rpc.ts";

/** How contracts name one another. */
const viewsAbi = parseAbi([
  "function MICROGRIDS() view returns (address)",
  "function METERS() view returns (address)",
  "function ENERGY() view returns (address)",
]);

/** Where the contracts are, as far as it was said. */
export interface Whereabouts {
  readonly marketplace: Address;
  readonly microgrids?: Address;
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
 * Finds the contracts: the marketplace names its microgrids and meters, they the energy token, and a file that names others is wrong.
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
  const microgrids = await ask(marketplace, "MICROGRIDS");
  const meters = await ask(marketplace, "METERS");
  const energy = await ask(marketplace, "ENERGY");
  if ((await ask(meters, "ENERGY")) !== energy) {
    throw new OptionsError(`The marketplace and the meters at ${meters} name different tokens.`);
  }
  if ((await ask(meters, "MICROGRIDS")) !== microgrids) {
    throw new OptionsError(`The marketplace and the meters at ${meters} name other microgrids.`);
  }
  for (const [name, said, found] of [
    ["microgrids", where.microgrids, microgrids],
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
    contracts: { marketplace, microgrids, meters, energy },
    firstBlock: where.fromBlock ?? (await firstBlockOf(marketplace)),
  };

  async function ask(
    to: Address,
    functionName: "MICROGRIDS" | "METERS" | "ENERGY",
  ): Promise<Address> {
    const data = encodeFunctionData({ abi: viewsAbi, functionName });
    // Only the chain itself can say that there is no marketplace: a node that fails has said nothing.
    const answer = await rpc.attempt("eth_call", [{ to, data }, "latest"]);
    try {
      const hex: Hex = hexOf(answer, functionName);
      return decodeFunctionResult({ abi: viewsAbi, functionName, data: hex });
    } catch {
      throw new OptionsError(
        `There is no marketplace of Wattline at ${marketplace} on chain ${chainId}.`,
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
