import type { SlotSide } from "./claims.ts";
import { shareEarmarked } from "./earmarked.ts";
import { Network } from "./flow.ts";

/** Wh that a source sends to the bids that take the sources of a mask. */
export interface Stream {
  /** A bit of those sold in the slot. */
  readonly source: number;
  readonly mask: number;
  readonly wh: number;
}

/**
 * Reduces both sides of a slot to what they trade: everything that can be traded is, and the long side of each source
 * is rationed equally (O. Bochet, R. İlkılıç, H. Moulin, J. Sethuraman, "Balancing supply and demand under bilateral
 * constraints", Theoretical Economics 7, 2012).
 * @param sourceCount How many sources are sold.
 * @param rank A household's place where a last Wh goes to one of several.
 * @returns Which source serves which bids.
 */
export function balance(
  offers: SlotSide,
  bids: SlotSide,
  sourceCount: number,
  rank: (household: number) => number,
): Stream[] {
  const sets = 2 ** sourceCount;
  const [offered, asked] = [offers.byMask(sets), bids.byMask(sets)];
  const whereMask = (wh: Float64Array, counts: (mask: number, set: number) => boolean) =>
    Float64Array.from({ length: sets }, (_, set) =>
      wh.reduce((total, each, mask) => (counts(mask, set) ? total + each : total), 0),
    );
  // Bids that accept only a set's sources get at most the set's energy; a set sells at most to the bids that accept it.
  const heldWithin = whereMask(offered, (mask, set) => (mask & ~set) === 0);
  const askedOf = whereMask(asked, (mask, set) => (mask & set) !== 0);
  const sold = shareEarmarked(offers.asClaims(rank), askedOf);
  const bought = shareEarmarked(bids.asClaims(rank), heldWithin);
  if (sourceCount === 1) {
    const nothing = (): number => 0;
    offers.settle(sold, nothing);
    bids.settle(bought, nothing);
    const wh = bought.reduce((total, each) => total + each, 0);
    return wh === 0 ? [] : [{ source: 1, mask: 1, wh }];
  }
  return route(offers, bids, sold, bought, sourceCount);
}

/** Finds which source serves which bids, once it is known how much each household sells and buys. */
function route(
  offers: SlotSide,
  bids: SlotSide,
  sold: Float64Array,
  bought: Float64Array,
  sourceCount: number,
): Stream[] {
  const sets = 2 ** sourceCount;
  // Nodes: start, end, one per set of sources (of offers: single sources), claims in parts.
  const [start, end, ofOffers, ofBids] = [0, 1, 2, 2 + sets];
  const network = new Network();
  let node = 2 + 2 * sets;
  const pipesOf = (
    side: SlotSide,
    given: Float64Array,
    connect: (mask: number, other: number, wh: number) => number,
    ends: (other: number, wh: number) => void,
    first: number,
  ) => {
    const pipes = new Map<number, Map<number, number>>();
    const plain = new Float64Array(sets);
    for (let claim = 0; claim < side.claims; claim++) {
      const parts = side.parts.get(claim);
      const wh = given[claim] ?? 0;
      if (parts === undefined)
        plain[side.masks[claim] ?? 0] = (plain[side.masks[claim] ?? 0] ?? 0) + wh;
      else {
        const own = node++;
        ends(own, wh);
        pipes.set(
          claim,
          new Map([...parts].map(([mask, part]) => [mask, connect(mask, own, part)])),
        );
      }
    }
    for (const [mask, wh] of plain.entries()) if (mask > 0 && wh > 0) ends(first + mask, wh);
    return (claim: number, mask: number): number => {
      const pipe = pipes.get(claim)?.get(mask);
      return pipe === undefined ? 0 : network.flowOf(pipe);
    };
  };
  const soldOf = pipesOf(
    offers,
    sold,
    (mask, own, wh) => network.pipe(own, ofOffers + mask, wh),
    (to, wh) => network.pipe(start, to, wh),
    ofOffers,
  );
  const boughtOf = pipesOf(
    bids,
    bought,
    (mask, own, wh) => network.pipe(ofBids + mask, own, wh),
    (from, wh) => network.pipe(from, end, wh),
    ofBids,
  );
  const streams: { source: number; mask: number; pipe: number }[] = [];
  for (let bit = 0; bit < sourceCount; bit++) {
    const source = 1 << bit;
    for (let mask = 1; mask < sets; mask++) {
      if ((mask & source) === 0) continue;
      const pipe = network.pipe(ofOffers + source, ofBids + mask, Number.MAX_SAFE_INTEGER);
      streams.push({ source, mask, pipe });
    }
  }
  network.fill(start, end);
  offers.settle(sold, soldOf);
  bids.settle(bought, boughtOf);
  return streams
    .map(({ source, mask, pipe }) => ({ source, mask, wh: network.flowOf(pipe) }))
    .filter(({ wh }) => wh > 0);
}
