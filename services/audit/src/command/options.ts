import { deploymentSchema, readDeployment } from "@wattline/common/deployment";
import { readFlags } from "@wattline/common/flags";
import { OptionsError, rpcUrlOf, wholeNumber } from "@wattline/common/options";
import { type Address, getAddress, isAddress } from "viem";
import type { Whereabouts } from "../whereabouts.ts";

export const USAGE = `npm run audit -- --rpc URL (--deployment FILE | --marketplace ADDRESS) [options]

  --rpc URL              the node to read from (default: WATTLINE_RPC_URL); nothing else is trusted
  --deployment FILE      where the contracts are, as JSON (default: the file that
                         WATTLINE_DEPLOYMENT names)
  --marketplace ADDRESS  where the marketplace is: it names the other contracts
  --from-block N         judge from this block on; earlier ones are read all the same, because
                         balances rest on them
  --to-block N           the last block (default: the newest)
  --microgrid ID         write rows and findings of one microgrid only
  --out FOLDER           where results go (default audit); an interrupted audit goes on from there
  --no-signatures        leave signatures out
  --help                 this text

Ends with 0 when no check fails (what could not be judged is said), 1 when one fails, 2 for an option
that makes no sense, 3 when the node does not answer, or not truthfully, 4 when nothing was judged.`;

const FLAGS = {
  rpc: { type: "string" },
  deployment: { type: "string" },
  marketplace: { type: "string" },
  "from-block": { type: "string" },
  "to-block": { type: "string" },
  microgrid: { type: "string" },
  out: { type: "string" },
  "no-signatures": { type: "boolean" },
} as const;

export interface AuditCommand {
  readonly rpc: string;
  readonly where: Whereabouts;
  readonly fromBlock?: number;
  readonly toBlock?: number;
  readonly microgrid?: number;
  readonly out: string;
  readonly signatures: boolean;
}

/**
 * Reads the command line.
 * @returns "help" when that was asked for.
 * @throws OptionsError that names the option.
 */
export function readOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): AuditCommand | "help" {
  const values = readFlags(argv, FLAGS);
  if (values.help) return "help";
  const [fromBlock, toBlock] = [
    blockOf("--from-block", values["from-block"]),
    blockOf("--to-block", values["to-block"]),
  ];
  if (fromBlock !== undefined && toBlock !== undefined && fromBlock > toBlock) {
    throw new OptionsError(`--from-block ${fromBlock} lies behind --to-block ${toBlock}.`);
  }
  const microgrid = blockOf("--microgrid", values.microgrid);
  return {
    rpc: rpcUrlOf(values.rpc),
    where: whereaboutsOf(values.deployment, values.marketplace, env.WATTLINE_DEPLOYMENT),
    ...(fromBlock !== undefined && { fromBlock }),
    ...(toBlock !== undefined && { toBlock }),
    ...(microgrid !== undefined && { microgrid }),
    out: values.out ?? "audit",
    signatures: values["no-signatures"] !== true,
  };
}

const blockOf = (name: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : wholeNumber(name, text);

/**
 * Where the contracts are, as a command line says it.
 * @param usual The deployment's file when none is given.
 * @throws OptionsError that names the option.
 */
export function whereaboutsOf(
  deployment: string | undefined,
  marketplace: string | undefined,
  usual: string | undefined,
): Whereabouts {
  if (deployment !== undefined && marketplace !== undefined) {
    throw new OptionsError("--deployment and --marketplace say the same thing: give one.");
  }
  if (marketplace !== undefined) {
    return { marketplace: addressOf("--marketplace", marketplace) };
  }
  const file = deployment ?? usual;
  if (file === undefined) {
    throw new OptionsError("--deployment FILE or --marketplace ADDRESS is missing. See --help.");
  }
  return readDeployment(file, deploymentSchema.omit({ board: true }), OptionsError);
}

function addressOf(name: string, text: unknown): Address {
  if (typeof text === "string" && isAddress(text, { strict: false })) return getAddress(text);
  throw new OptionsError(`${name} takes an address of 20 bytes, not ${JSON.stringify(text)}.`);
}
