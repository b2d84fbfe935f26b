import { marketplaceAbi } from "@wattline/sdk";
import {
  type Abi,
  type Address,
  type Client,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  decodeFunctionResult,
  encodeFunctionData,
} from "viem";
import { call } from "viem/actions";

/** The function by which a contract of Wattline answers several calls as one. */
const multicall = { abi: marketplaceAbi, functionName: "multicall" } as const;

/**
 * Asks one view of a contract for many values at once, where the contract knows `multicall`: what is sent and awaited once
 * costs a page a fraction of what it costs many times. None of the questions may be one that the contract refuses.
 */
export async function readMany<
  const abi extends Abi,
  name extends ContractFunctionName<abi, "view">,
>(
  client: Client,
  { address: to, abi }: { readonly address: Address; readonly abi: abi },
  functionName: name,
  each: readonly (ContractFunctionArgs<abi, "view", name> & readonly unknown[])[],
): Promise<ContractFunctionReturnType<abi, "view", name>[]> {
  if (each.length === 0) return [];
  const calls = each.map((args) => encodeFunctionData<Abi, string>({ abi, functionName, args }));
  const { data = "0x" } = await call(client, {
    to,
    data: encodeFunctionData({ ...multicall, args: [calls] }),
  });
  const answers = decodeFunctionResult({ ...multicall, data });
  // What the contract's own ABI says of an answer, viem's types can't follow through an ABI that is not known here.
  return answers.map(
    (answer) =>
      decodeFunctionResult<Abi, string>({
        abi,
        functionName,
        data: answer,
      }) as ContractFunctionReturnType<abi, "view", name>,
  );
}
