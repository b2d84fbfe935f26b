import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { readFlags } from "@wattline/common/flags";
import { choice, OptionsError, rpcUrlOf, wholeNumber } from "@wattline/common/options";
import { parseDay } from "../profiles/calendar.ts";
import type { PlayMoney } from "./deployment.ts";
import {
  answersOf,
  FILE_FLAGS,
  filesOriginOf,
  flagOf,
  PRICE_FLAGS,
  tariffsOf,
} from "./homesOptions.ts";
import { type Communities, communitiesOf } from "./households.ts";
import { MARKETS, type MarketName } from "./market.ts";
import type { Outage } from "./rounds.ts";
import type { Tariffs } from "./tariffs.ts";
import { outageOf } from "./values.ts";

export const USAGE = `npm run simulate -- [options]

  --profiles FILE        households from a table: start, NAME_load_wh, NAME_pv_wh, …
                         or from meter files, one for each home or with many meters
                         (repeat it, or name a folder); without it a built-in
                         community is made from physics
  --seed N               another built-in community (default 1)
  --from DATE            first day, YYYY-MM-DD, or a time, YYYY-MM-DDTHH:MM (UTC; default 2026-06-21)
  --days N               how many days (default 1)
  --consumers LIST       homes of the file that take part without their roof, by comma
  --time-zone, --unit, --stamp, --direction, --value-kind, --date-order,
  --decimal-mark, --repeated-hour, --skipped-hour ANSWER
                         what meter files don't say, where they are refused for it
  --overlaps HOW         of rows that overlap: keepFirst or keepLast
  --negative HOW         of negative rows: leaveOut or asZero
  --market HOW           how neighbours trade (default accept):
                         accept   agents post prices, and households take them
                         settle   agents' limits are cleared by an auctioneer, at the
                                  community price
                         forward  agents also sell what is still to come, with a bond
  --planned              all trades are planned, with all meters known, instead of made
                         by homes' agents: what can be reached
  --microgrids N         1, or 2 communities joined by a tie line: the homes of the
                         file in two halves, or two built-in towns (default 1)
  --outage FROM..TO      cuts the first community off from the grid and from its
                         neighbour, from YYYY-MM-DDTHH:MM to YYYY-MM-DDTHH:MM
  --feed-in X            feed-in tariff per kWh (default 0.08)
  --retail Y             retail tariff per kWh (default: the file's, or 0.32)
  --price P              community price per kWh: one, or by the community's clock, such as
                         0-6=0.15,6-22=0.22,22-24=0.15 (default: the middle of
                         feed-in and retail tariff)
  --json OUT             write the summary to a file as well
  --rpc URL              drive a running local chain instead of one of its own
  --help                 this text`;

const FLAGS = {
  ...FILE_FLAGS,
  ...PRICE_FLAGS,
  seed: { type: "string" },
  from: { type: "string" },
  days: { type: "string" },
  market: { type: "string" },
  microgrids: { type: "string" },
  planned: { type: "boolean" },
  outage: { type: "string" },
  json: { type: "string" },
  rpc: { type: "string" },
} as const;

const USUAL_DAY = "2026-06-21";

export interface SimulationOptions {
  /** All with the same slots. */
  readonly communities: Communities;
  readonly tariffs: Tariffs;
  readonly market: MarketName;
  /** Whether trades are planned, with all meters known, instead of made by homes' agents. */
  readonly isPlanned: boolean;
  /** When the first microgrid is islanded. */
  readonly outage?: Outage;
  /** What they pay with; one that takes permits alone by default. */
  readonly money?: PlayMoney;
  readonly json?: string;
  readonly rpc?: string;
}

/**
 * Reads the command line and its files, before any transaction is sent.
 * @returns "help" for --help.
 * @throws OptionsError, or ProfilesFileError about a file's content.
 */
export async function readOptions(argv: readonly string[]): Promise<SimulationOptions | "help"> {
  const values = readFlags(argv, FLAGS);
  if (values.help) return "help";
  const days = wholeNumber("--days", values.days ?? "1");
  if (days === 0) throw new OptionsError("--days must be at least 1.");
  const from = values.from ?? USUAL_DAY;
  const isFromGiven = values.from !== undefined;
  const { profiles } = values;
  if (profiles === undefined && values.consumers !== undefined) {
    throw new OptionsError("--consumers names homes of a file, so it needs --profiles.");
  }
  if (profiles === undefined && parseDay(from) === undefined) {
    throw new OptionsError(`--from ${from}: a built-in community begins with a day, YYYY-MM-DD.`);
  }
  if (profiles !== undefined && values.seed !== undefined) {
    throw new OptionsError(
      "--seed is for built-in communities: it can't be combined with --profiles.",
    );
  }
  const market = choice("--market", MARKETS, values.market ?? "accept");
  const microgrids = choice("--microgrids", ["1", "2"], values.microgrids ?? "1");
  const [answer] = Object.keys(answersOf(values));
  if (profiles === undefined && answer !== undefined) {
    throw new OptionsError(`${flagOf(answer)} is about meter files: it needs --profiles.`);
  }
  const communities = await communitiesOf(
    profiles === undefined
      ? { seed: wholeNumber("--seed", values.seed ?? "1") }
      : filesOriginOf(profiles, values),
    { from, isFromGiven, days },
    microgrids === "1" ? 1 : 2,
  );
  const [series] = communities;
  const tariffs = tariffsOf(series, values);
  const outage = values.outage === undefined ? undefined : outageOf(values.outage, series);
  if (values.json !== undefined) checkWritable(values.json);
  return {
    communities,
    tariffs,
    market,
    isPlanned: values.planned === true,
    ...(outage !== undefined && { outage }),
    ...(values.json !== undefined && { json: values.json }),
    ...(values.rpc !== undefined && { rpc: rpcUrlOf(values.rpc) }),
  };
}

/** A long run must not end with a summary that can't be written. */
function checkWritable(file: string): void {
  const folder = path.dirname(path.resolve(file));
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new OptionsError(
      `--json ${file}: its folder can't be created (${error instanceof Error ? error.message : error}).`,
    );
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new OptionsError(`--json ${file} is a folder; name a file.`);
  }
}
