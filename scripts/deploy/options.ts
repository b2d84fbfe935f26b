import { readFlags } from "@wattline/common/flags";
import { choice, httpUrlOf, OptionsError, rpcUrlOf, wholeNumber } from "@wattline/common/options";
import { parseGwei } from "viem";
import { PUBLIC_NETWORKS } from "../../ignition/networks.ts";

export const USAGE = `npm run deploy -- --network NAME [options]
npm run deploy -- --rpc URL --chain-id NUMBER [options]

Deploys Wattline, at the same addresses on every chain, has its sources verified, and writes
where everything is. The same command again goes on where the last one was interrupted.

  --network NAME       ${Object.keys(PUBLIC_NETWORKS).join(", ")}: its node is the variable
                       WATTLINE_NAME_RPC
  --rpc URL            the node of any other network (default: WATTLINE_RPC_URL)
  --chain-id NUMBER    that network's chain id
  --dry-run            sends nothing: the gas of every contract, the addresses, and the cost
  --gas-price GWEI     for the cost, instead of what the node says
  --ether-price EUR    adds the cost in euro
  --sourcify URL       another Sourcify server than the public one
  --blockscout URL     the API of a Blockscout; networks with a name have one
  --no-verify          leaves the sources unverified
  --out FOLDER         where to write CHAINID.json, and in journal/ what was done so far
                       (default deployments)
  --help               this text

The key that pays is the variable WATTLINE_DEPLOYER_KEY; it keeps no power over the contracts.
Variables are read from the environment or from Hardhat's encrypted keystore:
  npx hardhat keystore set WATTLINE_DEPLOYER_KEY`;

const FLAGS = {
  network: { type: "string" },
  rpc: { type: "string" },
  "chain-id": { type: "string" },
  "dry-run": { type: "boolean" },
  "gas-price": { type: "string" },
  "ether-price": { type: "string" },
  sourcify: { type: "string" },
  blockscout: { type: "string" },
  "no-verify": { type: "boolean" },
  out: { type: "string" },
} as const;

type NetworkName = keyof typeof PUBLIC_NETWORKS;

export interface DeployOptions {
  /** A network with a name, or any other. */
  readonly where: NetworkName | { readonly rpcUrl: string; readonly chainId: number };
  readonly isDryRun: boolean;
  readonly gasPriceWei: bigint | undefined;
  /** Euro for an ether. */
  readonly etherPrice: number | undefined;
  readonly verifies: boolean;
  /** Servers that verify, beside those that are known. */
  readonly sourcifyUrl: string | undefined;
  readonly blockscoutUrl: string | undefined;
  readonly out: string;
}

/**
 * Reads the command line.
 * @returns "help" when that was asked for.
 * @throws OptionsError for what makes no sense; the message names it.
 */
export function readOptions(argv: readonly string[]): DeployOptions | "help" {
  const values = readFlags(argv, FLAGS);
  if (values.help) return "help";
  return {
    where: whereOf(values.network, values.rpc, values["chain-id"]),
    isDryRun: values["dry-run"] ?? false,
    gasPriceWei: gweiOf(values["gas-price"]),
    etherPrice: euroOf(values["ether-price"]),
    verifies: !values["no-verify"],
    sourcifyUrl: values.sourcify && httpUrlOf("--sourcify", values.sourcify),
    blockscoutUrl: values.blockscout && httpUrlOf("--blockscout", values.blockscout),
    out: values.out ?? "deployments",
  };
}

function whereOf(
  network: string | undefined,
  rpc: string | undefined,
  chainId: string | undefined,
): DeployOptions["where"] {
  if (network !== undefined) {
    if (rpc !== undefined || chainId !== undefined) {
      throw new OptionsError(
        "--network has its node and chain id: leave --rpc and --chain-id out.",
      );
    }
    return choice("--network", Object.keys(PUBLIC_NETWORKS) as NetworkName[], network);
  }
  if (chainId === undefined) {
    throw new OptionsError("Give --network NAME, or --rpc URL and --chain-id NUMBER. See --help.");
  }
  return { rpcUrl: rpcUrlOf(rpc), chainId: wholeNumber("--chain-id", chainId) };
}

const DECIMAL = /^\d{1,9}(\.\d{1,9})?$/;

function gweiOf(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  if (DECIMAL.test(text)) return parseGwei(text);
  throw new OptionsError(`--gas-price must be gwei such as 0.05, not "${text}".`);
}

function euroOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (DECIMAL.test(text)) return Number(text);
  throw new OptionsError(`--ether-price must be euro such as 2500, not "${text}".`);
}
