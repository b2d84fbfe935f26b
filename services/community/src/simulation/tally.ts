import { type EnergyBySlot, landedPricePerKwh } from "@wattline/sdk";
import type { Community } from "./community.ts";
import type { DayBook } from "./dayBook.ts";
import { meritOrderOf } from "./dayBook.ts";
import { type Match, matchByMerit } from "./merit.ts";
import type { Round } from "./rounds.ts";
import { ISLAND_RATION_WH, isWorthTrading, type Tariffs } from "./tariffs.ts";
import type { TieLine } from "./tieLine.ts";

/** What the homes of a community still have to sell and still need in a round; trades reduce both. */
export interface Tally {
  readonly community: Community;
  readonly book: DayBook;
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

/** What a seller of one community sends to a buyer of the same or another one. */
export interface Deal extends Match {
  readonly from: Tally;
  readonly to: Tally;
  /** Of the tie line between them; 0 at home. */
  readonly lossBps: bigint;
}

/** A tally of what meters saw, or of what `pick` makes of it. */
export function tallyOf(
  community: Community,
  book: DayBook,
  round: Round,
  islanded: boolean,
  tariffs: Tariffs,
  pick: (meteredWh: readonly bigint[], offset: number) => bigint = (wh, offset) => wh[offset] ?? 0n,
): Tally {
  const { households, series } = community;
  const lanesOf = (meteredWh: readonly bigint[]) =>
    round.slots.map((slot) => pick(meteredWh, slot - series.firstSlot));
  const isWorth = (lane: number): boolean => {
    const retail = tariffs.retailPerKwh[(round.slots[lane] ?? 0) - series.firstSlot];
    return retail !== undefined && isWorthTrading(retail, tariffs);
  };
  return {
    community,
    book,
    round,
    islanded,
    offeredWh: households.map((who) => lanesOf(who.series.exportedWh)),
    neededWh: households.map((who) => {
      const lanes = lanesOf(who.series.importedWh);
      if (!islanded) return lanes.map((wh, lane) => (isWorth(lane) ? wh : 0n));
      return who.critical ? lanes : lanes.map((wh) => least(wh, ISLAND_RATION_WH));
    }),
  };
}

/** What neighbours take from one another, the cheapest first, each round another one choosing first. */
export function dealsAtHome(tally: Tally): Deal[] {
  const { offeredWh, neededWh, book } = tally;
  return matchByMerit(offeredWh, neededWh, meritOrderOf(book), queueOf(tally)).map((match) => ({
    ...match,
    from: tally,
    to: tally,
    lossBps: 0n,
  }));
}

/** What the homes of `to` take of what is left in `from`, where it comes cheaper than from the retailer. */
export function dealsAcross(from: Tally, to: Tally, line: TieLine, retailPerKwh: bigint): Deal[] {
  if (from.islanded || to.islanded) return [];
  const worthwhile = meritOrderOf(from.book).filter((seller) => {
    const ask = from.book.offers[seller]?.order.price;
    if (ask === undefined) return false;
    return landedPricePerKwh(ask, line.wheelingPerKwh, line.lossBps) < retailPerKwh;
  });
  return matchByMerit(from.offeredWh, to.neededWh, worthwhile, queueOf(to), line).map((match) => ({
    ...match,
    from,
    to,
    lossBps: line.lossBps,
  }));
}

/** Takes what a deal moves off both tallies. */
export function book({ from, to, seller, buyer, sentWh, arrivedWh }: Deal): void {
  subtract(from.offeredWh[seller], sentWh);
  subtract(to.neededWh[buyer], arrivedWh);
}

/** Energy per lane of the round, by its slots. */
export const bySlot = ({ slots }: Round, energyWh: readonly bigint[]): EnergyBySlot =>
  new Map(slots.map((slot, lane) => [slot, energyWh[lane] ?? 0n]));

/** Takes energy off, lane by lane. */
export function subtract(lanes: bigint[] | undefined, energyWh: readonly bigint[]): void {
  energyWh.forEach((wh, lane) => {
    if (lanes !== undefined) lanes[lane] = (lanes[lane] ?? 0n) - wh;
  });
}

export const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Buyers, another one first in every round, so that nobody is always last; in an island critical loads come first. */
function queueOf({ community: { households }, round, islanded }: Tally): number[] {
  const queue = households.map((_, index) => (index + round.block) % households.length);
  if (!islanded) return queue;
  const isCritical = (index: number) => households[index]?.critical === true;
  return [...queue.filter(isCritical), ...queue.filter((index) => !isCritical(index))];
}
