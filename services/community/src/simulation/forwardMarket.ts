import { blockOf, type SignedOrder } from "@wattline/sdk";
import { deliver, deliveriesOf } from "./delivery.ts";
import type { Market } from "./market.ts";
import type { Lanes } from "./merit.ts";
import type { Round } from "./rounds.ts";
import { acceptAll } from "./spotMarket.ts";
import { partiesOf, type Stage } from "./stage.ts";
import { book, bySlot, type Deal, dealsAcross, dealsAtHome, type Tally } from "./tally.ts";

/** What a seller forfeits on shortfall, in base units per kWh: five cents. */
export const BOND_PER_KWH = 50_000n;

/** How long before a round the last reservation is sent. */
const GATE_CLOSURE_SECONDS = 10;

/** How many releases one transaction carries: each uses 200,000 gas at most. */
const RELEASES_PER_BATCH = 60;

/**
 * Sellers promise what they expect to export and buyers reserve what they expect to import while the round before is
 * running; when meters have reported, anyone releases. What a buyer turns out not to need goes to the grid. Only in an
 * island, where there is no grid to even out what was not expected, neighbours trade the rest on the spot.
 */
export function forwardMarket(stage: Stage): Market {
  const { trading, ledger } = stage;
  const promised = new Map<Round, Deal[]>();

  return {
    async prepare(expected, retailPerKwh) {
      const deals: Deal[] = [];
      const plan = (more: readonly Deal[]) => {
        for (const deal of more) book(deal);
        deals.push(...more);
      };
      for (const tally of expected) plan(dealsAtHome(tally));
      const [here, there] = expected;
      if (stage.line !== undefined && here !== undefined && there !== undefined) {
        plan(dealsAcross(here, there, stage.line, retailPerKwh));
        plan(dealsAcross(there, here, stage.line, retailPerKwh));
      }
      const offers = new Map<SignedOrder, SignedOrder>();
      const reserved: Deal[] = [];
      for (const deal of deals) {
        if (await isGateClosed(deal.from)) break;
        await reserve(deal, offers);
        reserved.push(deal);
      }
      if (here !== undefined) promised.set(here.round, reserved);
    },

    async clear(metered) {
      const round = metered[0]?.round;
      if (round === undefined) return;
      const deals = promised.get(round) ?? [];
      promised.delete(round);
      // A block's positions are released as a whole: an outage's edge in the middle makes the first part wait.
      if (round.endsBlock) await releaseAll(blockOf(round.slots[0] ?? 0));
      const deliveries = metered.map((tally) => deliveriesOf(tally, deals, metered));
      for (const [index, tally] of metered.entries()) {
        const surplusWh = deliver(tally, deliveries[index] ?? [], round.endsBlock);
        if (tally.islanded) await acceptAll(stage, dealsAtHome(tally));
        else if (round.endsBlock) await resell(tally, surplusWh);
      }
    },
  };

  /** Whether a round is about to begin: every transaction takes a second, which a short round may not have. */
  async function isGateClosed({ round, community }: Tally): Promise<boolean> {
    const startsAt = (round.slots[0] ?? 0) * community.series.slotSeconds;
    return (await stage.wattline.chain.chainTime()) + GATE_CLOSURE_SECONDS >= startsAt;
  }

  /** The buyer of a deal reserves it of the seller's forward offer for the round. */
  async function reserve(deal: Deal, offers: Map<SignedOrder, SignedOrder>): Promise<void> {
    stage.check();
    const { seller, buyer, offer } = partiesOf(deal);
    const { slots } = deal.from.round;
    const forward =
      offers.get(offer) ??
      (await trading.sign(deal.from.community, seller, "offer", {
        firstSlot: slots[0] ?? 0,
        lastSlot: slots.at(-1) ?? 0,
        pricePerKwh: offer.order.price,
        bondPerKwh: BOND_PER_KWH,
      }));
    offers.set(offer, forward);
    const energyWh = bySlot(deal.from.round, deal.sentWh);
    ledger.reserved(await trading.reserve(deal.to.community, buyer, forward, energyWh));
  }

  async function releaseAll(blockNumber: number): Promise<void> {
    const open = ledger.forwards.openIn(blockNumber);
    for (let first = 0; first < open.length; first += RELEASES_PER_BATCH) {
      stage.check();
      const batch = open.slice(first, first + RELEASES_PER_BATCH);
      ledger.released(await trading.release(stage.anyone, batch));
    }
  }

  /** Buyers sell to the grid what they reserved and did not need. */
  async function resell(tally: Tally, surplusWh: readonly Lanes[]): Promise<void> {
    const { community, book, round } = tally;
    for (const [home, lanes] of surplusWh.entries()) {
      const who = community.households[home];
      if (who === undefined || lanes.every((wh) => wh === 0n)) continue;
      stage.check();
      const energyWh = bySlot(round, lanes);
      const receipt = await trading.accept(community, who, book.gridBid, energyWh);
      ledger.soldToGrid(receipt, who, community.dso, true);
    }
  }
}
