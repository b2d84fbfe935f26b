import { boardAbi, energyTokenAbi, marketplaceAbi, metersAbi, microgridsAbi } from "@wattline/sdk";
import {
  type Abi,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  encodeFunctionData,
  erc20Abi,
  type Hex,
} from "viem";
import type { Network } from "./config.ts";

/** Wattline's contracts on a network, ready for `readContract` and {@link callOf}. */
export const contractsOf = ({ deployment, currency }: Network) => ({
  marketplace: { address: deployment.marketplace, abi: marketplaceAbi },
  microgrids: { address: deployment.microgrids, abi: microgridsAbi },
  meters: { address: deployment.meters, abi: metersAbi },
  energy: { address: deployment.energy, abi: energyTokenAbi },
  board: { address: deployment.board, abi: boardAbi },
  currency: { address: currency.address, abi: erc20Abi },
});

/** One call of a transaction. */
export interface Call {
  readonly to: Address;
  readonly data: Hex;
}

/** Encodes a call of a contract's function. */
export const callOf = <
  const abi extends Abi,
  name extends ContractFunctionName<abi, "nonpayable">,
  const args extends ContractFunctionArgs<abi, "nonpayable", name>,
>(
  contract: { readonly address: Address; readonly abi: abi },
  functionName: name,
  args: args & readonly unknown[],
): Call => {
  const { abi, address } = contract;
  return { to: address, data: encodeFunctionData<Abi, string>({ abi, functionName, args }) };
};
