import type { SignedOrder } from "@wattline/sdk";
import type { Community, Person } from "./community.ts";
import type { Deployment } from "./deployment.ts";
import type { Ledger } from "./ledger.ts";
import { bySlot, deduct, type PlannedTrade } from "./roundBalance.ts";
import type { TieLine } from "./tieLine.ts";
import type { Trading } from "./trading.ts";

/** A running simulation: what its markets trade on, and what has happened there. */
export interface Simulation {
  readonly wattline: Deployment;
  readonly communities: readonly Community[];
  readonly trading: Trading;
  readonly ledger: Ledger;
  /** The tie line between two microgrids. */
  readonly line?: TieLine;
  /** An account outside all trades: clears batches and releases forwards. */
  readonly anyone: Person;
  /** Throws when the run is aborted. */
  check(): void;
}

/** The two households of a planned trade and the seller's offer of the period. */
export function partiesOf({ from, to, seller, buyer }: PlannedTrade) {
  const who = from.community.households[seller];
  const whom = to.community.households[buyer];
  const offer = from.orders.offers[seller];
  if (who === undefined || whom === undefined || offer === undefined) {
    throw new Error(`Household ${seller} has no offer for household ${buyer}.`);
  }
  return { seller: who, buyer: whom, offer };
}

/** The buyer's bid of the period. */
export function bidOf({ to, buyer }: PlannedTrade): SignedOrder {
  const bid = to.orders.bids[buyer];
  if (bid === undefined) throw new Error(`Household ${buyer} has not bid.`);
  return bid;
}

/** The buyer accepts the trade from the seller's posted offer; both balances are reduced. */
export async function acceptTrade(simulation: Simulation, trade: PlannedTrade): Promise<void> {
  simulation.check();
  const { trading } = simulation;
  const { buyer, offer } = partiesOf(trade);
  const energyWh = bySlot(trade.from.round, trade.sentWh);
  await trading.accept(trade.to.community, buyer, offer, energyWh);
  deduct(trade);
}
