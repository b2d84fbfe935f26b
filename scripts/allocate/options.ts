import { readFlags } from "@wattline/common/flags";
import { timeOf } from "@wattline/common/options";
import type { NamedRegister } from "@wattline/sdk/meterData";

export const USAGE = `npm run allocate -- INPUT --from TIME --to TIME --format FORMAT [options]

INPUT is one of
  --metered FILE --key FILE     what meters counted, and the community's key
  --indexer URL --microgrid ID  what the market settled there
  --allocation FILE             an allocation that was written as csv or json before

  --from TIME        first moment, with its offset: 2026-06-01T00:00:00+02:00
  --to TIME          first moment that is left out
  --format FORMAT    csv, json, fr (coefficients per producer, consumer and slot),
                     es-constant or es-hourly (coefficients per consumer)
  --names FILE       CSV with the columns name,metering_point: an operator knows no accounts
  --metered FILE     beside the market: what was bought counts only as far as it was used
  --cau CODE         the self-consumption's code, for the Spanish files
  --out FOLDER       where files go (default allocation)
  --compare FILE     an operator's report: every slot that differs is named. In the columns of csv,
                     producer or consumer left empty where it tells totals, or as the operator
                     gives it (EDA's community report, CSV of Austrian operators)
  --coverage NAME    for a report with named registers (Fluvius): the one of what a consumer got
  --surplus NAME     the one of what the community left of a producer's export; both may be given again
  --tolerance WH     how much a line may differ (default 0; EDA counts finer than a Wh: give 1)
  --help             this text

--metered has the columns slot_start,slot_end,meter,produced_wh,used_wh; --key is JSON:
{"key": "dynamic"}, or {"key": "static" or "hybrid", "percent": {"METER": "12.5"}}, both with
"participation": {"METER": 60} where a meter takes part with less than 100 %.

Ends with 0, with 1 when the report differs, with 2 for an input that makes no sense, with 3 when the
indexer does not answer.`;

const TEXT = { type: "string" } as const;
const TEXTS = { ...TEXT, multiple: true } as const;
const FLAGS = {
  metered: TEXT,
  key: TEXT,
  indexer: TEXT,
  microgrid: TEXT,
  allocation: TEXT,
  from: TEXT,
  to: TEXT,
  format: TEXT,
  names: TEXT,
  cau: TEXT,
  out: TEXT,
  compare: TEXT,
  coverage: TEXTS,
  surplus: TEXTS,
  tolerance: TEXT,
} as const;

type Values = ReturnType<typeof readFlags<typeof FLAGS>>;

/** The command can't be run as requested; the message says what to give instead. */
export class AllocateError extends Error {}

export const FORMATS = ["csv", "json", "fr", "es-constant", "es-hourly"] as const;
export type Format = (typeof FORMATS)[number];

export type Input =
  | { readonly kind: "key"; readonly metered: string; readonly key: string }
  | {
      readonly kind: "market";
      readonly indexer: string;
      readonly microgrid: number;
      readonly metered?: string;
    }
  | { readonly kind: "allocation"; readonly file: string; readonly metered?: string };

export interface AllocateCommand {
  readonly input: Input;
  /** Unix seconds; `to` is excluded. */
  readonly from: number;
  readonly to: number;
  readonly format: Format;
  readonly names?: string;
  readonly cau?: string;
  readonly out: string;
  readonly compare?: string;
  readonly registers: readonly NamedRegister[];
  readonly toleranceWh: bigint;
}

/**
 * Reads the command line.
 * @throws AllocateError that names the option.
 */
export function readOptions(argv: readonly string[]): AllocateCommand | "help" {
  const values = readFlags(argv, FLAGS, AllocateError);
  if (values.help) return "help";
  const from = timeOf("--from", values.from, AllocateError);
  const to = timeOf("--to", values.to, AllocateError);
  if (from >= to) throw new AllocateError(`--from ${values.from} is not before --to ${values.to}.`);
  const format = FORMATS.find((each) => each === values.format);
  if (format === undefined) {
    throw new AllocateError(
      `--format must be one of ${FORMATS.join(", ")}, not "${values.format ?? ""}".`,
    );
  }
  if (format.startsWith("es") && !/^[A-Za-z0-9]+$/.test(values.cau ?? "")) {
    throw new AllocateError(
      `--cau must be letters and digits; ${format} needs it for the file's name.`,
    );
  }
  const input = inputOf(values);
  if (format === "fr" && input.metered === undefined) {
    throw new AllocateError("--format fr needs --metered, which has the producers' export.");
  }
  return {
    input,
    from,
    to,
    format,
    ...(values.names !== undefined && { names: values.names }),
    ...(values.cau !== undefined && { cau: values.cau }),
    out: values.out ?? "allocation",
    toleranceWh: toleranceOf(values.tolerance),
    ...(values.compare !== undefined && { compare: values.compare }),
    registers: registersOf(values),
  };
}

function inputOf(values: Values): Input {
  const { metered, key, indexer, microgrid, allocation } = values;
  const given = [key, indexer, allocation].filter((value) => value !== undefined);
  if (given.length !== 1) {
    throw new AllocateError(
      "Give one of --metered with --key, --indexer or --allocation. See --help.",
    );
  }
  const used = metered === undefined ? {} : { metered };
  if (allocation !== undefined) return { kind: "allocation", file: allocation, ...used };
  if (indexer !== undefined) {
    if (!URL.canParse(indexer)) {
      throw new AllocateError(
        `--indexer must be an address such as http://127.0.0.1:8569, not "${indexer}".`,
      );
    }
    if (!/^[1-9]\d{0,8}$/.test(microgrid ?? "")) {
      throw new AllocateError(
        `--microgrid must be a microgrid's number, not "${microgrid ?? ""}".`,
      );
    }
    return { kind: "market", indexer, microgrid: Number(microgrid), ...used };
  }
  if (metered === undefined || key === undefined) {
    throw new AllocateError("--key needs --metered, the energy to divide.");
  }
  return { kind: "key", metered, key };
}

function registersOf({ compare, coverage = [], surplus = [] }: Values): NamedRegister[] {
  const registers = [
    ...coverage.map((name) => ({ name, quantity: "ownCoverage" }) as const),
    ...surplus.map((name) => ({ name, quantity: "communitySurplus" }) as const),
  ];
  if (registers.length > 0 && compare === undefined) {
    throw new AllocateError(
      "--coverage and --surplus name registers of --compare's report: give it too.",
    );
  }
  return registers;
}

function toleranceOf(text = "0"): bigint {
  if (/^\d{1,9}$/.test(text)) return BigInt(text);
  throw new AllocateError(`--tolerance must be whole Wh, not "${text}".`);
}
