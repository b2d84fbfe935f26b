import { whereaboutsOf } from "@wattline/audit/command";
import { readArguments } from "@wattline/common/flags";
import { OptionsError, rpcUrlOf } from "@wattline/common/options";
import { formatKwh } from "@wattline/sdk";
import { checkDelivery, deliveryFromJson } from "@wattline/sdk/statements";
import { type Chain, readChain } from "./chain.ts";
import { readInput, type Told } from "./command.ts";

export const VERIFY_USAGE = `npm run verify -- STATEMENT --rpc URL (--deployment FILE | --marketplace ADDRESS)

Checks a delivery statement: that its import was signed by meters of that household, that its purchases
and retirements are on the chain as it lists them, that they were made for this statement alone, and that
every sum is right. Nothing but the node's logs is trusted.

  STATEMENT              the file, as JSON
  --rpc URL              the node to read from (default: WATTLINE_RPC_URL)
  --deployment FILE      where the contracts are, as JSON (default: the file that
                         WATTLINE_DEPLOYMENT names); the statement's own word is not taken for it
  --marketplace ADDRESS  where the marketplace is: it names the other contracts
  --help                 this text

Ends with 0 when all of it holds, with 1 when something does not, with 2 for an option or a file that makes
no sense, with 3 when the node does not answer, or not truthfully.`;

const TEXT = { type: "string" } as const;
const FLAGS = { rpc: TEXT, deployment: TEXT, marketplace: TEXT } as const;

export interface VerifyCommand extends Chain {
  readonly file: string;
}

/** @throws OptionsError that names the option. */
export function readVerifyOptions(
  argv: readonly string[],
  usual = process.env.WATTLINE_DEPLOYMENT,
): VerifyCommand | "help" {
  const { values, positionals } = readArguments(argv, FLAGS);
  if (values.help) return "help";
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) {
    throw new OptionsError(`Give one STATEMENT, not ${positionals.length}. See --help.`);
  }
  const where = whereaboutsOf(values.deployment, values.marketplace, usual);
  return { file, rpc: rpcUrlOf(values.rpc), where };
}

/** @throws OptionsError, StatementFormatError, and as `readChain`. */
export async function verify(
  { file, ...chain }: VerifyCommand,
  signal: AbortSignal,
  isQuiet = false,
): Promise<Told> {
  const statement = deliveryFromJson(readInput(file), file);
  const { history, end } = await readChain(chain, signal, isQuiet);
  const findings = await checkDelivery(statement, history);
  const { household, microgrid, countsWh, slots } = statement;
  return {
    lines: [
      ...findings.map(({ rule, message }) => `${rule}: ${message}`),
      findings.length > 0
        ? `${file} is refused: ${findings.length} ${findings.length === 1 ? "finding" : "findings"}, up to block ${end.number}.`
        : `${file} holds up to block ${end.number}: ${household} used ${formatKwh(countsWh)} of bought energy in ${slots.filter((slot) => slot.countsWh > 0n).length} slots of microgrid ${microgrid}.`,
    ],
    holds: findings.length === 0,
  };
}
