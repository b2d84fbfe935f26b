import { blockOf, type EnergyBySlot, landedPricePerKwh } from "@wattline/sdk";
import type { Community } from "./community.ts";
import { type Match, matchByMerit } from "./merit.ts";
import { meritOrderOf, type PeriodOrders } from "./periodOrders.ts";
import type { Round } from "./rounds.ts";
import { ISLAND_RATION_WH, isWorthTrading, type Tariffs } from "./tariffs.ts";
import type { TieLine } from "./tieLine.ts";

/** The energy that a community's homes still have to sell, and still need, in a round; trades reduce both. */
export interface RoundBalance {
  readonly community: Community;
  readonly orders: PeriodOrders;
  readonly round: Round;
  readonly islanded: boolean;
  /** Per household and slot of the round. */
  readonly offeredWh: bigint[][];
  /**
   * Per household and slot of the round, from neighbours: nothing while the retailer is as cheap as the feed-in
   * tariff; in an island an ordinary home's is cut to its ration.
   */
  readonly neededWh: bigint[][];
}

/** A planned trade between homes of the same community or of two. */
export interface PlannedTrade extends Match {
  readonly from: RoundBalance;
  readonly to: RoundBalance;
  /** The tie line's loss; 0 within a microgrid. */
  readonly lossBps: bigint;
}

/** A home's energy in a slot. */
export interface SlotEnergy {
  readonly exportedWh: bigint;
  readonly importedWh: bigint;
}

/** The balance of metered energy, or of what is expected of each home. */
export function balanceOf(
  community: Community,
  orders: PeriodOrders,
  round: Round,
  islanded: boolean,
  tariffs: Tariffs,
  energyOf: (home: number, slot: number) => SlotEnergy = meteredIn(community),
): RoundBalance {
  const { households } = community;
  const lanesOf = (home: number, flow: keyof SlotEnergy) =>
    round.slots.map((slot) => energyOf(home, slot)[flow]);
  const isWorth = isWorthTrading(round.period.retailPerKwh, tariffs);
  return {
    community,
    orders,
    round,
    islanded,
    offeredWh: households.map((_, home) => lanesOf(home, "exportedWh")),
    neededWh: households.map((who, home) => {
      const lanes = lanesOf(home, "importedWh");
      if (!islanded) return lanes.map((wh) => (isWorth ? wh : 0n));
      return who.critical ? lanes : lanes.map((wh) => least(wh, ISLAND_RATION_WH));
    }),
  };
}

/** What the meters of a community count. */
const meteredIn =
  ({ households, series }: Community) =>
  (home: number, slot: number): SlotEnergy => ({
    exportedWh: households[home]?.series.exportedWh[slot - series.firstSlot] ?? 0n,
    importedWh: households[home]?.series.importedWh[slot - series.firstSlot] ?? 0n,
  });

/** Planned trades between neighbours, the cheapest first; each round another home chooses first. */
export function tradesAtHome(balance: RoundBalance): PlannedTrade[] {
  const { offeredWh, neededWh, orders } = balance;
  return matchByMerit(offeredWh, neededWh, meritOrderOf(orders), queueOf(balance)).map((match) => ({
    ...match,
    from: balance,
    to: balance,
    lossBps: 0n,
  }));
}

/** Planned trades over the tie line, where that is cheaper than the retailer, or of limits, which see to that themselves. */
export function tradesAcross(
  from: RoundBalance,
  to: RoundBalance,
  line: TieLine,
  isForward = false,
): PlannedTrade[] {
  if (from.islanded || to.islanded) return [];
  const { retailPerKwh } = to.round.period;
  const worthwhile = meritOrderOf(from.orders).filter((seller) => {
    const ask = from.orders.offers[seller]?.order.price;
    if (ask === undefined) return false;
    return landedPricePerKwh(ask, line.wheelingPerKwh, line.lossBps) < retailPerKwh;
  });
  return matchByMerit(from.offeredWh, to.neededWh, worthwhile, queueOf(to), line, isForward).map(
    (match) => ({
      ...match,
      from,
      to,
      lossBps: line.lossBps,
    }),
  );
}

/** Deducts a trade from both balances. */
export function deduct({ from, to, seller, buyer, sentWh, arrivedWh }: PlannedTrade): void {
  subtract(from.offeredWh[seller], sentWh);
  subtract(to.neededWh[buyer], arrivedWh);
}

/** Energy per lane of the round, by its slots. */
export const bySlot = ({ slots }: Round, energyWh: readonly bigint[]): EnergyBySlot =>
  new Map(slots.map((slot, lane) => [slot, energyWh[lane] ?? 0n]));

/** Subtracts energy, lane by lane. */
export function subtract(lanes: bigint[] | undefined, energyWh: readonly bigint[]): void {
  energyWh.forEach((wh, lane) => {
    if (lanes !== undefined) lanes[lane] = (lanes[lane] ?? 0n) - wh;
  });
}

export const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Buyers, another one first in every round, so that nobody is always last; in an island critical loads come first. */
function queueOf({ community: { households }, round, islanded }: RoundBalance): number[] {
  const queue = turnsIn(blockOf(round.slots[0] ?? 0), households.length);
  if (!islanded) return queue;
  const isCritical = (index: number) => households[index]?.critical === true;
  return [...queue.filter(isCritical), ...queue.filter((index) => !isCritical(index))];
}

/** Who chooses in a block, one after another. */
export const turnsIn = (block: number, homes: number): number[] =>
  Array.from({ length: homes }, (_, index) => (index + block) % homes);
