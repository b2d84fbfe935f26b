import type { Community, Person } from "./community.ts";
import type { Deployment } from "./deployment.ts";
import type { Ledger } from "./ledger.ts";
import { bySlot, deduct, type PlannedTrade } from "./roundBalance.ts";
import type { TieLine } from "./tieLine.ts";
import type { Trading } from "./trading.ts";

/** A running simulation: what its markets trade on, and where they record it. */
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

/** The two households of a planned trade and their orders of the day. */
export function partiesOf({ from, to, seller, buyer }: PlannedTrade) {
  const who = from.community.households[seller];
  const whom = to.community.households[buyer];
  const offer = from.dayOrders.offers[seller];
  const bid = to.dayOrders.bids[buyer];
  if (who === undefined || whom === undefined || offer === undefined || bid === undefined) {
    throw new Error(`Household ${seller} has no offer for household ${buyer}.`);
  }
  return { seller: who, buyer: whom, offer, bid };
}

/** The buyer accepts the trade from the seller's signed offer; both balances are reduced. */
export async function acceptTrade(simulation: Simulation, trade: PlannedTrade): Promise<void> {
  simulation.check();
  const { trading, ledger } = simulation;
  const { seller, buyer, offer } = partiesOf(trade);
  const energyWh = bySlot(trade.from.round, trade.sentWh);
  const receipt = await trading.accept(trade.to.community, buyer, offer, energyWh);
  ledger.accepted(receipt, seller, buyer, trade.lossBps);
  deduct(trade);
}
