import { billWithGrid, billWithTrades, earnedOverFeedIn, savedAgainstRetail } from "@wattline/sdk";
import { isEnergyConserved } from "./checks.ts";
import type { Community, Household } from "./community.ts";
import type { Ledger } from "./ledger.ts";
import type { MarketName } from "./market.ts";
import type { SimulationOptions } from "./options.ts";
import { ISLAND, isDuring } from "./rounds.ts";
import type { Stage } from "./stage.ts";
import { least } from "./tally.ts";
import { tradeableWh } from "./tradeable.ts";

/** What came of a household's days. Energy in Wh, money in base units. */
export interface HouseholdSummary {
  readonly name: string;
  /** The number of its microgrid. */
  readonly microgrid: number;
  readonly producedWh: bigint;
  readonly consumedWh: bigint;
  readonly exportedWh: bigint;
  /** What it needed from outside, whether it got it or not. */
  readonly importedWh: bigint;
  /** To neighbours, as sent. */
  readonly soldWh: bigint;
  /** To the grid, at the feed-in tariff. */
  readonly soldToGridWh: bigint;
  /** From neighbours, as arrived. */
  readonly boughtWh: bigint;
  /** Of its need in an outage, what no neighbour covered. */
  readonly unservedWh: bigint;
  /** What selling to neighbours brought beyond the feed-in tariff, forfeited bonds taken off. */
  readonly earnedOverFeedIn: bigint;
  /** What buying from neighbours saved against the retail tariff, bonds received included. */
  readonly savedAgainstRetail: bigint;
  /** With the grid as the only partner, which in an outage is none; negative when the grid pays. */
  readonly billBefore: bigint;
  /** With neighbours. */
  readonly billAfter: bigint;
}

/** What came of the communities' days. Energy in Wh, money in base units. */
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
  /** No more can be traded between neighbours: see {@link tradeableWh}. */
  readonly tradeableWh: bigint;
  /** The one over the other, a decimal with four places; 0.0000 when nothing was tradeable. */
  readonly tradeableShare: string;
  /** Sales of some energy by one neighbour to another: takes, matches or reservations. */
  readonly trades: number;
  /** Base units per kWh that buyers paid on average; 0 without trade. */
  readonly averagePricePerKwh: bigint;
  /** The same under the name of the field: all that buyers paid over all that was sent. */
  readonly volumeWeightedPricePerKwh: bigint;
  readonly unservedCriticalWh: bigint;
  /** Reserved and not delivered. */
  readonly shortfallWh: bigint;
  /** Forfeited for it. */
  readonly bondPaid: bigint;
  readonly gasUsed: bigint;
  readonly households: readonly HouseholdSummary[];
  readonly checks: {
    /** After every round the marketplace held exactly what it owed: accounts and what forwards had locked. */
    readonly escrowSolvent: boolean;
    /** Per slot: reported = minted + lost on the tie line, and minted = held by all accounts together. */
    readonly energyConserved: boolean;
  };
}

/** Draws the balance of a run and checks it against the chain's state. */
export async function summarize(
  stage: Stage,
  options: SimulationOptions,
  escrowSolvent: boolean,
): Promise<Summary> {
  const { communities, ledger, wattline, line } = stage;
  const households = communities.flatMap((community) =>
    community.households.map((who) => summarizeHousehold(who, community, ledger, options)),
  );
  const critical = communities.flatMap((community) =>
    community.households.map((who) => who.critical),
  );
  const tradeable = tradeableWh(options.communities, line, options.outage, options.tariffs);
  const price = ledger.tradedWh === 0n ? 0n : (ledger.tradedCost * 1000n) / ledger.tradedWh;
  return {
    market: options.market,
    slots: options.communities[0].slots,
    readings: ledger.readings,
    reportedWh: sumOf([...ledger.reportedWh.values()]),
    mintedWh: sumOf([...ledger.mintedWh.values()]),
    lostWh: sumOf([...ledger.lostWh.values()]),
    tradedWh: ledger.tradedWh,
    tradeableWh: tradeable,
    tradeableShare: shareOf(ledger.tradedWh, tradeable),
    trades: ledger.trades,
    averagePricePerKwh: price,
    volumeWeightedPricePerKwh: price,
    unservedCriticalWh: sumOf(
      households.filter((_, index) => critical[index]).map(({ unservedWh }) => unservedWh),
    ),
    shortfallWh: ledger.forwards.shortfallWh,
    bondPaid: ledger.bondPaid,
    gasUsed: wattline.gasUsed(),
    households,
    checks: { escrowSolvent, energyConserved: await isEnergyConserved(stage) },
  };
}

function summarizeHousehold(
  who: Household,
  { microgrid, series }: Community,
  ledger: Ledger,
  { tariffs, outage }: SimulationOptions,
): HouseholdSummary {
  const { name, producedWh, loadWh, exportedWh, importedWh } = who.series;
  const position = ledger.of(who);
  const { soldWh, soldToGridWh, received, receivedFromGrid, receivedForSurplus } = position;
  const boughtWh = importedWh.map(
    (_, slot) => position.boughtWh.get(series.firstSlot + slot) ?? 0n,
  );
  // A forward may bring more than the home turns out to need.
  const usedWh = importedWh.map((wh, slot) => least(wh, boughtWh[slot] ?? 0n));
  const isDark = (slot: number) =>
    outage !== undefined && microgrid === ISLAND && isDuring(outage, series.firstSlot + slot);
  const unservedWh = importedWh.map((wh, slot) => (isDark(slot) ? wh - (usedWh[slot] ?? 0n) : 0n));
  // In an outage the grid neither delivers nor takes anything.
  const withGrid = (wh: readonly bigint[]) => wh.map((each, slot) => (isDark(slot) ? 0n : each));
  const paid = position.paid + position.bondPaid;
  const gained = received + position.bondReceived;
  return {
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
    earnedOverFeedIn: earnedOverFeedIn(
      received - receivedFromGrid - receivedForSurplus - position.bondPaid,
      soldWh,
      tariffs.feedInPerKwh,
    ),
    savedAgainstRetail: savedAgainstRetail(
      position.paid - position.bondReceived - receivedForSurplus,
      usedWh,
      tariffs.retailPerKwh,
    ),
    billBefore: billWithGrid({
      importedWh: withGrid(importedWh),
      exportedWh: withGrid(exportedWh),
      ...tariffs,
    }),
    billAfter: billWithTrades(
      { importedWh: importedWh.map((wh, slot) => wh - (unservedWh[slot] ?? 0n)), ...tariffs },
      { boughtWh: usedWh, paid, received: gained },
    ),
  };
}

/** A fraction as a decimal with four places, rounded down. */
function shareOf(part: bigint, whole: bigint): string {
  if (whole === 0n) return "0.0000";
  const tenThousandths = ((part * 10_000n) / whole).toString().padStart(5, "0");
  return `${tenThousandths.slice(0, -4)}.${tenThousandths.slice(-4)}`;
}

const sumOf = (values: readonly bigint[]): bigint =>
  values.reduce((total, value) => total + value, 0n);
