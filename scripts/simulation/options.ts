import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { parseUnits } from "viem";
import { generateCommunity } from "../community/generate.ts";
import { readProfilesFile } from "../community/profilesFile.ts";
import type { CommunitySeries } from "../community/series.ts";

export const USAGE = `npm run simulate -- [options]

  --profiles FILE.csv    households from a file: start, NAME_load_wh, NAME_pv_wh, …
                         without it a built-in community is made from physics
  --seed N               another built-in community (default 1)
  --from DATE            first day, YYYY-MM-DD, or a time, YYYY-MM-DDTHH:MM (UTC; default 2026-06-21)
  --days N               how many days (default 1)
  --consumers LIST       homes of the file that take part without their roof, by comma
  --feed-in X            feed-in tariff per kWh (default 0.08)
  --retail Y             retail tariff per kWh (default: the file's, or 0.32)
  --json OUT             write the summary to a file as well
  --rpc URL              drive a running local chain instead of one of its own
  --help                 this text`;

/** Money of the simulation has six decimals: base units are millionths. */
export const CURRENCY_DECIMALS = 6;
const USUAL_FEED_IN = "0.08";
const USUAL_RETAIL = "0.32";
const USUAL_DAY = "2026-06-21";

/** What the simulation was asked to do is wrong; the message names it and what would be right. */
export class OptionsError extends Error {}

/** What the grid pays and charges, in base units per kWh. */
export interface Tariffs {
  readonly feedInPerKwh: bigint;
  /** One per slot. */
  readonly retailPerKwh: readonly bigint[];
}

export interface SimulationOptions {
  readonly series: CommunitySeries;
  readonly tariffs: Tariffs;
  readonly json?: string;
  readonly rpc?: string;
}

/**
 * Reads the command line and the data it names, all before anything is sent anywhere.
 * @returns "help" when that was asked for.
 * @throws OptionsError, or ProfilesFileError for a file's content.
 */
export function readOptions(argv: readonly string[]): SimulationOptions | "help" {
  const values = parse(argv);
  if (values.help) return "help";
  const days = wholeNumber("--days", values.days ?? "1");
  if (days === 0) throw new OptionsError("--days must be at least 1.");
  const from = values.from ?? USUAL_DAY;
  const consumers = listOf(values.consumers);
  if (values.profiles === undefined && consumers.length > 0) {
    throw new OptionsError("--consumers names homes of a file: it needs --profiles.");
  }
  if (values.profiles !== undefined && values.seed !== undefined) {
    throw new OptionsError("--seed makes a built-in community: it does not go with --profiles.");
  }
  const series =
    values.profiles === undefined
      ? generateCommunity({ seed: wholeNumber("--seed", values.seed ?? "1"), from, days })
      : readProfilesFile(values.profiles, { from, days, consumers });
  if (values.json !== undefined) checkWritable(values.json);
  return {
    series,
    tariffs: tariffsOf(series, values["feed-in"], values.retail),
    ...(values.json !== undefined && { json: values.json }),
    ...(values.rpc !== undefined && { rpc: addressOf(values.rpc) }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        profiles: { type: "string" },
        seed: { type: "string" },
        from: { type: "string" },
        days: { type: "string" },
        consumers: { type: "string" },
        "feed-in": { type: "string" },
        retail: { type: "string" },
        json: { type: "string" },
        rpc: { type: "string" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new OptionsError(`${reason} See --help.`);
  }
}

/** The tariffs of a simulation: what was asked for, else what the data says, else the usual ones. */
function tariffsOf(
  series: CommunitySeries,
  feedIn: string | undefined,
  retail: string | undefined,
): Tariffs {
  const feedInPerKwh = price("--feed-in", feedIn ?? USUAL_FEED_IN);
  const retailPerKwh =
    retail === undefined && series.retailPerKwh !== undefined
      ? series.retailPerKwh
      : new Array<bigint>(series.slots).fill(price("--retail", retail ?? USUAL_RETAIL));
  const least = retailPerKwh.reduce((a, b) => (a < b ? a : b));
  if (least <= feedInPerKwh) {
    throw new OptionsError(
      `The feed-in tariff (${feedInPerKwh} millionths per kWh) must lie below the retail tariff (${least}): between them neighbours trade.`,
    );
  }
  return { feedInPerKwh, retailPerKwh };
}

function price(name: string, text: string): bigint {
  if (!/^\d+(\.\d{1,6})?$/.test(text)) {
    throw new OptionsError(
      `${name} takes a price per kWh such as 0.08, with up to six decimals, not "${text}".`,
    );
  }
  return parseUnits(text, CURRENCY_DECIMALS);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new OptionsError(`${name} takes a whole number, not "${text}".`);
  }
  return value;
}

const listOf = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

function addressOf(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new OptionsError(`--rpc takes an address such as http://127.0.0.1:8545, not "${text}".`);
  }
  return text;
}

/** A run of minutes must not end in a summary that can't be written. */
function checkWritable(file: string): void {
  const folder = path.dirname(path.resolve(file));
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new OptionsError(
      `--json ${file}: its folder can't be made (${error instanceof Error ? error.message : error}).`,
    );
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new OptionsError(`--json ${file} is a folder; name a file.`);
  }
}
