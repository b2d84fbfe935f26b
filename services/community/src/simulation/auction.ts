/** Clearing by merit order with limit prices on both sides, for the marketplace's `settle`. */

import type { Lanes, Match } from "./merit.ts";

/** The most one transaction of the auctioneer should use; Ethereum allows 16.78 million. */
export const MOST_BATCH_GAS = 14_000_000;

/** What a batch uses, a fifth to a half above what was measured on cold storage. */
const GAS = { batch: 60_000, order: 30_000, match: 45_000, slot: 2_000 };

/**
 * In every slot the cheapest offers go to the highest bids for as long as the offer does not exceed the bid, so that
 * the highest matched offer never exceeds the lowest matched bid. A home that sells in a slot buys nothing in it.
 * @param offeredWh What each home has, per slot.
 * @param neededWh What each home needs, per slot.
 * @param asks What each home asks per kWh; undefined where it offers nothing.
 * @param bids What each home bids per kWh; undefined where it does not.
 * @returns One match per pair.
 */
export function clearByMerit(
  offeredWh: readonly Lanes[],
  neededWh: readonly Lanes[],
  asks: readonly (bigint | undefined)[],
  bids: readonly (bigint | undefined)[],
): Match[] {
  const sellers = byPrice(asks);
  const buyers = byPrice(bids).reverse();
  const pairs = new Map<string, Match>();
  const slots = offeredWh[0]?.length ?? 0;
  for (let slot = 0; slot < slots; slot++) {
    const leftWh = offeredWh.map((lanes) => lanes[slot] ?? 0n);
    const openWh = neededWh.map((lanes) => lanes[slot] ?? 0n);
    for (const buyer of buyers) {
      for (const seller of sellers) {
        if ((asks[seller.home] ?? 0n) > (bids[buyer.home] ?? 0n)) break;
        const [stock, wanted] = [leftWh[seller.home] ?? 0n, openWh[buyer.home] ?? 0n];
        const energyWh = stock < wanted ? stock : wanted;
        if (energyWh === 0n || seller.home === buyer.home) continue;
        leftWh[seller.home] = stock - energyWh;
        openWh[buyer.home] = wanted - energyWh;
        const lanes = matchOf(pairs, seller.home, buyer.home, slots).sentWh;
        lanes[slot] = energyWh;
      }
    }
  }
  return [...pairs.values()];
}

/**
 * Splits matches into batches that fit a transaction: between slots, so that a slot keeps one price, and within a slot
 * only when it alone would not fit.
 */
export function batchesOf(matches: readonly Match[], mostGas = MOST_BATCH_GAS): Match[][] {
  if (matches.length === 0) return [];
  if (gasOf(matches) <= mostGas) return [[...matches]];
  const traded = matches[0]?.sentWh.flatMap((_, slot) =>
    matches.some(({ sentWh }) => sentWh[slot] !== 0n) ? [slot] : [],
  );
  if (traded === undefined || traded.length < 2) {
    const half = Math.ceil(matches.length / 2);
    if (half === matches.length) return [[...matches]];
    return [
      ...batchesOf(matches.slice(0, half), mostGas),
      ...batchesOf(matches.slice(half), mostGas),
    ];
  }
  const middle = traded[Math.floor(traded.length / 2)] ?? 0;
  const [before, after] = [
    part(matches, (slot) => slot < middle),
    part(matches, (slot) => slot >= middle),
  ];
  return [...batchesOf(before, mostGas), ...batchesOf(after, mostGas)];
}

/** What a batch uses at most. */
export function gasOf(matches: readonly Match[]): number {
  const offers = new Set(matches.map(({ seller }) => seller)).size;
  const bids = new Set(matches.map(({ buyer }) => buyer)).size;
  const slots = matches.reduce(
    (count, { sentWh }) => count + sentWh.filter((wh) => wh !== 0n).length,
    0,
  );
  return GAS.batch + GAS.order * (offers + bids) + GAS.match * matches.length + GAS.slot * slots;
}

function part(matches: readonly Match[], keeps: (slot: number) => boolean): Match[] {
  return matches
    .map(({ seller, buyer, sentWh }) => {
      const keptWh = sentWh.map((wh, slot) => (keeps(slot) ? wh : 0n));
      return { seller, buyer, sentWh: keptWh, arrivedWh: keptWh };
    })
    .filter(({ sentWh }) => sentWh.some((wh) => wh !== 0n));
}

/** Homes with a price, the cheapest first; equal ones in their order. */
function byPrice(prices: readonly (bigint | undefined)[]): { home: number; price: bigint }[] {
  return prices
    .flatMap((price, home) => (price === undefined ? [] : [{ home, price }]))
    .sort((a, b) => (a.price < b.price ? -1 : a.price > b.price ? 1 : 0));
}

function matchOf(pairs: Map<string, Match>, seller: number, buyer: number, slots: number): Match {
  const key = `${seller} ${buyer}`;
  const known = pairs.get(key);
  if (known !== undefined) return known;
  const energyWh = new Array<bigint>(slots).fill(0n);
  // Within a community nothing is lost: what is sent arrives.
  const match = { seller, buyer, sentWh: energyWh, arrivedWh: energyWh };
  pairs.set(key, match);
  return match;
}
