import { whereaboutsOf } from "@wattline/audit/command";
import { writeWhole } from "@wattline/common/files";
import { readFlags } from "@wattline/common/flags";
import { OptionsError, rpcUrlOf, timeOf, wholeNumber } from "@wattline/common/options";
import { formatKwh, slotAt } from "@wattline/sdk";
import {
  buildDelivery,
  type DueRetirement,
  deliveryToJson,
  signedImportsFromJson,
} from "@wattline/sdk/statements";
import { type Address, getAddress, isAddress } from "viem";
import { type Chain, readChain } from "./chain.ts";
import { readInput, type Told } from "./command.ts";

export const DELIVERY_USAGE = `npm run delivery -- --rpc URL --household ADDRESS --microgrid ID --from TIME --to TIME --imports FILE [options]

Writes a household's delivery statement: its signed import, its purchases, and what of them counts
because it was used and retired for this statement. Says what is still to be retired, and with which purpose.

  --rpc URL              the node to read from (default: WATTLINE_RPC_URL)
  --deployment FILE      where the contracts are, as JSON (default: the file that
                         WATTLINE_DEPLOYMENT names)
  --marketplace ADDRESS  where the marketplace is: it names the other contracts
  --household ADDRESS    whose statement it is
  --microgrid ID         where the household lives
  --from TIME            first moment, with its offset: 2026-06-01T00:00:00+02:00
  --to TIME              first moment that is left out
  --imports FILE         the signed readings, as the home agent's export prints them
  --out FILE             where the statement goes (default delivery.json)
  --help                 this text

Ends with 0, with 2 for an option or a file that makes no sense, with 3 when the node does not answer, or
not truthfully.`;

const TEXT = { type: "string" } as const;
const FLAGS = {
  rpc: TEXT,
  deployment: TEXT,
  marketplace: TEXT,
  household: TEXT,
  microgrid: TEXT,
  from: TEXT,
  to: TEXT,
  imports: TEXT,
  out: TEXT,
} as const;

export interface DeliveryCommand extends Chain {
  readonly household: Address;
  readonly microgrid: number;
  /** Unix seconds; `to` is excluded. */
  readonly from: number;
  readonly to: number;
  readonly imports: string;
  readonly out: string;
}

/** @throws OptionsError that names the option. */
export function readDeliveryOptions(
  argv: readonly string[],
  usual = process.env.WATTLINE_DEPLOYMENT,
): DeliveryCommand | "help" {
  const values = readFlags(argv, FLAGS);
  if (values.help) return "help";
  const { household = "", imports } = values;
  if (imports === undefined) throw new OptionsError("--imports FILE is missing. See --help.");
  if (!isAddress(household, { strict: false })) {
    throw new OptionsError(`--household takes an address of 20 bytes, not "${household}".`);
  }
  const [from, to] = [timeOf("--from", values.from), timeOf("--to", values.to)];
  if (from >= to) throw new OptionsError(`--from ${values.from} is not before --to ${values.to}.`);
  return {
    rpc: rpcUrlOf(values.rpc),
    where: whereaboutsOf(values.deployment, values.marketplace, usual),
    household: getAddress(household),
    microgrid: wholeNumber("--microgrid", values.microgrid ?? ""),
    from,
    to,
    imports,
    out: values.out ?? "delivery.json",
  };
}

/** @throws OptionsError, StatementFormatError, and as `readChain`. */
export async function writeDelivery(
  { household, microgrid, from, to, imports, out, ...chain }: DeliveryCommand,
  signal: AbortSignal,
  isQuiet = false,
): Promise<Told> {
  const signed = signedImportsFromJson(readInput(imports), imports);
  const { history, end } = await readChain(chain, signal, isQuiet);
  const slotSeconds = history.microgrids.get(microgrid)?.slotSeconds;
  if (slotSeconds === undefined) {
    throw new OptionsError(`--microgrid ${microgrid}: the chain has no such microgrid.`);
  }
  if (from % slotSeconds !== 0 || to % slotSeconds !== 0) {
    throw new OptionsError(
      `--from and --to must be at the start of a slot of ${slotSeconds / 60} minutes.`,
    );
  }
  const request = {
    household,
    microgrid,
    firstSlot: slotAt(from, slotSeconds),
    lastSlot: slotAt(to, slotSeconds) - 1,
  };
  const { statement, due } = buildDelivery(history, request, signed);
  writeWhole(out, deliveryToJson(statement));
  return {
    lines: [
      `${out}: ${formatKwh(statement.countsWh)} count, from ${statement.imports.length} signed readings and ${statement.purchases.length} purchases up to block ${end.number}.`,
      ...due.map(dueLine),
      ...(due.length > 0 ? ["Then run this again."] : []),
    ],
    holds: true,
  };
}

const dueLine = ({ source, energyWh, purpose }: DueRetirement): string => {
  const wh = [...energyWh.values()].reduce((sum, each) => sum + each, 0n);
  return `To be retired for it, with the purpose ${purpose}: ${formatKwh(wh)} of ${source} (${[
    ...energyWh,
  ]
    .map(([slot, each]) => `slot ${slot}: ${each} Wh`)
    .join(", ")}).`;
};
