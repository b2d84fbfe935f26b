import {
  type Batch,
  batchesOf,
  energyBySlot,
  LANE_MAX_WH,
  type Microgrids,
  type OpenLimit,
  type Pairing,
  pairAcross,
  pairLimits,
  type SignedOrder,
  unpackProfile,
  waysOver,
} from "@wattline/sdk";
import type { ToldAct } from "./ledger.ts";
import type { Market } from "./market.ts";
import { postedIn } from "./periodOrders.ts";
import { buyEverywhere } from "./purchases.ts";
import { bySlot, deduct, type RoundBalance } from "./roundBalance.ts";
import type { Simulation } from "./simulation.ts";
import { sumOf } from "./sums.ts";

/** Neighbours accept each other's posted prices. */
export const acceptMarket = (simulation: Simulation): Market => ({
  clear: (balances) => buyEverywhere(simulation, balances, postedIn),
});

/**
 * A settler clears signed limits in batches, as the sdk shares them out: at home at the community price of each slot, then over the tie
 * line what is left.
 */
export const settleMarket = (simulation: Simulation): Market => ({
  async clear(balances) {
    const { chain, facts: read } = simulation.wattline;
    const facts = await read();
    const at = (microgrid: number) =>
      balances.find(({ community }) => community.microgrid === microgrid);
    for (const balance of balances) {
      const microgrid = facts.known(balance.community.microgrid);
      const pairings = pairLimits({ microgrid, ...limitsOf(balance, balance) });
      await settleAll(simulation, facts, balances, pairings);
    }
    const now = await chain.chainTime();
    for (const way of waysOver(facts.lines(), (one) => facts.get(one), now)) {
      const [from, to] = [at(way.from.microgrid), at(way.to.microgrid)];
      if (from === undefined || to === undefined) continue;
      const pairings = pairAcross({ ...way, ...limitsOf(from, to), flowWh: new Map() });
      await settleAll(simulation, facts, balances, pairings);
    }
  },
});

/** The limits of sellers at one place and of buyers at the same or at another one, with what they have and need. */
function limitsOf(from: RoundBalance, to: RoundBalance) {
  const open = (signed: SignedOrder) => ({ ...signed, leftWh: LANE_MAX_WH });
  const stocks = new Map(
    from.community.households.map(({ address }, home) => [
      address,
      bySlot(from.round, from.offeredWh[home] ?? []),
    ]),
  );
  return {
    slots: from.round.slots,
    offers: postedIn(from).map(open),
    bids: to.orders.bids.map(
      (bid, home): OpenLimit => ({
        ...open(bid),
        mostWh: bySlot(to.round, to.neededWh[home] ?? []),
        critical: to.community.households[home]?.critical === true,
      }),
    ),
    poolOf: ({ maker }: SignedOrder["order"]) => ({
      key: maker,
      energyWh: stocks.get(maker) ?? new Map(),
    }),
  };
}

/** The settler settles pairings in batches. */
async function settleAll(
  { trading, ledger, anyone, check }: Simulation,
  facts: Microgrids,
  balances: readonly RoundBalance[],
  pairings: readonly Pairing[],
): Promise<void> {
  for (const batch of batchesOf(pairings, { known: (microgrid) => facts.known(microgrid) })) {
    check();
    await trading.settleBatch(anyone, batch);
    const told = await ledger.follow();
    expectWhole(batch, told);
    for (const { act } of told) {
      if (act.kind !== "match") continue;
      const { sent, arrived } = act;
      deduct(balances, {
        ...{ seller: sent.from, buyer: arrived.to },
        ...{ sentWh: energyBySlot(sent.words), arrivedWh: energyBySlot(arrived.words) },
      });
    }
  }
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
