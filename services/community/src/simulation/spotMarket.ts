import { type Batch, type Match, planBatches, unpackProfile } from "@wattline/sdk";
import type { Market } from "./market.ts";
import {
  bySlot,
  deduct,
  type PlannedTrade,
  type RoundBalance,
  tradesAcross,
  tradesAtHome,
} from "./roundBalance.ts";
import { acceptTrade, partiesOf, type Simulation } from "./simulation.ts";
import { NETWORK_FEE } from "./tariffs.ts";

/** Neighbours accept each other's offers. */
export const acceptMarket = (simulation: Simulation): Market => ({
  prepare: async () => {},
  async clear(balances, retailPerKwh) {
    for (const balance of balances) await acceptAll(simulation, tradesAtHome(balance));
    await acceptAcross(simulation, balances, retailPerKwh);
  },
});

/**
 * An auctioneer clears signed offers and bids in batches, at one price per slot; the tie line is for those left over.
 */
export const settleMarket = (simulation: Simulation): Market => ({
  prepare: async () => {},
  async clear(balances, retailPerKwh) {
    for (const balance of balances) {
      const isCritical = (home: number) => balance.community.households[home]?.critical === true;
      if (balance.islanded) {
        // In a separate batch, critical loads come first whatever the others bid.
        await clear(simulation, balance, isCritical);
        await clear(simulation, balance, (home) => !isCritical(home));
      } else await clear(simulation, balance, () => true);
    }
    await acceptAcross(simulation, balances, retailPerKwh);
  },
});

/** Buyers accept planned trades, one transaction each. */
export async function acceptAll(
  simulation: Simulation,
  trades: readonly PlannedTrade[],
): Promise<void> {
  for (const trade of trades) await acceptTrade(simulation, trade);
}

/** Homes buy over the tie line what is left at its other end. */
async function acceptAcross(
  simulation: Simulation,
  balances: readonly RoundBalance[],
  retailPerKwh: bigint,
): Promise<void> {
  const [here, there] = balances;
  const { line } = simulation;
  if (line === undefined || here === undefined || there === undefined) return;
  await acceptAll(simulation, tradesAcross(here, there, line, retailPerKwh));
  await acceptAll(simulation, tradesAcross(there, here, line, retailPerKwh));
}

/** Clears the bids of the homes that `takesPart` selects against all offers, as planned by the sdk. */
async function clear(
  simulation: Simulation,
  balance: RoundBalance,
  takesPart: (home: number) => boolean,
): Promise<void> {
  const { trading, ledger, anyone } = simulation;
  const { round, offeredWh, neededWh } = balance;
  const { offers, bids } = balance.dayOrders;
  const supplies = offers.flatMap((offer, home) =>
    offer === undefined
      ? []
      : [{ ...offer, source: "Solar" as const, energyWh: bySlot(round, offeredWh[home] ?? []) }],
  );
  const demands = bids.flatMap((bid, home) =>
    takesPart(home) ? [{ ...bid, energyWh: bySlot(round, neededWh[home] ?? []) }] : [],
  );
  for (const batch of planBatches(supplies, demands, { networkFee: NETWORK_FEE })) {
    simulation.check();
    const trades = batch.matches.map((match) => dealOf(balance, batch, match));
    const receipt = await trading.settleBatch(anyone, batch);
    ledger.settled(
      receipt,
      trades.map(partiesOf).map(({ seller, buyer }) => [seller, buyer] as const),
    );
    for (const trade of trades) deduct(trade);
  }
}

/** A match of a batch, with the homes of a balance. */
function dealOf(balance: RoundBalance, { orders }: Batch, match: Match): PlannedTrade {
  const { offers, bids } = balance.dayOrders;
  const energyWh = unpackProfile({ firstBlock: match.firstBlock, words: match.energy });
  const sentWh = balance.round.slots.map((slot) => energyWh.get(slot) ?? 0n);
  return {
    seller: offers.findIndex((offer) => offer?.order === orders[match.offer]),
    buyer: bids.findIndex((bid) => bid.order === orders[match.bid]),
    sentWh,
    // Within a microgrid nothing is lost: what is sent arrives.
    arrivedWh: sentWh,
    from: balance,
    to: balance,
    lossBps: 0n,
  };
}
