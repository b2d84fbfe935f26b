import { blockOf, type EnergyBySlot } from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import type { Community } from "./community.ts";
import type { PeriodOrders } from "./periodOrders.ts";
import type { Round } from "./rounds.ts";
import { ISLAND_RATION_WH, isWorthTrading, type Tariffs } from "./tariffs.ts";

/** The energy that a community's homes still have to sell, and still need, in a round; trades reduce both. */
export interface RoundBalance {
  readonly community: Community;
  readonly orders: PeriodOrders;
  readonly round: Round;
  /** Whether some of its slots are islanded. */
  readonly islanded: boolean;
  /** Per household and slot of the round. */
  readonly offeredWh: bigint[][];
  /**
   * Per household and slot of the round, from neighbours: nothing while the retailer is as cheap as the feed-in
   * tariff; in islanded slots an ordinary home's is cut to its ration.
   */
  readonly neededWh: bigint[][];
}

/** A home's energy in a slot. */
export interface SlotEnergy {
  readonly exportedWh: bigint;
  readonly importedWh: bigint;
}

/**
 * The balance of metered energy, or of what is expected of each home.
 * @param isIslanded Whether a slot is islanded, or expected to be.
 */
export function balanceOf(
  community: Community,
  orders: PeriodOrders,
  round: Round,
  isIslanded: (slot: number) => boolean,
  tariffs: Tariffs,
  energyOf: (home: number, slot: number) => SlotEnergy = meteredIn(community),
): RoundBalance {
  const { households, series } = community;
  const { slots } = round;
  const retailIn = (slot: number): bigint => tariffs.retailPerKwh[slot - series.firstSlot] ?? 0n;
  return {
    community,
    orders,
    round,
    islanded: slots.some(isIslanded),
    offeredWh: households.map((_, home) => slots.map((slot) => energyOf(home, slot).exportedWh)),
    neededWh: households.map(({ critical }, home) =>
      slots.map((slot) => {
        const { importedWh } = energyOf(home, slot);
        if (isIslanded(slot)) return critical ? importedWh : least(importedWh, ISLAND_RATION_WH);
        return isWorthTrading(retailIn(slot), tariffs) ? importedWh : 0n;
      }),
    ),
  };
}

/** What the meters of a community count. */
const meteredIn =
  ({ households, series }: Community) =>
  (home: number, slot: number): SlotEnergy => ({
    exportedWh: households[home]?.series.exportedWh[slot - series.firstSlot] ?? 0n,
    importedWh: households[home]?.series.importedWh[slot - series.firstSlot] ?? 0n,
  });

/** Energy from a seller to a buyer, by slot. */
export interface Exchange {
  readonly seller: Address;
  readonly buyer: Address;
  readonly sentWh: EnergyBySlot;
  readonly arrivedWh: EnergyBySlot;
}

/** Takes what was traded off what the seller has and what the buyer needs, which may be less. */
export function deduct(
  balances: readonly RoundBalance[],
  { seller, buyer, sentWh, arrivedWh }: Exchange,
): void {
  for (const { community, round, offeredWh, neededWh } of balances) {
    const of = (who: Address) =>
      community.households.findIndex(({ address }) => isAddressEqual(address, who));
    subtract(offeredWh[of(seller)], round, sentWh);
    subtract(neededWh[of(buyer)], round, arrivedWh);
  }
}

/** Energy per lane of the round, by its slots. */
export const bySlot = ({ slots }: Round, energyWh: readonly bigint[]): EnergyBySlot =>
  new Map(slots.map((slot, lane) => [slot, energyWh[lane] ?? 0n]));

function subtract(lanes: bigint[] | undefined, { slots }: Round, energyWh: EnergyBySlot): void {
  if (lanes === undefined) return;
  for (const [lane, slot] of slots.entries()) {
    const leftWh = (lanes[lane] ?? 0n) - (energyWh.get(slot) ?? 0n);
    lanes[lane] = leftWh > 0n ? leftWh : 0n;
  }
}

export const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Buyers, another one first in every round, so that nobody is always last; in an island critical loads come first. */
export function queueOf({ community: { households }, round, islanded }: RoundBalance): number[] {
  const { length } = households;
  const block = blockOf(round.slots[0] ?? 0);
  const queue = households.map((_, index) => (index + block) % length);
  if (!islanded) return queue;
  const isCritical = (index: number) => households[index]?.critical === true;
  return [...queue.filter(isCritical), ...queue.filter((index) => !isCritical(index))];
}
