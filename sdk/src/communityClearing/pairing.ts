import type { Stream } from "./balance.ts";
import type { SlotSide } from "./claims.ts";

/** Receives the energy from one offer to one bid in a slot. */
export type Receive = (offer: number, bid: number, slot: number, wh: number) => void;

/**
 * Pairs sold with bought energy. Every pairing uses up one of its two orders, so a slot has fewer pairings than orders.
 * Orders that were paired in the previous slot are paired again first, so that their match goes on.
 */
export class Pairing {
  /** By offer: the bid that it was last paired with, plus 1. */
  readonly #partner: Uint32Array;
  /** By order, in this slot: the energy that is still to be paired, and a bid's mask. */
  readonly #leftWh: Float64Array;
  readonly #masks: Uint8Array;
  readonly #receive: Receive;

  constructor(orders: number, receive: Receive) {
    this.#partner = new Uint32Array(orders);
    this.#leftWh = new Float64Array(orders);
    this.#masks = new Uint8Array(orders);
    this.#receive = receive;
  }

  pair(slot: number, offers: SlotSide, bids: SlotSide, streams: readonly Stream[]): void {
    this.#enter(offers);
    this.#enter(bids);
    for (const stream of streams) this.#pairStream(slot, offers, bids, stream);
    // The rest of an order that sold nothing here must not count in the next slot.
    for (let at = 0; at < bids.entries; at++) this.#masks[bids.orders[at] ?? 0] = 0;
  }

  #enter(side: SlotSide): void {
    for (let at = 0; at < side.entries; at++) {
      const order = side.orders[at] ?? 0;
      this.#leftWh[order] = side.entryWh[at] ?? 0;
      this.#masks[order] = side.entryMasks[at] ?? 0;
    }
  }

  #pairStream(slot: number, offers: SlotSide, bids: SlotSide, { source, mask, wh }: Stream): void {
    let left = wh;
    const match = (offer: number, bid: number): void => {
      const matched = Math.min(left, this.#leftWh[offer] ?? 0, this.#leftWh[bid] ?? 0);
      if (matched === 0) return;
      this.#leftWh[offer] = (this.#leftWh[offer] ?? 0) - matched;
      this.#leftWh[bid] = (this.#leftWh[bid] ?? 0) - matched;
      left -= matched;
      this.#partner[offer] = bid + 1;
      this.#receive(offer, bid, slot, matched);
    };
    for (let at = 0; at < offers.entries && left > 0; at++) {
      const offer = offers.orders[at] ?? 0;
      const partner = this.#partner[offer] ?? 0;
      if (partner === 0 || offers.entryMasks[at] !== source) continue;
      if (this.#masks[partner - 1] === mask) match(offer, partner - 1);
    }
    let next = 0;
    for (let at = 0; at < offers.entries && left > 0; at++) {
      const offer = offers.orders[at] ?? 0;
      if (offers.entryMasks[at] !== source) continue;
      while ((this.#leftWh[offer] ?? 0) > 0 && left > 0 && next < bids.entries) {
        const bid = bids.orders[next] ?? 0;
        if (bids.entryMasks[next] === mask) match(offer, bid);
        if (bids.entryMasks[next] !== mask || this.#leftWh[bid] === 0) next++;
      }
    }
  }
}
