import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { readFlags } from "@wattline/common/flags";
import { choice, listOf, OptionsError, rpcUrlOf, wholeNumber } from "@wattline/common/options";
import type { Answers, Decisions, QuestionId } from "@wattline/sdk/meterData";
import type { CommunitySeries } from "../profiles/series.ts";
import { type Communities, communitiesOf } from "./households.ts";
import { MARKETS, type MarketName } from "./market.ts";
import type { Outage } from "./rounds.ts";
import { isWorthTrading, type Tariffs } from "./tariffs.ts";
import { hoursOf, outageOf, price } from "./values.ts";

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
                         accept   they take one another's posted prices
                         settle   limits are cleared in batches, at the community price
                         forward  they reserve what is still to come, with a bond
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
  profiles: { type: "string", multiple: true },
  seed: { type: "string" },
  from: { type: "string" },
  days: { type: "string" },
  consumers: { type: "string" },
  "time-zone": { type: "string" },
  unit: { type: "string" },
  stamp: { type: "string" },
  direction: { type: "string" },
  "value-kind": { type: "string" },
  "date-order": { type: "string" },
  "decimal-mark": { type: "string" },
  "repeated-hour": { type: "string" },
  "skipped-hour": { type: "string" },
  overlaps: { type: "string" },
  negative: { type: "string" },
  market: { type: "string" },
  microgrids: { type: "string" },
  outage: { type: "string" },
  "feed-in": { type: "string" },
  retail: { type: "string" },
  price: { type: "string" },
  json: { type: "string" },
  rpc: { type: "string" },
} as const;

const USUAL_FEED_IN = "0.08";
const USUAL_RETAIL = "0.32";
const USUAL_DAY = "2026-06-21";

export interface SimulationOptions {
  /** All with the same slots. */
  readonly communities: Communities;
  readonly tariffs: Tariffs;
  readonly market: MarketName;
  /** When the first microgrid is islanded. */
  readonly outage?: Outage;
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
  const consumers = listOf(values.consumers);
  if (values.profiles === undefined && consumers.length > 0) {
    throw new OptionsError("--consumers names homes of a file, so it needs --profiles.");
  }
  if (values.profiles !== undefined && values.seed !== undefined) {
    throw new OptionsError(
      "--seed is for built-in communities: it can't be combined with --profiles.",
    );
  }
  const market = choice("--market", MARKETS, values.market ?? "accept");
  const microgrids = choice("--microgrids", ["1", "2"], values.microgrids ?? "1");
  const answers = answersOf(values);
  if (values.profiles === undefined && Object.keys(answers).length > 0) {
    throw new OptionsError(
      `${flagOf(Object.keys(answers)[0] ?? "")} is about meter files: it needs --profiles.`,
    );
  }
  const communities = await communitiesOf(
    values.profiles === undefined
      ? { seed: wholeNumber("--seed", values.seed ?? "1") }
      : {
          profiles: values.profiles,
          consumers,
          answers,
          decisions: decisionsOf(values.overlaps, values.negative),
          flagOf,
        },
    { from, isFromGiven, days },
    microgrids === "1" ? 1 : 2,
  );
  const [series] = communities;
  const tariffs = {
    ...tariffsOf(series, values["feed-in"], values.retail),
    ...(values.price !== undefined && { communityPerKwh: hoursOf(values.price) }),
  };
  const outage = values.outage === undefined ? undefined : outageOf(values.outage, series);
  if (values.json !== undefined) checkWritable(values.json);
  return {
    communities,
    tariffs,
    market,
    ...(outage !== undefined && { outage }),
    ...(values.json !== undefined && { json: values.json }),
    ...(values.rpc !== undefined && { rpc: rpcUrlOf(values.rpc) }),
  };
}

const QUESTIONS: readonly QuestionId[] = [
  "timeZone",
  "unit",
  "stamp",
  "direction",
  "valueKind",
  "dateOrder",
  "decimalMark",
  "repeatedHour",
  "skippedHour",
];

/** `--time-zone` of `timeZone`. */
const flagOf = (id: string): string =>
  `--${id.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const answersOf = (values: Readonly<Record<string, unknown>>): Answers =>
  Object.fromEntries(
    QUESTIONS.flatMap((id) => {
      const answer = values[flagOf(id).slice(2)];
      return typeof answer === "string" ? [[id, answer]] : [];
    }),
  );

const decisionsOf = (overlaps: string | undefined, negative: string | undefined): Decisions => ({
  ...(overlaps !== undefined && {
    overlaps: choice("--overlaps", ["keepFirst", "keepLast"], overlaps),
  }),
  ...(negative !== undefined && {
    negative: choice("--negative", ["leaveOut", "asZero"], negative),
  }),
});

/** The tariffs of a simulation: what was asked for, else what the data says, else the usual ones. */
function tariffsOf(
  series: CommunitySeries,
  feedIn: string | undefined,
  retail: string | undefined,
): Tariffs {
  const feedInPerKwh = price("--feed-in", feedIn ?? USUAL_FEED_IN);
  if (retail === undefined && series.retailPerKwh !== undefined) {
    const tariffs = { feedInPerKwh, retailPerKwh: series.retailPerKwh };
    const idle = tariffs.retailPerKwh.filter((each) => !isWorthTrading(each, tariffs)).length;
    if (idle > 0) {
      console.warn(
        `In ${idle} of ${series.slots} slots the retail tariff is not above the feed-in tariff: neighbours don't trade in them.`,
      );
    }
    return tariffs;
  }
  const retailPerKwh = price("--retail", retail ?? USUAL_RETAIL);
  if (retailPerKwh <= feedInPerKwh) {
    throw new OptionsError(
      `The feed-in tariff (${feedInPerKwh} millionths per kWh) must be below the retail tariff (${retailPerKwh}), ` +
        "since neighbours trade between them. Give a lower --feed-in, or a higher --retail.",
    );
  }
  return { feedInPerKwh, retailPerKwh: new Array<bigint>(series.slots).fill(retailPerKwh) };
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
