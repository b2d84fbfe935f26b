import { type Batch, type Match, planBatches, unpackProfile } from "@wattline/sdk";
import type { Market } from "./market.ts";
import { acceptDeal, partiesOf, type Stage } from "./stage.ts";
import { book, bySlot, type Deal, dealsAcross, dealsAtHome, type Tally } from "./tally.ts";
import { NETWORK_FEE } from "./tariffs.ts";

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

/** Clears the bids of the homes that `takesPart` names against all offers, as the sdk plans it. */
async function clear(
  stage: Stage,
  tally: Tally,
  takesPart: (home: number) => boolean,
): Promise<void> {
  const { trading, ledger, anyone } = stage;
  const { round, offeredWh, neededWh } = tally;
  const { offers, bids } = tally.book;
  const supplies = offers.flatMap((offer, home) =>
    offer === undefined
      ? []
      : [{ ...offer, source: "Solar" as const, energyWh: bySlot(round, offeredWh[home] ?? []) }],
  );
  const demands = bids.flatMap((bid, home) =>
    takesPart(home) ? [{ ...bid, energyWh: bySlot(round, neededWh[home] ?? []) }] : [],
  );
  for (const batch of planBatches(supplies, demands, { networkFee: NETWORK_FEE })) {
    stage.check();
    const deals = batch.matches.map((match) => dealOf(tally, batch, match));
    const receipt = await trading.settleBatch(anyone, batch);
    ledger.settled(
      receipt,
      deals.map(partiesOf).map(({ seller, buyer }) => [seller, buyer] as const),
    );
    for (const deal of deals) book(deal);
  }
}

/** A match of a batch as the homes of a tally know it. */
function dealOf(tally: Tally, { orders }: Batch, match: Match): Deal {
  const { offers, bids } = tally.book;
  const energyWh = unpackProfile({ firstBlock: match.firstBlock, words: match.energy });
  const sentWh = tally.round.slots.map((slot) => energyWh.get(slot) ?? 0n);
  return {
    seller: offers.findIndex((offer) => offer?.order === orders[match.offer]),
    buyer: bids.findIndex((bid) => bid.order === orders[match.bid]),
    sentWh,
    // Within a community nothing is lost: what is sent arrives.
    arrivedWh: sentWh,
    from: tally,
    to: tally,
    lossBps: 0n,
  };
}
