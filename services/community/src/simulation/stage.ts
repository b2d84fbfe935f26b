import type { Community, Person } from "./community.ts";
import type { Deployment } from "./deployment.ts";
import type { Ledger } from "./ledger.ts";
import { book, bySlot, type Deal } from "./tally.ts";
import type { TieLine } from "./tieLine.ts";
import type { Trading } from "./trading.ts";

/** Where a simulation plays: what its markets trade on, and where they book it. */
export interface Stage {
  readonly wattline: Deployment;
  readonly communities: readonly Community[];
  readonly trading: Trading;
  readonly ledger: Ledger;
  /** What joins two communities. */
  readonly line?: TieLine;
  /** Somebody with no part in any trade: clears batches and releases forwards. */
  readonly anyone: Person;
  /** Throws when the run is to stop. */
  check(): void;
}

/** The two households of a deal and what they have signed for the day. */
export function partiesOf({ from, to, seller, buyer }: Deal) {
  const who = from.community.households[seller];
  const whom = to.community.households[buyer];
  const offer = from.book.offers[seller];
  const bid = to.book.bids[buyer];
  if (who === undefined || whom === undefined || offer === undefined || bid === undefined) {
    throw new Error(`Household ${seller} offers nothing to household ${buyer}.`);
  }
  return { seller: who, buyer: whom, offer, bid };
}

/** The buyer of a deal takes it of the seller's signed offer, and both tallies shrink. */
export async function acceptDeal(stage: Stage, deal: Deal): Promise<void> {
  stage.check();
  const { trading, ledger } = stage;
  const { seller, buyer, offer } = partiesOf(deal);
  const energyWh = bySlot(deal.from.round, deal.sentWh);
  const receipt = await trading.accept(deal.to.community, buyer, offer, energyWh);
  ledger.accepted(receipt, seller, buyer, deal.lossBps);
  book(deal);
}
