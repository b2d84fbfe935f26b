import { blockOf, type SignedOrder } from "@wattline/sdk";
import { deliver, deliveriesOf } from "./delivery.ts";
import type { Market } from "./market.ts";
import type { Lanes } from "./merit.ts";
import {
  bySlot,
  deduct,
  type PlannedTrade,
  type RoundBalance,
  tradesAcross,
  tradesAtHome,
} from "./roundBalance.ts";
import type { Round } from "./rounds.ts";
import { partiesOf, type Simulation } from "./simulation.ts";
import { acceptEverywhere } from "./spotMarket.ts";

/** The bond in base units per kWh: five cents. */
export const BOND_PER_KWH = 50_000n;

/** The time before a round at which the last reservation is sent. */
const GATE_CLOSURE_SECONDS = 10;

/** The most releases in one transaction: each uses 200,000 gas at most. */
const RELEASES_PER_BATCH = 60;

/**
 * Sellers promise what they are sure to export, and buyers reserve what they are sure to import, during the round before; once
 * meters have reported, anyone releases, and neighbours trade the rest on the spot. Energy that a buyer turns out not to need is
 * sold to the grid.
 */
export function forwardMarket(simulation: Simulation): Market {
  const { trading, ledger } = simulation;
  const promised = new Map<Round, PlannedTrade[]>();

  return {
    async prepare(expected) {
      const trades: PlannedTrade[] = [];
      const plan = (more: readonly PlannedTrade[]) => {
        for (const trade of more) deduct(trade);
        trades.push(...more);
      };
      for (const balance of expected) plan(tradesAtHome(balance));
      const [here, there] = expected;
      if (simulation.line !== undefined && here !== undefined && there !== undefined) {
        plan(tradesAcross(here, there, simulation.line, true));
        plan(tradesAcross(there, here, simulation.line, true));
      }
      const offers = new Map<SignedOrder, SignedOrder>();
      const reserved: PlannedTrade[] = [];
      for (const trade of trades) {
        if (await isGateClosed(trade.from)) break;
        await reserve(trade, offers);
        reserved.push(trade);
      }
      if (here !== undefined) promised.set(here.round, reserved);
    },

    async clear(metered) {
      const round = metered[0]?.round;
      if (round === undefined) return;
      const trades = promised.get(round) ?? [];
      promised.delete(round);
      // A block's positions are released together: where an outage starts or ends within a block, the first part waits.
      if (round.endsBlock) await releaseAll(blockOf(round.slots[0] ?? 0));
      const deliveries = metered.map((balance) => deliveriesOf(balance, trades, metered));
      const surplus = metered.map((balance, index) => deliver(balance, deliveries[index] ?? []));
      await acceptEverywhere(simulation, metered);
      if (!round.endsBlock) return;
      for (const [index, balance] of metered.entries()) {
        if (!balance.islanded) await resell(balance, surplus[index] ?? []);
      }
    },
  };

  /** Whether a round starts soon: every transaction takes a second, and a short round may not have enough of them. */
  async function isGateClosed({ round, community }: RoundBalance): Promise<boolean> {
    const startsAt = (round.slots[0] ?? 0) * community.series.slotSeconds;
    return (await simulation.wattline.chain.chainTime()) + GATE_CLOSURE_SECONDS >= startsAt;
  }

  /** The buyer reserves the trade from the seller's forward offer for the round. */
  async function reserve(
    trade: PlannedTrade,
    offers: Map<SignedOrder, SignedOrder>,
  ): Promise<void> {
    simulation.check();
    const { seller, buyer, offer } = partiesOf(trade);
    const { slots } = trade.from.round;
    const forward =
      offers.get(offer) ??
      (await trading.sign(trade.from.community, seller, "offer", {
        firstSlot: slots[0] ?? 0,
        lastSlot: slots.at(-1) ?? 0,
        pricePerKwh: offer.order.price,
        bondPerKwh: BOND_PER_KWH,
        crosses: true,
      }));
    offers.set(offer, forward);
    const energyWh = bySlot(trade.from.round, trade.sentWh);
    await trading.reserve(trade.to.community, buyer, forward, energyWh);
  }

  async function releaseAll(blockNumber: number): Promise<void> {
    await ledger.follow();
    const open = ledger.openIn(blockNumber);
    for (let first = 0; first < open.length; first += RELEASES_PER_BATCH) {
      simulation.check();
      const batch = open.slice(first, first + RELEASES_PER_BATCH);
      await trading.release(simulation.anyone, batch);
    }
    for (const { act } of await ledger.follow()) {
      if (act.kind === "plain" && act.event.eventName === "NotReleased")
        throw new Error(`A forward was not released, for the reason ${act.event.args.reason}.`);
    }
  }

  /** Buyers sell to the grid what they reserved but did not need. */
  async function resell(balance: RoundBalance, surplusWh: readonly Lanes[]): Promise<void> {
    const { community, orders, round } = balance;
    for (const [home, lanes] of surplusWh.entries()) {
      const who = community.households[home];
      if (who === undefined || lanes.every((wh) => wh === 0n)) continue;
      simulation.check();
      const energyWh = bySlot(round, lanes);
      await trading.accept(community, who, orders.gridBid, energyWh);
    }
  }
}
