import type { EnergyBySlot } from "../profile.ts";
import type { CommunityMatch } from "./types.ts";

/** Collects energy from offers to bids, slot by slot, and makes one match of each pair. */
export class Matches {
  readonly #orders: number;
  #offers = new Uint32Array(1024);
  #bids = new Uint32Array(1024);
  #slots = new Float64Array(1024);
  #wh = new Uint32Array(1024);
  #count = 0;

  /** @param orders How many orders there are. */
  constructor(orders: number) {
    this.#orders = orders;
  }

  add(offer: number, bid: number, slot: number, wh: number): void {
    if (this.#count === this.#offers.length) this.#grow();
    const at = this.#count++;
    this.#offers[at] = offer;
    this.#bids[at] = bid;
    this.#slots[at] = slot;
    this.#wh[at] = wh;
  }

  /**
   * All matches, by offer and, for each, by bid.
   * @param place Each order's index in the caller's list.
   */
  all(place: Uint32Array): CommunityMatch[] {
    const [offers, bids] = [this.#offers, this.#bids];
    // Sorted by bid, then by offer, both stable: the slots of a pair follow each other.
    const pieces = this.#sorted(this.#sorted(undefined, bids), offers);
    const trades = { pieces, slots: this.#slots, wh: this.#wh };
    const matches: CommunityMatch[] = [];
    for (let from = 0; from < pieces.length; ) {
      const first = pieces[from] ?? 0;
      const [offer, bid] = [offers[first] ?? 0, bids[first] ?? 0];
      let to = from + 1;
      for (; to < pieces.length; to++) {
        const piece = pieces[to] ?? 0;
        if (offers[piece] !== offer || bids[piece] !== bid) break;
      }
      matches.push(new Match(trades, place[offer] ?? 0, place[bid] ?? 0, from, to));
      from = to;
    }
    return matches;
  }

  #grow(): void {
    const size = this.#offers.length * 2;
    const grown = <T extends Uint32Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#offers = grown(this.#offers, new Uint32Array(size));
    this.#bids = grown(this.#bids, new Uint32Array(size));
    this.#slots = grown(this.#slots, new Float64Array(size));
    this.#wh = grown(this.#wh, new Uint32Array(size));
  }

  /** Sorts pieces by one of their orders (counting sort). */
  #sorted(pieces: Uint32Array | undefined, orders: Uint32Array): Uint32Array {
    const next = new Uint32Array(this.#orders + 1);
    for (let piece = 0; piece < this.#count; piece++) {
      const at = (orders[piece] ?? 0) + 1;
      next[at] = (next[at] ?? 0) + 1;
    }
    for (let at = 1; at < next.length; at++) next[at] = (next[at] ?? 0) + (next[at - 1] ?? 0);
    const sorted = new Uint32Array(this.#count);
    for (let at = 0; at < this.#count; at++) {
      const piece = pieces === undefined ? at : (pieces[at] ?? 0);
      const order = orders[piece] ?? 0;
      const to = next[order] ?? 0;
      sorted[to] = piece;
      next[order] = to + 1;
    }
    return sorted;
  }
}

/** Trades, piece by piece: a pair in a slot. */
interface Trades {
  /** Indices of pieces, those of a pair together and in slot order. */
  readonly pieces: Uint32Array;
  readonly slots: Float64Array;
  readonly wh: Uint32Array;
}

/** A match, whose profile is computed when it is read: a list of a million orders has as many matches. */
class Match implements CommunityMatch {
  readonly offer: number;
  readonly bid: number;
  readonly #trades: Trades;
  readonly #from: number;
  readonly #to: number;

  constructor(trades: Trades, offer: number, bid: number, from: number, to: number) {
    this.offer = offer;
    this.bid = bid;
    this.#trades = trades;
    this.#from = from;
    this.#to = to;
  }

  get energyWh(): EnergyBySlot {
    const { pieces, slots, wh } = this.#trades;
    const energyWh = new Map<number, bigint>();
    for (let at = this.#from; at < this.#to; at++) {
      const piece = pieces[at] ?? 0;
      const slot = slots[piece] ?? 0;
      energyWh.set(slot, (energyWh.get(slot) ?? 0n) + BigInt(wh[piece] ?? 0));
    }
    return energyWh;
  }
}
