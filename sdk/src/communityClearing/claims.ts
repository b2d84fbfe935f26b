import type { Claims } from "./earmarked.ts";

/** What orders could trade in one slot, household by household: one side of it. */
export class SlotSide {
  /** Per entry: the order, and the Wh that it could trade. */
  orders = new Uint32Array(0);
  entryWh = new Float64Array(0);
  /** Per entry: the sources that it accepts, as bits of those sold in this slot. */
  entryMasks = new Uint8Array(0);
  /** Per claim: its first entry. */
  starts = new Uint32Array(0);
  claimWh = new Float64Array(0);
  households = new Uint32Array(0);
  masks = new Uint8Array(0);
  readonly parts = new Map<number, Map<number, number>>();
  entries = 0;
  claims = 0;
  firstOrdinary = 0;

  /** Resets for another slot, of up to `most` entries. */
  clear(most: number): void {
    this.entries = 0;
    this.claims = 0;
    this.firstOrdinary = 0;
    this.parts.clear();
    if (most > this.orders.length) this.#enlarge(Math.max(most, 2 * this.orders.length));
  }

  #enlarge(size: number): void {
    this.orders = new Uint32Array(size);
    this.entryWh = new Float64Array(size);
    this.entryMasks = new Uint8Array(size);
    this.starts = new Uint32Array(size + 1);
    this.claimWh = new Float64Array(size);
    this.households = new Uint32Array(size);
    this.masks = new Uint8Array(size);
  }

  add(order: number, wh: number): void {
    this.orders[this.entries] = order;
    this.entryWh[this.entries++] = wh;
  }

  /** Makes one household's claim of all entries since the last claim; `lessWh` are subtracted from its last entries. */
  claim(household: number, lessWh: number): void {
    const from = this.starts[this.claims] ?? 0;
    for (let less = lessWh; this.entries > from; ) {
      const last = this.entries - 1;
      const wh = this.entryWh[last] ?? 0;
      if (wh > less) {
        this.entryWh[last] = wh - less;
        break;
      }
      less -= wh;
      this.entries--;
    }
    if (this.entries === from) return;
    let total = 0;
    for (let at = from; at < this.entries; at++) total += this.entryWh[at] ?? 0;
    this.claimWh[this.claims] = total;
    this.households[this.claims++] = household;
    this.starts[this.claims] = this.entries;
  }

  /** Sets the sources that each entry accepts; an entry that accepts none of them becomes empty. */
  mark(maskOf: (order: number) => number): void {
    for (let claim = 0; claim < this.claims; claim++) {
      let [total, whole, isMixed] = [0, 0, false];
      for (let at = this.starts[claim] ?? 0; at < (this.starts[claim + 1] ?? 0); at++) {
        const mask = maskOf(this.orders[at] ?? 0);
        this.entryMasks[at] = mask;
        if (mask === 0) this.entryWh[at] = 0;
        else {
          if (whole !== 0 && mask !== whole) isMixed = true;
          whole |= mask;
          total += this.entryWh[at] ?? 0;
        }
      }
      this.masks[claim] = whole;
      this.claimWh[claim] = total;
      if (isMixed) this.parts.set(claim, this.#partsOf(claim));
    }
  }

  #partsOf(claim: number): Map<number, number> {
    const parts = new Map<number, number>();
    for (let at = this.starts[claim] ?? 0; at < (this.starts[claim + 1] ?? 0); at++) {
      const [mask, wh] = [this.entryMasks[at] ?? 0, this.entryWh[at] ?? 0];
      if (wh > 0) parts.set(mask, (parts.get(mask) ?? 0) + wh);
    }
    return parts;
  }

  /** Wh by mask, over all claims. */
  byMask(sets: number): Float64Array {
    const wh = new Float64Array(sets);
    for (let at = 0; at < this.entries; at++) {
      const mask = this.entryMasks[at] ?? 0;
      wh[mask] = (wh[mask] ?? 0) + (this.entryWh[at] ?? 0);
    }
    return wh;
  }

  asClaims(rank: (household: number) => number): Claims {
    return {
      count: this.claims,
      askedWh: this.claimWh,
      masks: this.masks,
      parts: this.parts,
      firstOrdinary: this.firstOrdinary,
      rank: (claim) => rank(this.households[claim] ?? 0),
    };
  }

  /**
   * Reduces the entries to what their claims got, the first entries first.
   * @param partWh For a claim in parts: what it got of a mask.
   */
  settle(givenWh: Float64Array, partWh: (claim: number, mask: number) => number): void {
    for (let claim = 0; claim < this.claims; claim++) {
      const parts = this.parts.get(claim);
      const left = new Map<number, number>();
      for (const mask of parts?.keys() ?? []) left.set(mask, partWh(claim, mask));
      let plain = givenWh[claim] ?? 0;
      for (let at = this.starts[claim] ?? 0; at < (this.starts[claim + 1] ?? 0); at++) {
        const mask = this.entryMasks[at] ?? 0;
        const wh = Math.min(
          this.entryWh[at] ?? 0,
          parts === undefined ? plain : (left.get(mask) ?? 0),
        );
        this.entryWh[at] = wh;
        if (parts === undefined) plain -= wh;
        else left.set(mask, (left.get(mask) ?? 0) - wh);
      }
    }
  }
}
