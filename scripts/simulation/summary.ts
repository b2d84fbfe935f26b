import { billWithGrid, billWithTrades, blockOf, LANES, laneOf, sourceIndex } from "@wattline/sdk";
import type { Community, Member } from "./community.ts";
import type { Ledger } from "./ledger.ts";
import type { SimulationOptions } from "./options.ts";

/** What came of a household's days. Energy in Wh, money in base units. */
export interface HouseholdSummary {
  readonly name: string;
  readonly producedWh: bigint;
  readonly consumedWh: bigint;
  readonly exportedWh: bigint;
  readonly importedWh: bigint;
  /** To neighbours. */
  readonly soldWh: bigint;
  /** To the grid, at the feed-in tariff. */
  readonly soldToGridWh: bigint;
  /** From neighbours. */
  readonly boughtWh: bigint;
  /** What selling to neighbours brought beyond the feed-in tariff. */
  readonly earnedOverFeedIn: bigint;
  /** What buying from neighbours saved against the retail tariff. */
  readonly savedAgainstRetail: bigint;
  /** With the grid as the only partner; negative when the grid pays. */
  readonly billBefore: bigint;
  /** With neighbours. */
  readonly billAfter: bigint;
}

/** What came of a community's days. Energy in Wh, money in base units. */
export interface Summary {
  readonly slots: number;
  readonly readings: number;
  readonly reportedWh: bigint;
  readonly mintedWh: bigint;
  /** Between neighbours. */
  readonly tradedWh: bigint;
  /** In each slot the lesser of all export and all import: no more can be traded between neighbours. */
  readonly tradeableWh: bigint;
  readonly trades: number;
  /** Base units per kWh that buyers paid on average; 0 without trade. */
  readonly averagePricePerKwh: bigint;
  readonly gasUsed: bigint;
  readonly households: readonly HouseholdSummary[];
  readonly checks: {
    /** The marketplace holds at least what it owes. */
    readonly escrowSolvent: boolean;
    /** Per slot: reported = minted = held by all accounts together. */
    readonly energyConserved: boolean;
  };
}

/** Draws the balance of a run and checks it against the chain's state. */
export async function summarize(
  community: Community,
  ledger: Ledger,
  options: SimulationOptions,
): Promise<Summary> {
  const { series } = options;
  const households = community.households.map((who) => summarizeHousehold(who, ledger, options));
  let tradeableWh = 0n;
  for (let slot = 0; slot < series.slots; slot++) {
    const exported = sumOf(series.households.map((home) => home.exportedWh[slot] ?? 0n));
    const imported = sumOf(series.households.map((home) => home.importedWh[slot] ?? 0n));
    tradeableWh += exported < imported ? exported : imported;
  }
  return {
    slots: series.slots,
    readings: ledger.readings,
    reportedWh: sumOf([...ledger.reportedWh.values()]),
    mintedWh: sumOf([...ledger.mintedWh.values()]),
    tradedWh: ledger.tradedWh,
    tradeableWh,
    trades: ledger.trades,
    averagePricePerKwh: ledger.tradedWh === 0n ? 0n : (ledger.tradedCost * 1000n) / ledger.tradedWh,
    gasUsed: community.gasUsed(),
    households,
    checks: {
      escrowSolvent: await isEscrowSolvent(community),
      energyConserved: await isEnergyConserved(community, ledger, options),
    },
  };
}

function summarizeHousehold(
  who: Member,
  ledger: Ledger,
  { series, tariffs }: SimulationOptions,
): HouseholdSummary {
  const home = who.series;
  if (home === undefined) throw new Error(`${who.name} has no meter data.`);
  const { boughtWh, soldWh, soldToGridWh, paid, received, receivedFromGrid } = ledger.of(who);
  const boughtPerSlot = home.importedWh.map(
    (_, slot) => boughtWh.get(series.firstSlot + slot) ?? 0n,
  );
  const metered = { ...home, ...tariffs };
  const retailOfBought = billWithGrid({ ...metered, importedWh: boughtPerSlot, exportedWh: [] });
  const feedInOfSold = (soldWh * tariffs.feedInPerKwh) / 1000n;
  return {
    name: who.name,
    producedWh: sumOf(home.producedWh),
    consumedWh: sumOf(home.loadWh),
    exportedWh: sumOf(home.exportedWh),
    importedWh: sumOf(home.importedWh),
    soldWh,
    soldToGridWh,
    boughtWh: sumOf(boughtPerSlot),
    earnedOverFeedIn: received - receivedFromGrid - feedInOfSold,
    savedAgainstRetail: retailOfBought - paid,
    billBefore: billWithGrid(metered),
    billAfter: billWithTrades(metered, { boughtWh: boughtPerSlot, paid, received }),
  };
}

async function isEscrowSolvent({
  marketplace,
  euro,
  addresses,
  households,
  dso,
}: Community): Promise<boolean> {
  let owed = 0n;
  for (const { address } of [...households, dso]) {
    owed += (await marketplace.accountOf(addresses.euro, address)).balance;
  }
  return (await euro.balanceOf(addresses.marketplace)) >= owed;
}

async function isEnergyConserved(
  { energy, households, dso, microgrid }: Community,
  { reportedWh, mintedWh }: Ledger,
  { series }: SimulationOptions,
): Promise<boolean> {
  const firstBlock = blockOf(series.firstSlot);
  const blocks = blockOf(series.firstSlot + series.slots - 1) - firstBlock + 1;
  const held = new Map<number, bigint>();
  for (const { address } of [...households, dso]) {
    const words = await energy.profileOf(
      address,
      microgrid,
      sourceIndex("Solar"),
      firstBlock,
      blocks,
    );
    for (const [offset, word] of words.entries()) {
      for (let lane = 0; lane < LANES; lane++) {
        const slot = (firstBlock + offset) * LANES + lane;
        held.set(slot, (held.get(slot) ?? 0n) + laneOf(word, lane));
      }
    }
  }
  return [...held].every(
    ([slot, wh]) => wh === (reportedWh.get(slot) ?? 0n) && wh === (mintedWh.get(slot) ?? 0n),
  );
}

const sumOf = (values: readonly bigint[]): bigint =>
  values.reduce((total, value) => total + value, 0n);
