/** What commands that play homes of files are told about the files and the prices. */
import { choice, listOf, OptionsError } from "@wattline/common/options";
import type { Answers, Decisions, QuestionId } from "@wattline/sdk/meterData";
import type { CommunitySeries } from "../profiles/series.ts";
import type { FilesOrigin } from "./households.ts";
import { isWorthTrading, type Tariffs } from "./tariffs.ts";
import { hoursOf, price } from "./values.ts";

/** Which files, and what they don't say. */
export const FILE_FLAGS = {
  profiles: { type: "string", multiple: true },
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
} as const;

export const PRICE_FLAGS = {
  "feed-in": { type: "string" },
  retail: { type: "string" },
  price: { type: "string" },
} as const;

type FileValues = {
  readonly [Flag in Exclude<keyof typeof FILE_FLAGS, "profiles">]?: string | undefined;
};
type PriceValues = { readonly [Flag in keyof typeof PRICE_FLAGS]?: string | undefined };

const USUAL_FEED_IN = "0.08";
const USUAL_RETAIL = "0.32";

/** The homes of files, as the flags tell them. */
export const filesOriginOf = (profiles: readonly string[], values: FileValues): FilesOrigin => ({
  profiles,
  consumers: listOf(values.consumers),
  answers: answersOf(values),
  decisions: decisionsOf(values.overlaps, values.negative),
  flagOf,
});

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
export const flagOf = (id: string): string =>
  `--${id.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

export const answersOf = (values: Readonly<Record<string, unknown>>): Answers =>
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

/** The tariffs of a run: what was asked for, else what the data says, else the usual ones. */
export function tariffsOf(series: CommunitySeries, values: PriceValues): Tariffs {
  const { "feed-in": feedIn, retail, price: community } = values;
  const feedInPerKwh = price("--feed-in", feedIn ?? USUAL_FEED_IN);
  const communityPerKwh = community === undefined ? {} : { communityPerKwh: hoursOf(community) };
  if (retail === undefined && series.retailPerKwh !== undefined) {
    const tariffs = { feedInPerKwh, retailPerKwh: series.retailPerKwh, ...communityPerKwh };
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
  return {
    feedInPerKwh,
    retailPerKwh: new Array<bigint>(series.slots).fill(retailPerKwh),
    ...communityPerKwh,
  };
}
