import { batchesOf, clearByMerit } from "./auction.ts";
import type { Market } from "./market.ts";
import { acceptDeal, partiesOf, type Stage } from "./stage.ts";
import { book, bySlot, type Deal, dealsAcross, dealsAtHome, type Tally } from "./tally.ts";

/** Neighbours accept one another's offers. */
export const acceptMarket = (stage: Stage): Market => ({
  prepare: async () => {},
  async clear(tallies, retailPerKwh) {
    for (const tally of tallies) await acceptAll(stage, dealsAtHome(tally));
    await acceptAcross(stage, tallies, retailPerKwh);
  },
});

/** An auctioneer clears signed offers and bids in batches, at one price per slot; lines are for who got nothing. */
export const settleMarket = (stage: Stage): Market => ({
  prepare: async () => {},
  async clear(tallies, retailPerKwh) {
    for (const tally of tallies) {
      const isCritical = (home: number) => tally.community.households[home]?.critical === true;
      if (tally.islanded) {
        // In a batch of their own critical loads come first whatever the others bid.
        await clear(stage, tally, isCritical);
        await clear(stage, tally, (home) => !isCritical(home));
      } else await clear(stage, tally, () => true);
    }
    await acceptAcross(stage, tallies, retailPerKwh);
  },
});

/** Buyers take what a list of deals gives them, one transaction each. */
export async function acceptAll(stage: Stage, deals: readonly Deal[]): Promise<void> {
  for (const deal of deals) await acceptDeal(stage, deal);
}

/** Homes take over the tie line what is left at its other end. */
async function acceptAcross(
  stage: Stage,
  tallies: readonly Tally[],
  retailPerKwh: bigint,
): Promise<void> {
  const [here, there] = tallies;
  const { line } = stage;
  if (line === undefined || here === undefined || there === undefined) return;
  await acceptAll(stage, dealsAcross(here, there, line, retailPerKwh));
  await acceptAll(stage, dealsAcross(there, here, line, retailPerKwh));
}

/** Clears the bids of the homes that `takesPart` names against all offers. */
async function clear(
  stage: Stage,
  tally: Tally,
  takesPart: (home: number) => boolean,
): Promise<void> {
  const { trading, ledger, anyone } = stage;
  const { offers, bids } = tally.book;
  const matches = clearByMerit(
    tally.offeredWh,
    tally.neededWh,
    offers.map((offer) => offer?.order.price),
    bids.map((bid, home) => (takesPart(home) ? bid.order.price : undefined)),
  );
  for (const batch of batchesOf(matches)) {
    stage.check();
    const deals = batch.map((match) => ({ ...match, from: tally, to: tally, lossBps: 0n }));
    const parties = deals.map((deal) => ({ deal, ...partiesOf(deal) }));
    const receipt = await trading.settle(
      anyone,
      parties.map(({ deal, offer, bid }) => ({
        offer,
        bid,
        energyWh: bySlot(tally.round, deal.sentWh),
      })),
    );
    ledger.settled(
      receipt,
      parties.map(({ seller, buyer }) => [seller, buyer] as const),
    );
    for (const deal of deals) book(deal);
  }
}
