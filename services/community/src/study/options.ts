import { mkdirSync, statSync } from "node:fs";
import { readFlags } from "@wattline/common/flags";
import { choice, OptionsError, wholeNumber } from "@wattline/common/options";
import type { Battery } from "@wattline/sdk/battery";
import { FILE_FLAGS, filesOriginOf, PRICE_FLAGS, tariffsOf } from "../simulation/homesOptions.ts";
import { type Communities, divided, homesOf } from "../simulation/households.ts";
import type { Tariffs } from "../simulation/tariffs.ts";
import { type GasPrices, USUAL_GAS_PRICES } from "./rollups.ts";

export const USAGE = `npm run study -- --profiles FILE --out FOLDER [options]

  --profiles FILE        homes from a table: start, NAME_load_wh, NAME_pv_wh, …
                         or from meter files, one for each home or with many meters
                         (repeat it, or name a folder)
  --out FOLDER           where study.html and study.json are written
  --from DATE            first day, YYYY-MM-DD (default: the first whole one)
  --days N               how many days (default: all that the files cover)
  --consumers LIST       homes that take part without their roof, by comma
  --time-zone, --unit, --stamp, --direction, --value-kind, --date-order,
  --decimal-mark, --repeated-hour, --skipped-hour ANSWER
                         what meter files don't say, where they are refused for it
  --overlaps HOW         of rows that overlap: keepFirst or keepLast
  --negative HOW         of negative rows: leaveOut or asZero
  --feed-in X            feed-in tariff per kWh (default 0.08)
  --retail Y             retail tariff per kWh (default: the file's, or 0.32)
  --price P              community price per kWh: one, or by the community's clock, such as
                         0-6=0.15,6-22=0.22,22-24=0.15 (default: the middle of
                         feed-in and retail tariff)
  --microgrids N         1, or 2 communities joined by a tie line: the homes in two halves
                         in their order, the larger one first (default 1)
  --batteries            every home has a battery
  --battery KWH,KW,PERCENT
                         what each holds, its power and its efficiency (default 6.4,5,90)
  --weeks N              so many weeks, spread over the time, are played on a chain
                         as well, and must come to the same (default 2)
  --ether-price, --l1-gas, --blob-gas X
                         what gas costs: ether in the currency, and gwei on Ethereum
                         (default ${USUAL_GAS_PRICES.etherPrice}, ${USUAL_GAS_PRICES.l1Gwei} and ${USUAL_GAS_PRICES.blobGwei})
  --help                 this text`;

const FLAGS = {
  ...FILE_FLAGS,
  ...PRICE_FLAGS,
  out: { type: "string" },
  from: { type: "string" },
  days: { type: "string" },
  microgrids: { type: "string" },
  batteries: { type: "boolean" },
  battery: { type: "string" },
  weeks: { type: "string" },
  "ether-price": { type: "string" },
  "l1-gas": { type: "string" },
  "blob-gas": { type: "string" },
} as const;

/** The battery of the homes of the CityLearn Challenge 2022: https://github.com/intelligent-environments-lab/CityLearn. */
const USUAL_BATTERY = "6.4,5,90";
const USUAL_WEEKS = "2";

export interface StudyOptions {
  /** One community, or two that a tie line joins. */
  readonly communities: Communities;
  readonly tariffs: Tariffs;
  /** In every home, where there are batteries. */
  readonly battery?: Battery;
  /** How many weeks are played on a chain. */
  readonly weeks: number;
  readonly gasPrices: GasPrices;
  /** An existing folder. */
  readonly out: string;
}

/**
 * Reads the command line and its files, and creates the folder.
 * @returns "help" for --help.
 * @throws OptionsError, or ProfilesFileError about a file's content.
 */
export async function readStudyOptions(argv: readonly string[]): Promise<StudyOptions | "help"> {
  const values = readFlags(argv, FLAGS);
  if (values.help) return "help";
  const { profiles, out, from, days } = values;
  if (profiles === undefined) {
    throw new OptionsError(
      "--profiles names the homes to study: a table or meter files. See --help.",
    );
  }
  if (out === undefined) {
    throw new OptionsError("--out names the folder for study.html and study.json. See --help.");
  }
  if (values.battery !== undefined && values.batteries !== true) {
    throw new OptionsError("--battery says what batteries are like: it needs --batteries.");
  }
  const weeks = wholeNumber("--weeks", values.weeks ?? USUAL_WEEKS);
  const gasPrices = {
    etherPrice: decimal("--ether-price", values["ether-price"], USUAL_GAS_PRICES.etherPrice),
    l1Gwei: decimal("--l1-gas", values["l1-gas"], USUAL_GAS_PRICES.l1Gwei),
    blobGwei: decimal("--blob-gas", values["blob-gas"], USUAL_GAS_PRICES.blobGwei),
  };
  const battery = values.batteries ? batteryOf(values.battery ?? USUAL_BATTERY) : undefined;
  const count = days === undefined ? undefined : wholeNumber("--days", days);
  if (count === 0) throw new OptionsError("--days must be at least 1.");
  const microgrids = choice("--microgrids", ["1", "2"], values.microgrids ?? "1");
  const series = await homesOf(filesOriginOf(profiles, values), from, count);
  const communities = divided(series, microgrids === "1" ? 1 : 2, profiles);
  const tariffs = tariffsOf(series, values);
  createFolder(out);
  return { communities, tariffs, ...(battery && { battery }), weeks, gasPrices, out };
}

function batteryOf(text: string): Battery {
  const [, kwh, kw, percent] =
    /^(\d+(?:\.\d{1,3})?),(\d+(?:\.\d{1,3})?),(\d{1,3})$/.exec(text) ?? [];
  const efficiencyPercent = BigInt(percent ?? 0);
  if (kwh === undefined || kw === undefined || efficiencyPercent < 1n || efficiencyPercent > 100n) {
    throw new OptionsError(
      `--battery must be kWh, kW and an efficiency of 1 to 100 percent, such as ${USUAL_BATTERY}, not "${text}".`,
    );
  }
  const thousandths = (number: string) => BigInt(Math.round(Number(number) * 1000));
  return { capacityWh: thousandths(kwh), powerW: thousandths(kw), efficiencyPercent };
}

function decimal(name: string, text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new OptionsError(`${name} must be a number such as ${usual}, not "${text}".`);
}

/** A long run must not end with a study that can't be written. */
function createFolder(out: string): void {
  if (statSync(out, { throwIfNoEntry: false })?.isFile()) {
    throw new OptionsError(`--out ${out} is a file; name a folder.`);
  }
  try {
    mkdirSync(out, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new OptionsError(`--out ${out}: the folder can't be created (${reason}).`);
  }
}
