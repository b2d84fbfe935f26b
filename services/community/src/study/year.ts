import { costMillis, earnedOverFeedInMillis, savedAgainstRetailMillis } from "@wattline/sdk";
import type { Battery } from "@wattline/sdk/battery";
import {
  type HomeStudy,
  type HomeTrades,
  type StudiedHome,
  type StudyTerms,
  study,
  tradesOf,
} from "@wattline/sdk/study";
import { nameplateW } from "../profiles/profilesFile.ts";
import type { CommunitySeries, HouseholdSeries } from "../profiles/series.ts";
import type { Communities } from "../simulation/households.ts";
import { roundsOf } from "../simulation/rounds.ts";
import type { Tariffs } from "../simulation/tariffs.ts";
import { type TieLine, tieLineFor } from "../simulation/tieLine.ts";
import { tradeableWh } from "../simulation/tradeable.ts";
import { type End, type GrowingTrades, tradeAcross } from "./across.ts";
import { runBatteries } from "./batteries.ts";
import { billAlone } from "./bills.ts";
import { forecastsOf, Hours } from "./forecasts.ts";
import { studiedHomes, termsOf } from "./terms.ts";
import type { Work } from "./work.ts";

/** What the studied time brought a home. Energy in Wh, money in thousandths of a base unit. */
export interface HomeYear {
  readonly name: string;
  /** The number of its microgrid. */
  readonly microgrid: number;
  readonly consumedWh: bigint;
  readonly producedWh: bigint;
  /** As its meter counts: with a battery's work, where it has one. */
  readonly studied: StudiedHome;
  readonly trades: HomeTrades;
  readonly found: HomeStudy;
  /** The bill with the utility alone, without a battery; negative when the utility pays. */
  readonly aloneMillis: bigint;
  /** The same with the battery. */
  readonly batteryAloneMillis?: bigint;
  /** All bills together with neighbours, and with the battery. */
  readonly togetherMillis: bigint;
  readonly earnedOverFeedInMillis: bigint;
  readonly savedAgainstRetailMillis: bigint;
  /** Slots in which its trades left it worse off than the utility would have. */
  readonly worseSlots: number;
}

/** What the studied time brought all homes. */
export interface Year {
  /** As they were studied: with batteries' work. */
  readonly communities: Communities;
  /** Joins two communities. */
  readonly line: TieLine | undefined;
  readonly terms: StudyTerms;
  /** Community by community. */
  readonly homes: readonly HomeYear[];
  /** What neighbours could trade, as sent: see `tradeableWh`. */
  readonly tradeableWh: bigint;
  /** As sent, and as arrived. */
  readonly tradedWh: bigint;
  readonly arrivedWh: bigint;
  /** Base units per kWh that arrived, over all trades; 0 without. */
  readonly averagePricePerKwh: bigint;
  /** Taken and given by batteries. */
  readonly takenWh: bigint;
  readonly givenWh: bigint;
}

/** Studies communities over all their slots, with or without a battery in every home. */
export async function studyYear(
  communities: Communities,
  tariffs: Tariffs,
  battery: Battery | undefined,
  work: Work,
): Promise<Year> {
  const [first] = communities;
  const terms = termsOf(first, tariffs);
  const bare = studiedHomes(communities);
  const parts: BatteryPart[] = [];
  for (const homes of bare) parts.push(await withBatteries(homes, terms, battery, work));
  work.onProgress("Trading", 0, 1);
  const ends = parts.map(
    ({ homes }): End => ({ homes, trades: tradesOf(homes, terms).map(growing) }),
  );
  const [here, there] = ends;
  const line = there && tieLineFor(first.slotSeconds);
  const rounds = roundsOf(first, undefined, tariffs.retailPerKwh);
  if (here && there && line) tradeAcross(here, there, line, terms, rounds);
  const homes = communities.flatMap(({ households }, at) => {
    const { homes: studied = [], alone } = parts[at] ?? {};
    const trades = ends[at]?.trades ?? [];
    const found = study(studied, terms, trades);
    return households.map((household, index) =>
      homeYear(household, at + 1, tariffs, terms, {
        bare: bare[at]?.[index],
        studied: studied[index],
        batteryAlone: alone?.[index],
        trades: trades[index],
        found: found[index],
      }),
    );
  });
  const all = (of: (home: HomeStudy["total"]) => bigint) =>
    homes.reduce((sum, { found }) => sum + of(found.total), 0n);
  const metered = meteredOf(communities, parts);
  const arrivedWh = all(({ boughtWh }) => boughtWh);
  return {
    communities: metered,
    line,
    terms,
    homes,
    tradeableWh: tradeableWh(metered, line, undefined, tariffs),
    tradedWh: all(({ soldWh }) => soldWh),
    arrivedWh,
    averagePricePerKwh: arrivedWh === 0n ? 0n : all(({ paidMillis }) => paidMillis) / arrivedWh,
    takenWh: parts.reduce((sum, part) => sum + part.takenWh, 0n),
    givenWh: parts.reduce((sum, part) => sum + part.givenWh, 0n),
  };
}

