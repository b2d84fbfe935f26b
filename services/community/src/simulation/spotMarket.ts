import {
  type Batch,
  batchesOf,
  clearCommunity,
  communitySlotIn,
  limitOf,
  type Pairing,
  unpackProfile,
} from "@wattline/sdk";
import type { ToldAct } from "./ledger.ts";
import type { Market } from "./market.ts";
import {
  bySlot,
  deduct,
  type PlannedTrade,
  type RoundBalance,
  tradesAcross,
  tradesAtHome,
} from "./roundBalance.ts";
import { acceptTrade, bidOf, partiesOf, type Simulation } from "./simulation.ts";
import { sumOf } from "./sums.ts";

/** Neighbours accept each other's posted prices. */
export const acceptMarket = (simulation: Simulation): Market => ({
  clear: (balances) => acceptEverywhere(simulation, balances),
});

/** Homes take what they need, at home first and then over the tie line. */
export async function acceptEverywhere(
  simulation: Simulation,
  balances: readonly RoundBalance[],
): Promise<void> {
  for (const balance of balances) await acceptAll(simulation, tradesAtHome(balance));
  await acrossFrom(simulation, balances, (trades) => acceptAll(simulation, trades));
}

/**
 * A settler clears signed limits in batches, at the community price of each slot; the tie line is for those left over, at the
 * middle of the two communities' prices.
 */
export const settleMarket = (simulation: Simulation): Market => ({
  async clear(balances) {
    for (const balance of balances)
      await settleAll(simulation, await clearedAt(simulation, balance));
    await acrossFrom(simulation, balances, (trades) => settleAll(simulation, trades));
  },
});

/** Buyers accept planned trades, one transaction each. */
async function acceptAll(simulation: Simulation, trades: readonly PlannedTrade[]): Promise<void> {
  for (const trade of trades) await acceptTrade(simulation, trade);
}

/** Homes buy over the tie line what is left at its other end. */
async function acrossFrom(
  { line }: Simulation,
  [here, there]: readonly RoundBalance[],
  trade: (trades: readonly PlannedTrade[]) => Promise<void>,
): Promise<void> {
  if (line === undefined || here === undefined || there === undefined) return;
  await trade(tradesAcross(here, there, line));
  await trade(tradesAcross(there, here, line));
}

/** Who gets how much from whom within a community, as the sdk shares it out. */
async function clearedAt(simulation: Simulation, balance: RoundBalance): Promise<PlannedTrade[]> {
  const { community, orders, round, offeredWh, neededWh } = balance;
  const facts = (await simulation.wattline.facts()).known(community.microgrid);
  const sellers = orders.offers.flatMap((offer, home) =>
    offer === undefined
      ? []
      : [{ home, signed: offer, mostWh: bySlot(round, offeredWh[home] ?? []) }],
  );
  const buyers = orders.bids.map((bid, home) => ({
    home,
    signed: bid,
    mostWh: bySlot(round, neededWh[home] ?? []),
  }));
  const limits = [
    ...sellers.map(({ signed: { order }, mostWh }) =>
      limitOf(order, { leftWh: BigInt(order.energy), mostWh }, "Solar"),
    ),
    ...buyers.map(({ home, signed: { order }, mostWh }) => {
      const critical = community.households[home]?.critical === true;
      return limitOf(order, { leftWh: BigInt(order.energy), mostWh, critical });
    }),
  ];
  const slots = round.slots.map((slot) => communitySlotIn(facts, slot));
  return clearCommunity({ orders: limits, slots }).flatMap(({ offer, bid, energyWh }) => {
    const [seller, buyer] = [sellers[offer]?.home, buyers[bid - sellers.length]?.home];
    if (seller === undefined || buyer === undefined) return [];
    const sentWh = round.slots.map((slot) => energyWh.get(slot) ?? 0n);
    // Within a microgrid nothing is lost: what is sent arrives.
    return [{ seller, buyer, sentWh, arrivedWh: sentWh, from: balance, to: balance, lossBps: 0n }];
  });
}

/** The settler settles planned trades in batches. */
async function settleAll(simulation: Simulation, trades: readonly PlannedTrade[]): Promise<void> {
  const { trading, ledger, anyone, wattline } = simulation;
  const facts = await wattline.facts();
  const pairings = trades.map((trade): Pairing => {
    const { offer } = partiesOf(trade);
    return {
      offer,
      bid: bidOf(trade),
      source: "Solar",
      energyWh: bySlot(trade.from.round, trade.sentWh),
    };
  });
  const known = (microgrid: number) => facts.known(microgrid);
  for (const batch of batchesOf(pairings, { known })) {
    simulation.check();
    await trading.settleBatch(anyone, batch);
    expectWhole(batch, await ledger.follow());
  }
  for (const trade of trades) deduct(trade);
}

/** The simulated auctioneer knows all balances, so no match may be skipped or cut. */
function expectWhole({ matches }: Batch, told: readonly ToldAct[]): void {
  const sent: bigint[] = [];
  for (const { act } of told) {
    if (act.kind === "skip")
      throw new Error(`A match was skipped, for the reason ${act.skipped.args.reason}.`);
    if (act.kind === "match") sent.push(act.matched.args.sentWh);
  }
  for (const [index, { firstBlock, energy: words }] of matches.entries()) {
    const plannedWh = sumOf(unpackProfile({ firstBlock, words }));
    if (sent[index] === plannedWh) continue;
    throw new Error(`Of ${plannedWh} Wh only ${sent[index] ?? 0n} were matched.`);
  }
}
