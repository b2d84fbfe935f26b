import { blockOf, isIslandedIn, type SignedOrder, type ToldTrade, tradesOf } from "@wattline/sdk";
import { isAddressEqual } from "viem";
import type { Market } from "./market.ts";
import { postedIn } from "./periodOrders.ts";
import { buyEverywhere } from "./purchases.ts";
import { deduct, least, type RoundBalance } from "./roundBalance.ts";
import type { Simulation } from "./simulation.ts";
import { ISLAND_RATION_WH } from "./tariffs.ts";
import { leaveUnsold } from "./unsold.ts";

/** The bond in base units per kWh: five cents. */
export const BOND_PER_KWH = 50_000n;

/** The most releases in one transaction: each uses 200,000 gas at most. */
const RELEASES_PER_BATCH = 60;

/**
 * Sellers promise what they are sure to export, and buyers reserve what they are sure to import, during the round before; once
 * meters have reported, anyone releases, and neighbours trade the rest on the spot. Energy that a buyer turns out not to need is
 * sold to the grid.
 */
export function forwardMarket(simulation: Simulation): Market {
  const { trading, ledger, check, anyone, wattline } = simulation;
  return {
    async prepare(expected) {
      const offers = new Map<RoundBalance, SignedOrder[]>();
      for (const balance of expected) offers.set(balance, await signForwards(balance));
      await buyEverywhere(simulation, expected, (balance) => offers.get(balance) ?? []);
    },

    async clear(metered) {
      const released = await releaseAll(blockOf(metered[0]?.round.slots[0] ?? 0));
      for (const trade of released) deduct(metered, trade);
      for (const balance of metered) await cutToRations(balance, released);
      await buyEverywhere(simulation, metered, postedIn);
      await leaveUnsold(simulation, metered);
    },
  };

  /** Who is sure to export something of a round offers it, at the price of its posted offer. */
  async function signForwards({
    community,
    round: { slots },
    orders,
    offeredWh,
  }: RoundBalance): Promise<SignedOrder[]> {
    const signed: SignedOrder[] = [];
    for (const [home, who] of community.households.entries()) {
      const posted = orders.offers[home];
      if (posted === undefined || offeredWh[home]?.every((wh) => wh === 0n)) continue;
      const terms = {
        firstSlot: slots[0] ?? 0,
        lastSlot: slots.at(-1) ?? 0,
        pricePerKwh: posted.order.price,
        bondPerKwh: BOND_PER_KWH,
        crosses: true,
      };
      signed.push(await trading.sign(community, who, "offer", terms));
    }
    return signed;
  }

  /** @returns What was delivered of a block. */
  async function releaseAll(blockNumber: number): Promise<ToldTrade[]> {
    await ledger.follow();
    const before = ledger.told.length;
    const open = ledger.openIn(blockNumber);
    for (let first = 0; first < open.length; first += RELEASES_PER_BATCH) {
      check();
      await trading.release(anyone, open.slice(first, first + RELEASES_PER_BATCH));
    }
    for (const { act } of await ledger.follow()) {
      if (act.kind === "plain" && act.event.eventName === "NotReleased")
        throw new Error(`A forward was not released, for the reason ${act.event.args.reason}.`);
    }
    const fresh = new Set(ledger.told.slice(before));
    return tradesOf(ledger.told).filter(({ kind, told }) => kind === "release" && fresh.has(told));
  }

  /** What was reserved counts on an ordinary home's ration, delivered or not. */
  async function cutToRations(
    { community, round, neededWh }: RoundBalance,
    released: readonly ToldTrade[],
  ): Promise<void> {
    const microgrid = (await wattline.facts()).known(community.microgrid);
    for (const [home, { address, critical }] of community.households.entries()) {
      const own = released.filter(({ buyer }) => isAddressEqual(buyer, address));
      const lanes = neededWh[home] ?? [];
      for (const [lane, slot] of round.slots.entries()) {
        if (critical || !isIslandedIn(microgrid, slot)) continue;
        const reservedWh = own.reduce(
          (sum, trade) => sum + (trade.reservedWh?.get(slot) ?? 0n),
          0n,
        );
        const leftWh = ISLAND_RATION_WH - reservedWh;
        lanes[lane] = leftWh > 0n ? least(lanes[lane] ?? 0n, leftWh) : 0n;
      }
    }
  }
}
