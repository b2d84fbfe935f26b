import {
  billWithGridMillis,
  billWithTradesMillis,
  costMillis,
  earnedOverFeedInMillis,
  savedAgainstRetailMillis,
} from "@wattline/sdk";
import { isEnergyConserved } from "./checks.ts";
import type { Community, Household } from "./community.ts";
import type { MarketName } from "./market.ts";
import type { SimulationOptions } from "./options.ts";
import { least } from "./roundBalance.ts";
import { isIslanded } from "./rounds.ts";
import type { Simulation } from "./simulation.ts";
import { type Sums, sumOf as sumOfSlots, sumsOf } from "./sums.ts";
import { tradeableWh } from "./tradeable.ts";

/** The result of a household's days. Energy in Wh, money in thousandths of a base unit. */
export interface HouseholdSummary {
  readonly name: string;
  /** The number of its microgrid. */
  readonly microgrid: number;
  readonly producedWh: bigint;
  readonly consumedWh: bigint;
  readonly exportedWh: bigint;
  /** Its need from outside, covered or not. */
  readonly importedWh: bigint;
  /** To neighbours, as sent. */
  readonly soldWh: bigint;
  /** To the grid, at the feed-in tariff. */
  readonly soldToGridWh: bigint;
  /** From neighbours, as arrived. */
  readonly boughtWh: bigint;
  /** The part of its need in an outage that no neighbour covered. */
  readonly unservedWh: bigint;
  /** Earnings from neighbours over the feed-in tariff, less forfeited bonds. */
  readonly earnedOverFeedInMillis: bigint;
  /** Savings from neighbours under the retail tariff, with received bonds. */
  readonly savedAgainstRetailMillis: bigint;
  /** Its bill with only the grid as partner, and with nobody in an outage; negative when the grid pays. */
  readonly billBeforeMillis: bigint;
  /** Its bill with neighbours. */
  readonly billAfterMillis: bigint;
}

/** The result of the communities' days. Energy in Wh, money in thousandths of a base unit, prices in base units per kWh. */
export interface Summary {
  readonly market: MarketName;
  readonly slots: number;
  readonly readings: number;
  readonly reportedWh: bigint;
  readonly mintedWh: bigint;
  /** Lost on the tie line. */
  readonly lostWh: bigint;
  /** Between neighbours, as sent. */
  readonly tradedWh: bigint;
  /** The most that neighbours could trade: see {@link tradeableWh}. */
  readonly tradeableWh: bigint;
  /** Of tradedWh: bought forward, not needed, and sold to the grid. */
  readonly notNeededWh: bigint;
  /** (tradedWh - notNeededWh) / tradeableWh, a decimal with four places; 0.0000 when nothing was tradeable. */
  readonly tradeableShare: string;
  /** Sales of some energy by one neighbour to another: accepted offers, matches or reservations. */
  readonly trades: number;
  /** Average price in base units per kWh that buyers paid; 0 without trades. */
  readonly averagePricePerKwh: bigint;
  /** The same under its usual name: all payments over all sent energy. */
  readonly volumeWeightedPricePerKwh: bigint;
  readonly unservedCriticalWh: bigint;
  /** Reserved but not delivered. */
  readonly shortfallWh: bigint;
  /** Bonds forfeited for it. */
  readonly bondPaidMillis: bigint;
  readonly gasUsed: bigint;
  readonly households: readonly HouseholdSummary[];
  readonly checks: {
    /** After every round the marketplace held exactly what it owed: accounts and money locked by forwards. */
    readonly escrowSolvent: boolean;
    /** Per slot: reported = minted + lost on the tie line, and minted = held by all accounts together. */
    readonly energyConserved: boolean;
  };
}

/** Computes the summary of a run and checks it against the chain's state. */
export async function summarize(
  simulation: Simulation,
  options: SimulationOptions,
  escrowSolvent: boolean,
): Promise<Summary> {
  const { communities, ledger, line } = simulation;
  await ledger.follow();
  const sums = sumsOf(ledger.told);
  const all = communities.flatMap((community) =>
    community.households.map((who) => summarizeHousehold(who, community, sums, options)),
  );
  const households = all.map(({ household }) => household);
  const critical = communities.flatMap((community) =>
    community.households.map((who) => who.critical),
  );
  const tradeable = tradeableWh(options.communities, line, options.outage, options.tariffs);
  const notNeededWh = sumOf(all.map((each) => each.notNeededWh));
  const price = sums.tradedWh === 0n ? 0n : sums.tradedCostMillis / sums.tradedWh;
  return {
    market: options.market,
    slots: options.communities[0].slots,
    readings: sums.readings,
    reportedWh: sumOfSlots(sums.reportedWh),
    mintedWh: sumOf([...sums.mintedWh.values()]),
    lostWh: sumOfSlots(sums.lostWh),
    tradedWh: sums.tradedWh,
    tradeableWh: tradeable,
    notNeededWh,
    tradeableShare: shareOf(sums.tradedWh - notNeededWh, tradeable),
    trades: sums.trades,
    averagePricePerKwh: price,
    volumeWeightedPricePerKwh: price,
    unservedCriticalWh: sumOf(
      households.filter((_, index) => critical[index]).map(({ unservedWh }) => unservedWh),
    ),
    shortfallWh: sums.shortfallWh,
    bondPaidMillis: sums.bondPaidMillis,
    gasUsed: await gasUsedBy(simulation),
    households,
    checks: { escrowSolvent, energyConserved: await isEnergyConserved(simulation, sums) },
  };
}

