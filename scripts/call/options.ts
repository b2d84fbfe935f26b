import { deploymentSchema, readDeployment } from "@wattline/common/deployment";
import { readArguments } from "@wattline/common/flags";
import { OptionsError, rpcUrlOf } from "@wattline/common/options";
import type { Deployment } from "@wattline/sdk";

export const USAGE = `npm run call -- CONTRACT.FUNCTION [ARGUMENT...] [options]

Asks one of Wattline's contracts, or calls it. What a function answers is printed as JSON, a single value as it is. A call
is tried first: what the contract would refuse is not sent, and the contract's error is named.

  CONTRACT           microgrids, meters, energy, marketplace, board, or the address of a currency (ERC-20)
  FUNCTION           as docs/CONTRACTS.md has it
  ARGUMENT           a number, an address, true, false, a text, or 0x and hexadecimal digits; lists and structs as
                     JSON, numbers beyond 2^53 in quotes. Write -- before the first number below zero
  --key FILE         who calls: a key file made by "npm run agent -- keys", its password beside it in a file that ends
                     in .password. Without a key a call is not sent: its transaction is printed, for a wallet to send
  --deployment FILE  where the contracts are, as JSON (default: the file that WATTLINE_DEPLOYMENT names)
  --rpc URL          the node (default: WATTLINE_RPC_URL, where an address with a password or an API key belongs)
  --help             this text`;

const TEXT = { type: "string" } as const;
const FLAGS = { key: TEXT, deployment: TEXT, rpc: TEXT } as const;

export interface CallCommand {
  /** The contract's name in a deployment, or a currency's address. */
  readonly contract: string;
  readonly functionName: string;
  readonly args: readonly string[];
  /** The key file of who calls. */
  readonly keyFile: string | undefined;
  readonly deployment: Deployment;
  readonly rpcUrl: string;
}

/**
 * Reads the command line.
 * @returns "help" when that was asked for.
 * @throws OptionsError that names the option.
 */
export function readCallOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): CallCommand | "help" {
  const { values, positionals } = readArguments(argv, FLAGS);
  if (values.help) return "help";
  const [name = "", ...args] = positionals;
  const [, contract, functionName] = /^(\w+)\.(\w+)$/.exec(name) ?? [];
  if (contract === undefined || functionName === undefined) {
    throw new OptionsError(
      `Give CONTRACT.FUNCTION such as meters.meterOf, not "${name}". See --help.`,
    );
  }
  const file = values.deployment ?? env.WATTLINE_DEPLOYMENT;
  if (!file) {
    throw new OptionsError("Give --deployment FILE or set WATTLINE_DEPLOYMENT. See --help.");
  }
  return {
    contract,
    functionName,
    args,
    keyFile: values.key,
    deployment: readDeployment(file, deploymentSchema, OptionsError),
    rpcUrl: rpcUrlOf(values.rpc, env),
  };
}
