import { boardAbi, energyTokenAbi, marketplaceAbi, metersAbi, microgridsAbi } from "@wattline/sdk";
import { type Abi, decodeErrorResult, type Hex, toFunctionSelector } from "viem";

const address = (name: string) => ({ name, type: "address" });
const uint = (name: string) => ({ name, type: "uint256" });

/** Errors of the usual currencies: ERC-20 (ERC-6093) and ERC-2612. */
const currencyErrors = [
  {
    type: "error",
    name: "ERC20InsufficientBalance",
    inputs: [address("sender"), uint("balance"), uint("needed")],
  },
  {
    type: "error",
    name: "ERC20InsufficientAllowance",
    inputs: [address("spender"), uint("allowance"), uint("needed")],
  },
  { type: "error", name: "ERC2612ExpiredSignature", inputs: [uint("deadline")] },
  {
    type: "error",
    name: "ERC2612InvalidSigner",
    inputs: [address("signer"), address("owner")],
  },
] as const;

const everything = [
  ...marketplaceAbi,
  ...microgridsAbi,
  ...metersAbi,
  ...energyTokenAbi,
  ...boardAbi,
  ...currencyErrors,
] as const;

/** The names of all errors that can come back, those of Solidity itself included. */
export type ErrorName =
  | Extract<(typeof everything)[number], { type: "error" }>["name"]
  | "Error"
  | "Panic";

const ERRORS: Abi = everything.filter(({ type }) => type === "error");

/** A contract's refusal, decoded. */
export interface Refusal {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Reads revert data; undefined when it is no error of these contracts. */
export function decodeRefusal(data: Hex): Refusal | undefined {
  try {
    const { errorName, args } = decodeErrorResult({ abi: ERRORS, data });
    return { name: errorName, args: args ?? [] };
  } catch {
    return undefined;
  }
}

/** The error that a reason names by its selector, as the contracts give reasons; undefined when it is none of theirs. */
export function nameOfSelector(selector: string): ErrorName | undefined {
  const found = everything.find(
    (item) => item.type === "error" && toFunctionSelector(signatureOf(item)) === selector,
  );
  return found?.type === "error" ? found.name : undefined;
}

const signatureOf = ({
  name,
  inputs,
}: {
  readonly name: string;
  readonly inputs: readonly { readonly type: string }[];
}): string => `${name}(${inputs.map(({ type }) => type).join(",")})`;
