import { MIDDLE, packHours, slotStart } from "@wattline/sdk";
import { hourOf, middleOf } from "@wattline/sdk/deals";
import type { StudyLevel } from "@wattline/sdk/study";
import type { CommunitySeries } from "../profiles/series.ts";

/** The prices of a run, in base units per kWh. */
export interface Tariffs {
  readonly feedInPerKwh: bigint;
  /** One per slot. A dynamic tariff's may be at or below the feed-in tariff, and negative. */
  readonly retailPerKwh: readonly bigint[];
  /** The community price by hour of the community's day; unless given, the middle of feed-in and retail tariff. */
  readonly communityPerKwh?: readonly bigint[];
}

/** A schedule as `Microgrids` takes it, without its end. */
export interface PlannedSchedule {
  readonly firstSlot: number;
  readonly levelOfHour: bigint;
  readonly levels: readonly PlannedLevel[];
}

interface PlannedLevel {
  readonly price: bigint;
  readonly fee: bigint;
  readonly cap: bigint;
  readonly feedIn: bigint;
  readonly retail: bigint;
}

/** Wh per slot that an ordinary home may buy from a neighbour while islanded: 1 kW at a quarter of an hour. */
export const ISLAND_RATION_WH = 250n;

/** The network fee of a trade within a microgrid, in base units per kWh: 0. */
const NETWORK_FEE = 0n;

/** As many prices as a schedule holds. */
export const MOST_LEVELS = 4;

/** Whether neighbours gain by trading: only while the retailer charges more than the grid pays. */
export const isWorthTrading = (
  retail: bigint,
  { feedInPerKwh }: Pick<Tariffs, "feedInPerKwh">,
): boolean => retail > feedInPerKwh;

/** The most that the retailer ever charges, and not less than the feed-in tariff. */
export const dearestRetail = ({ feedInPerKwh, retailPerKwh }: Tariffs): bigint =>
  retailPerKwh.reduce(larger, feedInPerKwh);

/** The least that the retailer charges while neighbours gain by trading; the feed-in tariff when they never do. */
export const cheapestRetail = ({ feedInPerKwh, retailPerKwh }: Tariffs): bigint =>
  retailPerKwh
    .filter((retail) => isWorthTrading(retail, { feedInPerKwh }))
    .reduce(smaller, dearestRetail({ feedInPerKwh, retailPerKwh }));

/**
 * The operator's schedules over a run: one for every run of slots with the same retail tariff; the first holds from slot 0.
 * In an island nobody pays more than the retailer ever charges. The contract takes no retail tariff below the feed-in tariff:
 * then both are the same, and bills count the true one.
 */
export function schedulesOf(
  tariffs: Tariffs,
  { firstSlot }: Pick<CommunitySeries, "firstSlot">,
): [PlannedSchedule, ...PlannedSchedule[]] {
  const { retailPerKwh, feedInPerKwh } = tariffs;
  const first = { firstSlot: 0, ...hoursOf(retailPerKwh[0] ?? feedInPerKwh, tariffs) };
  const later = retailPerKwh.flatMap((retail, index) =>
    index === 0 || retail === retailPerKwh[index - 1]
      ? []
      : [{ firstSlot: firstSlot + index, ...hoursOf(retail, tariffs) }],
  );
  return [first, ...later];
}

/** By how much a place's clock, without summer time, is ahead of UTC: an hour for every 15 degrees. */
export const utcOffsetMinutesOf = ({ place }: Pick<CommunitySeries, "place">): number =>
  Math.round(place.longitudeTenths / 150) * 60;

/** Unix time of the first change of prices that has to be announced; undefined when prices stay. */
export function firstChangeAt(
  tariffs: Tariffs,
  series: Pick<CommunitySeries, "firstSlot" | "slotSeconds">,
): number | undefined {
  const [, second] = schedulesOf(tariffs, series);
  return second === undefined ? undefined : slotStart(second.firstSlot, series.slotSeconds);
}

/** The levels of a day while the retailer charges `retail`. */
function hoursOf(
  retail: bigint,
  tariffs: Tariffs,
): Pick<PlannedSchedule, "levelOfHour" | "levels"> {
  const { feedInPerKwh, communityPerKwh = new Array<bigint>(24).fill(MIDDLE) } = tariffs;
  const prices = [...new Set(communityPerKwh)];
  return {
    levelOfHour: packHours(communityPerKwh.map((price) => prices.indexOf(price))),
    levels: prices.map((price) => ({
      price,
      fee: NETWORK_FEE,
      cap: dearestRetail(tariffs),
      feedIn: feedInPerKwh,
      retail: larger(retail, feedInPerKwh),
    })),
  };
}

/** What holds in a slot of a run: the same as the operator's schedules, but with the true retail tariff. */
export function levelIn(
  tariffs: Tariffs,
  series: Pick<CommunitySeries, "place" | "firstSlot" | "slotSeconds">,
  slot: number,
): StudyLevel {
  const { feedInPerKwh, retailPerKwh: retail, communityPerKwh } = tariffs;
  const retailPerKwh = retail[slot - series.firstSlot] ?? feedInPerKwh;
  const utcOffsetMinutes = utcOffsetMinutesOf(series);
  const hour = hourOf(slot, { slotSeconds: series.slotSeconds, utcOffsetMinutes });
  return {
    pricePerKwh:
      communityPerKwh?.[hour] ?? middleOf(feedInPerKwh, larger(retailPerKwh, feedInPerKwh)),
    feePerKwh: NETWORK_FEE,
    feedInPerKwh,
    retailPerKwh,
  };
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
