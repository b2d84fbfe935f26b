import type { Snapshot } from "@wattline/relay/chain";
import {
  type Batch,
  batchesOf,
  communityPriceIn,
  isIslandedIn,
  isLimit,
  isPosted,
  levelFor,
  type Microgrid,
  OFFER,
  type OpenBook,
  type Pairing,
  pairLimits,
  type SlotRange,
  type TieLine,
} from "@wattline/sdk";
import { pairingsAcross } from "./across.ts";
import { Leftovers } from "./leftovers.ts";
import { moneyOf, poolsOf, rationed, slotsOf } from "./openBook.ts";
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

/** Posted prices of one side that a round looks at: signing thousands of them costs nothing. */
const MOST_PRICES = 200;

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

/**
 * Who gets how much from whom in the due slots: in each microgrid first what is posted at prices that are no worse for limits than
 * the community's, then at the community price; what is left goes over tie lines.
 */
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
  const left = new Leftovers();
  const pairings: Pairing[] = [];
  for (const [number, orders] of Map.groupBy(fillable, ({ order }) => order.microgrid)) {
    const microgrid = known(view, number);
    const due = dueSlots(microgrid, view.nowSeconds, timing, isIsland);
    const [forwards = [], spots = []] = [true, false].map((isForward) =>
      orders.filter(({ order }) => order.forward === isForward),
    );
    pairings.push(...(await clearPosted(view, microgrid, spots, due.spot, left)));
    const limits = spots.filter(({ order }) => isLimit(order));
    pairings.push(...(await clear(view, microgrid, limits, due.spot, left, { isIsland })));
    // A bid demands a bond: those that demand less take part where those that demand more are served.
    for (const level of bondLevels(forwards)) {
      pairings.push(...(await clear(view, microgrid, level, due.forward, left)));
    }
  }
  return [...pairings, ...(await pairingsAcross(view, fillable, { timing, lines }, left))];
}

/**
 * What is posted, price by price: the cheapest offers first, then the dearest bids. In islanded slots, where energy is rationed,
 * posted prices are left to those who take them.
 */
async function clearPosted(
  view: Snapshot,
  microgrid: Microgrid,
  orders: readonly Verified[],
  due: SlotRange,
  left: Leftovers,
): Promise<Pairing[]> {
  const isOffer = ({ order }: Verified): boolean => order.side === OFFER;
  const [posted, limits] = [isPosted, isLimit].map((kind) =>
    orders.filter(({ order }) => kind(order)),
  );
  const pairings: Pairing[] = [];
  for (const isSold of [true, false]) {
    const own = (posted ?? []).filter((each) => isOffer(each) === isSold);
    const others = (limits ?? []).filter((each) => isOffer(each) !== isSold);
    if (others.length === 0) continue;
    const prices = [...new Set(own.map(({ order }) => order.price))].sort((a, b) =>
      a < b === isSold ? -1 : 1,
    );
    for (const price of prices.slice(0, MOST_PRICES)) {
      const priceIn = (slot: number): bigint =>
        isSold ? price + levelFor(microgrid, slot).feePerKwh : price;
      const isNoWorse = (slot: number): boolean => {
        const community = communityPriceIn(microgrid, slot);
        return isSold ? priceIn(slot) <= community : priceIn(slot) >= community;
      };
      pairings.push(
        ...(await clear(
          view,
          microgrid,
          [...own.filter(({ order }) => order.price === price), ...others],
          due,
          left,
          {
            postedIn: priceIn,
            trades: (slot) => !isIslandedIn(microgrid, slot) && isNoWorse(slot),
          },
        )),
      );
    }
  }
  return pairings;
}

/**
 * Forwards by the bond that bids demand, the highest first: each level's bids meet the offers that pay such a bond, with what is left
 * of them.
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

/** How orders of a microgrid meet, when not at the community price in all slots that are due. */
interface Meeting extends Pick<OpenBook, "postedIn"> {
  /** Whether they meet in a slot. */
  trades?(slot: number): boolean;
  readonly isIsland?: boolean;
}

async function clear(
  view: Snapshot,
  microgrid: Microgrid,
  orders: readonly Verified[],
  due: SlotRange,
  left: Leftovers,
  { postedIn, trades = () => true, isIsland = false }: Meeting = {},
): Promise<Pairing[]> {
  const offers = orders.filter(({ order }) => order.side === OFFER);
  const bids = orders.filter(({ order }) => order.side !== OFFER);
  const slots = slotsOf(microgrid, offers, bids, due).filter(trades);
  if (slots.length === 0) return [];
  const poolOf = await poolsOf(view, microgrid, offers, slots);
  const pairings = pairLimits({
    microgrid,
    slots,
    offers: offers.map((offer) => left.open(offer)),
    bids: await Promise.all(
      bids.map((bid) => rationed(view, microgrid, left.open(bid), bid, slots)),
    ),
    moneyMillis: left.ofMoney(moneyOf(bids)),
    poolOf: (order, source) => left.ofPool(poolOf(order, source)),
    criticalFirst: isIsland,
    ...(postedIn && { postedIn }),
  });
  left.take(pairings, (_, slot) => postedIn?.(slot) ?? communityPriceIn(microgrid, slot));
  return pairings;
}

function known(view: Snapshot, number: number): Microgrid {
  const microgrid = view.microgrid(number);
  if (microgrid === undefined) throw new Error(`There is no microgrid ${number}.`);
  return microgrid;
}
