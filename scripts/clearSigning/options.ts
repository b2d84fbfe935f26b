import { deploymentSchema, readDeployment } from "@wattline/common/deployment";
import { readFlags } from "@wattline/common/flags";
import { listOf, OptionsError, wholeNumber } from "@wattline/common/options";
import type { ClearSigningCurrency, Deployment } from "@wattline/sdk";
import { getAddress, isAddress } from "viem";

export const USAGE = `npm run clear-signing -- --deployment FILE --currency ADDRESS,SYMBOL,DECIMALS --out FOLDER

Writes what wallets show before a person signs, as ERC-7730 files.

  --deployment FILE      JSON with chainId, marketplace, microgrids, meters, energy, board
                         and fromBlock
  --currency CURRENCY    the token that the community trades in, as ADDRESS,SYMBOL,DECIMALS
  --microgrids LIST      numbers of the microgrids that trade in it, by comma (default 1)
  --out FOLDER           where to write; made if it is missing
  --help                 this text`;

const FLAGS = {
  deployment: { type: "string" },
  currency: { type: "string" },
  microgrids: { type: "string" },
  out: { type: "string" },
} as const;

export interface ClearSigningOptions {
  readonly deployment: Deployment;
  readonly currency: ClearSigningCurrency;
  readonly out: string;
}

/** ERC-20's `decimals`. */
const MOST_DECIMALS = 255;

/**
 * Reads the command line and the deployment file.
 * @returns "help" for --help.
 * @throws OptionsError
 */
export function readOptions(argv: readonly string[]): ClearSigningOptions | "help" {
  const values = readFlags(argv, FLAGS);
  if (values.help) return "help";
  const microgrids = listOf(values.microgrids ?? "1").map((text) =>
    wholeNumber("--microgrids", text),
  );
  if (microgrids.length === 0 || microgrids.includes(0)) {
    throw new OptionsError(
      `--microgrids must be numbers from 1 separated by commas, not "${values.microgrids}".`,
    );
  }
  return {
    deployment: readDeployment(
      required("--deployment", values.deployment),
      deploymentSchema,
      OptionsError,
    ),
    currency: { ...currencyOf(required("--currency", values.currency)), microgrids },
    out: required("--out", values.out),
  };
}

function required(name: string, value: string | undefined): string {
  if (!value) throw new OptionsError(`${name} is missing.\n\n${USAGE}`);
  return value;
}

function currencyOf(text: string): ClearSigningCurrency {
  const [address = "", symbol = "", decimals = "", ...rest] = text
    .split(",")
    .map((part) => part.trim());
  if (!isAddress(address, { strict: false }) || symbol === "" || rest.length > 0) {
    throw new OptionsError(
      `--currency takes ADDRESS,SYMBOL,DECIMALS such as 0x1abaea1f7c830bd89acc67ec4af516284b1bc33c,EURC,6, not "${text}".`,
    );
  }
  const number = wholeNumber("--currency's DECIMALS", decimals);
  if (number > MOST_DECIMALS) {
    throw new OptionsError(
      `--currency's DECIMALS must be at most ${MOST_DECIMALS}, not "${decimals}".`,
    );
  }
  return { address: getAddress(address), symbol, decimals: number };
}
