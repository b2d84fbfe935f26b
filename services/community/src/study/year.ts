import {
  billWithGridMillis,
  costMillis,
  earnedOverFeedInMillis,
  savedAgainstRetailMillis,
} from "@wattline/sdk";
import type { Battery } from "@wattline/sdk/battery";
import {
  type HomeStudy,
  type HomeTrades,
  type StudiedHome,
  type StudyTerms,
  study,
  tradesOf,
} from "@wattline/sdk/study";
import type { CommunitySeries } from "../profiles/series.ts";
import { FIRST_HOUSEHOLD } from "../simulation/accounts.ts";
import { isWorthTrading, type Tariffs } from "../simulation/tariffs.ts";
import { runBatteries } from "./batteries.ts";
import { forecastsOf, Hours } from "./forecasts.ts";
import { leastCostMillis, type Pooled } from "./optimum.ts";
import { studiedHomes, termsOf } from "./terms.ts";
import type { Work } from "./work.ts";

/** What the studied time brought a home. Energy in Wh, money in thousandths of a base unit. */
export interface HomeYear {
  readonly name: string;
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

/** What the studied time brought a community. */
export interface Year {
  readonly series: CommunitySeries;
  readonly terms: StudyTerms;
  readonly homes: readonly HomeYear[];
  /** What neighbours could trade in the slots in which it is worth it: the lesser of what homes have left and lack. */
  readonly tradeableWh: bigint;
  readonly tradedWh: bigint;
  /** Base units per kWh, over all trades; 0 without. */
  readonly averagePricePerKwh: bigint;
  /** Taken and given by batteries. */
  readonly takenWh: bigint;
  readonly givenWh: bigint;
}

/** The best that could have been done. Thousandths of a base unit. */
export interface Optimum {
  /** By week, what all homes together would have paid the grid. */
  readonly costMillis: readonly bigint[];
  /** The same with the utility alone, and as studied. */
  readonly aloneMillis: readonly bigint[];
  readonly togetherMillis: readonly bigint[];
}

/** Studies a community over all its slots, with or without a battery in every home. */
export async function studyYear(
  series: CommunitySeries,
  tariffs: Tariffs,
  battery: Battery | undefined,
  work: Work,
): Promise<Year> {
  const terms = termsOf(series, tariffs);
  const bare = studiedHomes(series, FIRST_HOUSEHOLD);
  const { homes, alone, takenWh, givenWh } = await withBatteries(bare, terms, battery, work);
  work.onProgress("Trading", 0, 1);
  const trades = tradesOf(homes, terms);
  const found = study(homes, terms);
  const years = series.households.map((household, index): HomeYear => {
    const [own, results, batteryAlone] = [trades[index], found[index], alone?.[index]];
    const [studied, before] = [homes[index], bare[index]];
    if (!own || !results || !studied || !before) throw new Error("A home was not studied.");
    const aloneMillis = billAlone(before, tariffs);
    return {
      name: household.name,
      consumedWh: total(household.loadWh),
      producedWh: total(household.producedWh),
      studied,
      trades: own,
      found: results,
      aloneMillis,
      ...(batteryAlone && { batteryAloneMillis: billAlone(batteryAlone, tariffs) }),
      togetherMillis: results.total.togetherMillis,
      ...gainsOf(own, results, tariffs),
      worseSlots: worseSlots(own, terms),
    };
  });
  const tradedWh = years.reduce((sum, { found: { total: all } }) => sum + all.boughtWh, 0n);
  const paid = years.reduce((sum, { found: { total: all } }) => sum + all.paidMillis, 0n);
  return {
    series,
    terms,
    homes: years,
    tradeableWh: tradeableWh(homes, tariffs),
    tradedWh,
    averagePricePerKwh: tradedWh === 0n ? 0n : paid / tradedWh,
    takenWh,
    givenWh,
  };
}

/** The homes as their meters count with batteries: together, and each alone. */
async function withBatteries(
  homes: readonly StudiedHome[],
  terms: StudyTerms,
  battery: Battery | undefined,
  work: Work,
) {
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

/** What all homes would have paid with perfect foresight, and what they paid, week by week. */
export async function optimumOf(
  { series, homes }: Pick<Year, "series" | "homes">,
  tariffs: Tariffs,
  battery: Battery | undefined,
  { signal, onProgress }: Work,
): Promise<Optimum> {
  const bare = studiedHomes(series, FIRST_HOUSEHOLD);
  const { retailPerKwh, feedInPerKwh } = tariffs;
  const { slotSeconds } = series;
  const count = BigInt(homes.length);
  const pooled: Pooled = {
    ...pooledOf(bare),
    ...(battery && {
      battery: {
        ...battery,
        capacityWh: battery.capacityWh * count,
        powerW: battery.powerW * count,
      },
    }),
  };
  const costs = await leastCostMillis([pooled], {
    retailPerKwh,
    feedInPerKwh,
    slotSeconds,
    lines: [],
    signal,
    onProgress: (week, weeks) => onProgress("Finding the optimum", week, weeks),
  });
  const perWeek = (7 * 86_400) / slotSeconds;
  const weeks = costs.map((_, week) => [week * perWeek, (week + 1) * perWeek] as const);
  return {
    costMillis: costs,
    aloneMillis: weeks.map(([from, to]) =>
      bare.reduce((sum, home) => sum + billAlone(home, tariffs, from, to), 0n),
    ),
    // What neighbours pay each other stays among them; there is no network fee.
    togetherMillis: weeks.map(([from, to]) =>
      homes.reduce((sum, home) => sum + gridBill(home, tariffs, from, to), 0n),
    ),
  };
}

/** A home's bill with the utility alone. */
const billAlone = (
  { importedWh, exportedWh }: StudiedHome,
  tariffs: Tariffs,
  from = 0,
  to = importedWh.length,
): bigint =>
  billWithGridMillis({
    importedWh: importedWh.slice(from, to),
    exportedWh: exportedWh.slice(from, to),
    retailPerKwh: tariffs.retailPerKwh.slice(from, to),
    feedInPerKwh: tariffs.retailPerKwh.slice(from, to).map(() => tariffs.feedInPerKwh),
  });

/** What a home pays the utility besides its trades. */
function gridBill({ studied, trades }: HomeYear, tariffs: Tariffs, from: number, to: number) {
  const rest = (all: readonly bigint[], traded: readonly bigint[]) =>
    all.map((wh, slot) => wh - (traded[slot] ?? 0n));
  const { name, importedWh, exportedWh } = studied;
  const left = {
    name,
    importedWh: rest(importedWh, trades.boughtWh),
    exportedWh: rest(exportedWh, trades.soldWh),
  };
  return billAlone(left, tariffs, from, to);
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

function worseSlots({ boughtWh, soldWh }: HomeTrades, { firstSlot, levelOf }: StudyTerms): number {
  let worse = 0;
  for (const [index, bought] of boughtWh.entries()) {
    const sold = soldWh[index] ?? 0n;
    if (bought === 0n && sold === 0n) continue;
    const { pricePerKwh, feePerKwh, feedInPerKwh, retailPerKwh } = levelOf(firstSlot + index);
    const gain =
      costMillis(retailPerKwh - pricePerKwh, bought) +
      costMillis(pricePerKwh - feePerKwh - feedInPerKwh, sold);
    if (gain < 0n) worse++;
  }
  return worse;
}

function tradeableWh(homes: readonly StudiedHome[], tariffs: Tariffs): bigint {
  const { surplusWh, needWh } = pooledOf(homes);
  return surplusWh.reduce((sum, surplus, slot) => {
    if (!isWorthTrading(tariffs.retailPerKwh[slot] ?? 0n, tariffs)) return sum;
    const need = needWh[slot] ?? 0n;
    return sum + (surplus < need ? surplus : need);
  }, 0n);
}

/** What homes have left and lack together, slot by slot. */
export function pooledOf(homes: readonly StudiedHome[]): Pick<Pooled, "surplusWh" | "needWh"> {
  const slots = homes[0]?.importedWh.length ?? 0;
  const [surplusWh, needWh] = [new Array<bigint>(slots), new Array<bigint>(slots)];
  for (let slot = 0; slot < slots; slot++) {
    let [surplus, need] = [0n, 0n];
    for (const { exportedWh, importedWh } of homes) {
      const net = (exportedWh[slot] ?? 0n) - (importedWh[slot] ?? 0n);
      if (net > 0n) surplus += net;
      else need -= net;
    }
    surplusWh[slot] = surplus;
    needWh[slot] = need;
  }
  return { surplusWh, needWh };
}

const total = (energyWh: readonly bigint[]): bigint => energyWh.reduce((sum, wh) => sum + wh, 0n);
