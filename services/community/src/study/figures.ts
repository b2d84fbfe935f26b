import type { Study } from "./run.ts";
import type { HomeYear } from "./year.ts";

/** What the study comes to for all homes together. Energy in Wh, money in thousandths of a base unit, shares from 0 to 1. */
export interface Figures {
  readonly consumedWh: bigint;
  readonly producedWh: bigint;
  readonly aloneMillis: bigint;
  /** With batteries: the same with each home's battery, and the utility alone. */
  readonly batteryAloneMillis: bigint | undefined;
  readonly togetherMillis: bigint;
  /** Of the bills with the utility alone. */
  readonly billsDown: number;
  readonly earnedOverFeedInMillis: bigint;
  readonly savedAgainstRetailMillis: bigint;
  /** Of what is tradeable. */
  readonly tradedShare: number;
  /** Of what is consumed, covered by own roofs and batteries, and by neighbours too. */
  readonly selfSufficiencyAlone: number;
  readonly selfSufficiency: number;
  /** Of what is produced, used at home or stored, and by neighbours too. */
  readonly selfConsumptionAlone: number;
  readonly selfConsumption: number;
  /** What homes save together, and what they would with perfect foresight. */
  readonly valueMillis: bigint;
  readonly bestValueMillis: bigint;
  readonly valueShare: number;
  /** Homes that pay more than with the utility alone, with the same battery where they have one. */
  readonly worseHomes: readonly string[];
  /** Slots in which a home's trades left it worse off, over all homes. */
  readonly worseSlots: number;
}

export function figuresOf({ year, optimum }: Pick<Study, "year" | "optimum">): Figures {
  const { homes } = year;
  const all = (of: (home: HomeYear) => bigint) => homes.reduce((sum, home) => sum + of(home), 0n);
  const consumedWh = all((home) => home.consumedWh);
  const producedWh = all((home) => home.producedWh);
  const importedWh = all(({ found }) => found.total.importedWh);
  const exportedWh = all(({ found }) => found.total.exportedWh);
  const [aloneMillis, togetherMillis] = [
    all((home) => home.aloneMillis),
    all((home) => home.togetherMillis),
  ];
  const valueMillis = sumOf(optimum.aloneMillis) - sumOf(optimum.togetherMillis);
  const bestValueMillis = sumOf(optimum.aloneMillis) - sumOf(optimum.costMillis);
  const batteryAlone = homes.flatMap(({ batteryAloneMillis }) => batteryAloneMillis ?? []);
  return {
    consumedWh,
    producedWh,
    aloneMillis,
    batteryAloneMillis: batteryAlone.length === 0 ? undefined : sumOf(batteryAlone),
    togetherMillis,
    billsDown: share(aloneMillis - togetherMillis, aloneMillis),
    earnedOverFeedInMillis: all((home) => home.earnedOverFeedInMillis),
    savedAgainstRetailMillis: all((home) => home.savedAgainstRetailMillis),
    tradedShare: share(year.tradedWh, year.tradeableWh),
    selfSufficiencyAlone: share(consumedWh - importedWh, consumedWh),
    selfSufficiency: share(consumedWh - importedWh + year.arrivedWh, consumedWh),
    selfConsumptionAlone: share(producedWh - exportedWh, producedWh),
    selfConsumption: share(producedWh - exportedWh + year.tradedWh, producedWh),
    valueMillis,
    bestValueMillis,
    valueShare: share(valueMillis, bestValueMillis),
    worseHomes: homes
      .filter((home) => home.togetherMillis > (home.batteryAloneMillis ?? home.aloneMillis))
      .map(({ name }) => name),
    worseSlots: homes.reduce((sum, { worseSlots }) => sum + worseSlots, 0),
  };
}

/** A part as a share of the whole; 0 of nothing. For showing only. */
export const share = (part: bigint, whole: bigint): number =>
  whole === 0n ? 0 : Number(part) / Number(whole);

const sumOf = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, each) => sum + each, 0n);