/** The gas of all transactions since Wattline was deployed. */
async function gasUsedBy({ wattline }: Simulation): Promise<bigint> {
  const { provider } = wattline.chain.ethers;
  let gasUsed = 0n;
  const latest = await provider.getBlockNumber();
  for (let number = wattline.deployedAt + 1; number <= latest; number++) {
    gasUsed += (await provider.getBlock(number))?.gasUsed ?? 0n;
  }
  return gasUsed;
}

function summarizeHousehold(
  who: Household,
  { microgrid, series }: Community,
  sums: Sums,
  { tariffs, outage }: SimulationOptions,
): { readonly household: HouseholdSummary; readonly notNeededWh: bigint } {
  const { name, producedWh, loadWh, exportedWh, importedWh } = who.series;
  const trades = sums.of(who);
  const { retailPerKwh, feedInPerKwh } = tariffs;
  const inSlots = (bySlot: ReadonlyMap<number, bigint>) =>
    importedWh.map((_, slot) => bySlot.get(series.firstSlot + slot) ?? 0n);
  const boughtWh = inSlots(trades.boughtWh);
  // A forward may deliver more than the home turns out to need.
  const usedWh = importedWh.map((wh, slot) => least(wh, boughtWh[slot] ?? 0n));
  // The grid takes it, at the feed-in tariff.
  const notNeededWh = sumOf(
    inSlots(trades.toGridWh).map((wh, slot) =>
      least(wh, (boughtWh[slot] ?? 0n) - (usedWh[slot] ?? 0n)),
    ),
  );
  const soldToGridWh = sumOfSlots(trades.toGridWh) - notNeededWh;
  const soldWh = sumOfSlots(trades.soldWh);
  const forSurplusMillis = costMillis(feedInPerKwh, notNeededWh);
  const islanded = importedWh.map((_, slot) =>
    isIslanded(outage, microgrid, series.firstSlot + slot),
  );
  const unservedWh = importedWh.map((wh, slot) =>
    islanded[slot] ? wh - (usedWh[slot] ?? 0n) : 0n,
  );
  // In an outage the grid neither delivers nor buys anything.
  const withGrid = (wh: readonly bigint[]) => wh.map((each, slot) => (islanded[slot] ? 0n : each));
  const household = {
    name,
    microgrid,
    producedWh: sumOf(producedWh),
    consumedWh: sumOf(loadWh),
    exportedWh: sumOf(exportedWh),
    importedWh: sumOf(importedWh),
    soldWh,
    soldToGridWh,
    boughtWh: sumOf(boughtWh),
    unservedWh: sumOf(unservedWh),
    earnedOverFeedInMillis: earnedOverFeedInMillis(
      trades.receivedMillis -
        costMillis(feedInPerKwh, soldToGridWh + notNeededWh) -
        trades.bondPaidMillis,
      [soldWh],
      [feedInPerKwh],
    ),
    savedAgainstRetailMillis: savedAgainstRetailMillis(
      trades.paidMillis - trades.bondReceivedMillis - forSurplusMillis,
      usedWh,
      retailPerKwh,
    ),
    billBeforeMillis: billWithGridMillis({
      importedWh: withGrid(importedWh),
      exportedWh: withGrid(exportedWh),
      retailPerKwh,
      feedInPerKwh: retailPerKwh.map(() => feedInPerKwh),
    }),
    billAfterMillis: billWithTradesMillis(
      { importedWh: importedWh.map((wh, slot) => wh - (unservedWh[slot] ?? 0n)), retailPerKwh },
      {
        boughtWh: usedWh,
        paidMillis: trades.paidMillis + trades.bondPaidMillis,
        receivedMillis: trades.receivedMillis + trades.bondReceivedMillis,
      },
    ),
  };
  return { household, notNeededWh };
}

/** A fraction as a decimal with four places, rounded down. */
function shareOf(part: bigint, whole: bigint): string {
  if (whole === 0n) return "0.0000";
  const tenThousandths = ((part * 10_000n) / whole).toString().padStart(5, "0");
  return `${tenThousandths.slice(0, -4)}.${tenThousandths.slice(-4)}`;
}

const sumOf = (values: readonly bigint[]): bigint =>
  values.reduce((total, value) => total + value, 0n);
