import { readKeystore } from "@wattline/common/keys";
import { MendableError, reasonOf } from "@wattline/common/mendable";
import { nodeTransport } from "@wattline/common/node";
import { OptionsError } from "@wattline/common/options";
import {
  boardAbi,
  type Deployment,
  energyTokenAbi,
  marketplaceAbi,
  metersAbi,
  microgridsAbi,
} from "@wattline/sdk";
import {
  type Abi,
  type AbiFunction,
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  encodeFunctionData,
  erc20Abi,
  isAddress,
  type PublicClient,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { CallCommand } from "./options.ts";
import { textOf, valuesOf } from "./values.ts";

const ABIS = {
  microgrids: microgridsAbi,
  meters: metersAbi,
  energy: energyTokenAbi,
  marketplace: marketplaceAbi,
  board: boardAbi,
} as const;

type ContractName = keyof typeof ABIS;

interface Contract {
  readonly address: Address;
  readonly abi: Abi;
}

/**
 * Asks or calls a contract.
 * @returns What there is to print: the answer, or what became of the call.
 * @throws OptionsError for a contract, function or argument that does not exist; MendableError for what the contract refuses,
 * a key that can't be used, and a node that does not answer.
 */
export async function call(command: CallCommand): Promise<string> {
  const { functionName, deployment, rpcUrl, keyFile } = command;
  const { address, abi } = contractOf(deployment, command.contract);
  const [item, args] = functionOf(abi, command);
  const transport = nodeTransport(rpcUrl, { tries: 2 });
  const client = createPublicClient({ transport, cacheTime: 0 });
  await expectChain(client, deployment);
  const request = { address, abi, functionName, args };

  if (item.stateMutability === "view" || item.stateMutability === "pure") {
    return textOf(await refusalsNamed(client.readContract(request)));
  }
  if (keyFile === undefined) {
    const data = encodeFunctionData(request);
    return textOf({ chainId: deployment.chainId, to: address, data });
  }
  const account = privateKeyToAccount(privateKeyIn(keyFile));
  await refusalsNamed(client.simulateContract({ ...request, account }));
  const wallet = createWalletClient({ account, transport });
  const hash = await refusalsNamed(wallet.writeContract({ ...request, chain: null }));
  console.error(`Sent: ${hash}`);
  const { status, blockNumber } = await refusalsNamed(client.waitForTransactionReceipt({ hash }));
  if (status !== "success") {
    throw new MendableError(`The transaction ${hash} has failed in block ${blockNumber}.`);
  }
  return `${command.contract}.${functionName} is in block ${blockNumber}.`;
}

function contractOf(deployment: Deployment, name: string): Contract {
  if (isAddress(name, { strict: false })) return { address: name, abi: erc20Abi };
  if (isContractName(name)) return { address: deployment[name], abi: ABIS[name] };
  throw new OptionsError(
    `There is no contract "${name}": ${Object.keys(ABIS).join(", ")}, or a currency's address.`,
  );
}

const isContractName = (name: string): name is ContractName => Object.hasOwn(ABIS, name);

function functionOf(
  abi: Abi,
  { contract, functionName, args }: CallCommand,
): readonly [AbiFunction, readonly unknown[]] {
  const named = abi.filter((item) => item.type === "function" && item.name === functionName);
  const functions = named.filter((item) => item.type === "function");
  const item = functions.find(({ inputs }) => inputs.length === args.length);
  if (item !== undefined) return [item, valuesOf(item.inputs, args)];
  const [other] = functions;
  if (other === undefined) throw new OptionsError(`${contract} has no function "${functionName}".`);
  const wanted = other.inputs.map(({ type, name }) => `${name} (${type})`).join(", ");
  throw new OptionsError(
    `${contract}.${functionName} takes ${other.inputs.length} arguments, not ${args.length}: ${wanted || "none"}.`,
  );
}

function privateKeyIn(file: string) {
  const { curve, privateKey } = readKeystore(file, `${file.replace(/\.json$/, "")}.password`);
  if (curve === "secp256k1") return privateKey;
  throw new MendableError(`${file} is a device's key on the curve ${curve}: no account has it.`);
}

async function expectChain(client: PublicClient, { chainId }: Deployment): Promise<void> {
  const found = await refusalsNamed(client.getChainId());
  if (found !== chainId) {
    throw new MendableError(
      `The node is on chain ${found}, the deployment on chain ${chainId}. Mend --rpc or --deployment.`,
    );
  }
}

/** A contract's refusal by its error and values; anything else that viem throws in one line, without the node's address. */
async function refusalsNamed<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    const reverted = error.walk((each) => each instanceof ContractFunctionRevertedError);
    if (!(reverted instanceof ContractFunctionRevertedError)) {
      throw new MendableError(reasonOf(error));
    }
    const { data, reason, signature } = reverted;
    const values = (data?.args ?? []).map(textOf).join(", ");
    const name =
      data === undefined
        ? `an error that none of Wattline's contracts has (${signature ?? "without data"})`
        : `${data.errorName}(${values})`;
    throw new MendableError(`The contract refuses: ${reason ?? name}.`);
  }
}