const growing = ({ boughtWh, soldWh, paidMillis, receivedMillis }: HomeTrades): GrowingTrades => ({
  boughtWh: [...boughtWh],
  soldWh: [...soldWh],
  paidMillis: [...paidMillis],
  receivedMillis: [...receivedMillis],
});

/** A home before and after. */
interface Found {
  readonly bare: StudiedHome | undefined;
  readonly studied: StudiedHome | undefined;
  readonly batteryAlone: StudiedHome | undefined;
  readonly trades: HomeTrades | undefined;
  readonly found: HomeStudy | undefined;
}

function homeYear(
  household: HouseholdSeries,
  microgrid: number,
  tariffs: Tariffs,
  terms: StudyTerms,
  { bare, studied, batteryAlone, trades, found }: Found,
): HomeYear {
  if (!bare || !studied || !trades || !found) throw new Error("A home was not studied.");
  return {
    name: household.name,
    microgrid,
    consumedWh: total(household.loadWh),
    producedWh: total(household.producedWh),
    studied,
    trades,
    found,
    aloneMillis: billAlone(bare, tariffs),
    ...(batteryAlone && { batteryAloneMillis: billAlone(batteryAlone, tariffs) }),
    togetherMillis: found.total.togetherMillis,
    ...gainsOf(trades, found, tariffs),
    worseSlots: worseSlots(trades, terms),
  };
}

/** The homes of a community as their meters count with batteries: together, and each alone. */
interface BatteryPart {
  readonly homes: readonly StudiedHome[];
  readonly alone: readonly StudiedHome[] | undefined;
  readonly takenWh: bigint;
  readonly givenWh: bigint;
}

async function withBatteries(
  homes: readonly StudiedHome[],
  terms: StudyTerms,
  battery: Battery | undefined,
  work: Work,
): Promise<BatteryPart> {
  if (battery === undefined) return { homes, alone: undefined, takenWh: 0n, givenWh: 0n };
  const slots = homes[0]?.importedWh.length ?? 0;
  const hours = new Hours(terms.firstSlot, slots, terms.slotSeconds);
  const forecasts = await forecastsOf(homes, hours, work);
  const alone = await runBatteries(homes, forecasts, { ...terms, battery, together: false }, work);
  const runs = await runBatteries(homes, forecasts, { ...terms, battery, together: true }, work);
  return {
    homes: runs.map(({ home }) => home),
    alone: alone.map(({ home }) => home),
    takenWh: runs.reduce((sum, run) => sum + run.takenWh, 0n),
    givenWh: runs.reduce((sum, run) => sum + run.givenWh, 0n),
  };
}

/** Communities as meters count with batteries. */
function meteredOf([first, ...others]: Communities, parts: readonly BatteryPart[]): Communities {
  const metered = (series: CommunitySeries, at: number): CommunitySeries => ({
    ...series,
    households: series.households.map((household, index) => {
      const { importedWh, exportedWh } = parts[at]?.homes[index] ?? household;
      // A battery may give more than the roof.
      const capacityW = Math.max(household.capacityW, nameplateW(exportedWh, series.slotSeconds));
      return { ...household, capacityW, importedWh, exportedWh };
    }),
  });
  return [metered(first, 0), ...others.map((series, index) => metered(series, index + 1))];
}

const gainsOf = (
  { boughtWh, soldWh }: HomeTrades,
  { total: { paidMillis, receivedMillis } }: HomeStudy,
  { retailPerKwh, feedInPerKwh }: Tariffs,
): Pick<HomeYear, "earnedOverFeedInMillis" | "savedAgainstRetailMillis"> => ({
  earnedOverFeedInMillis: earnedOverFeedInMillis(
    receivedMillis,
    soldWh,
    soldWh.map(() => feedInPerKwh),
  ),
  savedAgainstRetailMillis: savedAgainstRetailMillis(paidMillis, boughtWh, retailPerKwh),
});

function worseSlots(
  { boughtWh, soldWh, paidMillis, receivedMillis }: HomeTrades,
  { firstSlot, levelOf }: StudyTerms,
): number {
  let worse = 0;
  for (const [index, bought] of boughtWh.entries()) {
    const sold = soldWh[index] ?? 0n;
    if (bought === 0n && sold === 0n) continue;
    const { feedInPerKwh, retailPerKwh } = levelOf(firstSlot + index);
    const savedMillis = costMillis(retailPerKwh, bought) - (paidMillis[index] ?? 0n);
    const earnedMillis = (receivedMillis[index] ?? 0n) - costMillis(feedInPerKwh, sold);
    if (savedMillis + earnedMillis < 0n) worse++;
  }
  return worse;
}

const total = (energyWh: readonly bigint[]): bigint => energyWh.reduce((sum, wh) => sum + wh, 0n);
