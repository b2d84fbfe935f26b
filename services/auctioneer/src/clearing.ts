import type { Snapshot } from "@wattline/relay/chain";
import {
  type Batch,
  batchesOf,
  type Microgrid,
  OFFER,
  type Pairing,
  pairLimits,
  type SlotRange,
  type TieLine,
} from "@wattline/sdk";
import { pairingsAcross } from "./across.ts";
import { moneyOf, openBid, openOf, poolsOf, slotsOf } from "./openBook.ts";
import type { Verified } from "./orders/verify.ts";
import { dueSlots, type Timing } from "./timing.ts";

/** Pairings as batches for `settle`, each bounded in gas. */
export function batchesOfPairings(
  view: Snapshot,
  verified: readonly Verified[],
  pairings: readonly Pairing[],
): Batch[] {
  const wallets = new Set(
    verified.filter(({ facts }) => facts.signer?.by === "wallet").map(({ order }) => order.maker),
  );
  return batchesOf(pairings, {
    known: (number) => known(view, number),
    isWallet: (maker) => wallets.has(maker),
  });
}

/** What is cleared, and when. */
export interface ClearingRules {
  readonly timing: Timing;
  /** Only these; undefined for all. */
  readonly microgrids: readonly number[] | undefined;
  /** Tie lines over which is traded what is left in the microgrids. */
  readonly lines: readonly TieLine[];
  /** Whether no chain is in reach: critical loads come first then, and slots are due by the block. */
  readonly isIsland?: boolean;
}

/** Who gets how much from whom in the due slots: first in each microgrid, then over tie lines. */
export async function pairingsOf(
  view: Snapshot,
  verified: readonly Verified[],
  { timing, microgrids, lines, isIsland = false }: ClearingRules,
): Promise<Pairing[]> {
  const fillable = verified.filter(
    ({ order, judgement, leftAlone }) =>
      judgement.state === "live" &&
      leftAlone === undefined &&
      (microgrids === undefined || microgrids.includes(order.microgrid)),
  );
  const pairings: Pairing[] = [];
  for (const [number, orders] of Map.groupBy(fillable, ({ order }) => order.microgrid)) {
    const microgrid = known(view, number);
    const due = dueSlots(microgrid, view.nowSeconds, timing, isIsland);
    const [forwards, spots] = [true, false].map((isForward) =>
      orders.filter(({ order }) => order.forward === isForward),
    );
    pairings.push(...(await clear(view, microgrid, spots ?? [], due.spot, isIsland)));
    // A bid demands a bond: those that demand less take part where those that demand more are served.
    for (const level of bondLevels(forwards ?? [])) {
      pairings.push(...(await clear(view, microgrid, level, due.forward)));
    }
  }
  const across = await pairingsAcross(view, fillable, { timing, lines }, pairings);
  return [...pairings, ...across];
}

/**
 * Forwards by the bond that bids demand, the highest first: each level's bids meet the offers that pay such a bond. An offer that
 * is used up by one level is cut by the contract in the next.
 */
function bondLevels(orders: readonly Verified[]): Verified[][] {
  const bids = orders.filter(({ order }) => order.side !== OFFER);
  const offers = orders.filter(({ order }) => order.side === OFFER);
  const bonds = [...new Set(bids.map(({ order }) => order.bond))].sort((a, b) => (a > b ? -1 : 1));
  return bonds.map((bond) => [
    ...offers.filter(({ order }) => order.bond >= bond),
    ...bids.filter(({ order }) => order.bond === bond),
  ]);
}

async function clear(
  view: Snapshot,
  microgrid: Microgrid,
  orders: readonly Verified[],
  due: SlotRange,
  isIsland = false,
): Promise<Pairing[]> {
  const offers = orders.filter(({ order }) => order.side === OFFER);
  const bids = orders.filter(({ order }) => order.side !== OFFER);
  const slots = slotsOf(microgrid, offers, bids, due);
  if (slots.length === 0) return [];
  return pairLimits({
    microgrid,
    slots,
    offers: offers.map(openOf),
    bids: await Promise.all(bids.map((bid) => openBid(view, microgrid, bid, slots))),
    moneyMillis: moneyOf(bids),
    poolOf: await poolsOf(view, microgrid, offers, slots),
    criticalFirst: isIsland,
  });
}

function known(view: Snapshot, number: number): Microgrid {
  const microgrid = view.microgrid(number);
  if (microgrid === undefined) throw new Error(`There is no microgrid ${number}.`);
  return microgrid;
}
