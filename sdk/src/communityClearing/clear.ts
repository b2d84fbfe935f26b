import { SOURCES } from "../energyId.ts";
import { tieRank } from "../rationing.ts";
import { balance } from "./balance.ts";
import { SlotSide } from "./claims.ts";
import { type Columns, columnsOf, levelsBelow, priceLevels } from "./columns.ts";
import { Matches } from "./matches.ts";
import { Pairing } from "./pairing.ts";
import type { CommunityBook, CommunityMatch, CommunitySlot, LimitOrder } from "./types.ts";

/**
 * Decides who gets how much from whom in every slot, at the slot's community price. The price is given: an offer takes
 * part when its limit plus the network fee is at most the price, a bid when its limit is at least the price.
 *
 * The long side is rationed equally by household, whatever its number of orders; see `rationEqually`. A household that
 * offers and bids in one slot trades the difference only. A household's own orders are served by nonce. In an islanded
 * slot critical loads come first. Slots are cleared from the first to the last, so an order over many slots uses its
 * energy, and a household its money, in the earliest ones.
 *
 * The result does not depend on the list's order. Orders must be live and without counterparty: the caller checks
 * signatures, balances and allowances.
 * @throws RangeError that names the invalid order or slot.
 */
export function clearCommunity(book: CommunityBook): CommunityMatch[] {
  requireSlots(book.slots);
  const levels = priceLevels(book);
  const columns = columnsOf(book, levels);
  const clearing = new Clearing(book, columns);
  for (const [index, slot] of book.slots.entries()) clearing.clear(index, slot, levels);
  return clearing.matches.all(columns.place);
}

class Clearing {
  readonly matches: Matches;
  readonly #orders: readonly LimitOrder[];
  readonly #columns: Columns;
  /** Wh added to each fill. */
  readonly #filledWh: Float64Array;
  /** Thousandths of a base unit, by household; a household without an entry has enough. */
  readonly #moneyMillis: Map<number, bigint>;
  readonly #offers = new SlotSide();
  readonly #bids = new SlotSide();
  readonly #pairing: Pairing;
  /** Active orders, by rank. */
  #active: Uint32Array = new Uint32Array(0);

  constructor({ orders, moneyMillis = new Map() }: CommunityBook, columns: Columns) {
    this.#orders = orders;
    this.#columns = columns;
    this.#filledWh = new Float64Array(columns.count);
    this.#moneyMillis = new Map();
    if (moneyMillis.size > 0) {
      const money = new Map([...moneyMillis].map(([name, millis]) => [name.toLowerCase(), millis]));
      for (const [household, name] of columns.householdNames.entries()) {
        const millis = money.get(name);
        if (millis !== undefined) this.#moneyMillis.set(household, millis);
      }
    }
    this.matches = new Matches(columns.count);
    this.#pairing = new Pairing(columns.count, (offer, bid, slot, wh) =>
      this.matches.add(offer, bid, slot, wh),
    );
  }

  clear(index: number, slot: CommunitySlot, levels: readonly bigint[]): void {
    this.#startOrders(index, slot.slot);
    this.#collect(slot, levels);
    const { rank, masks, count } = this.#scene(slot.slot);
    if (count === 0) return;
    this.#offers.mark((order) => masks[this.#columns.sources[order] ?? 0] ?? 0);
    this.#bids.mark((order) => masks[this.#columns.sources[order] ?? 0] ?? 0);
    const streams = balance(this.#offers, this.#bids, count, rank);
    this.#pairing.pair(slot.slot, this.#offers, this.#bids, streams);
    this.#fill(slot);
  }

  /** Adds the orders that have started, and removes those that have ended or are filled. */
  #startOrders(index: number, slot: number): void {
    const { starts, rank, lastSlot, leftWh, fill } = this.#columns;
    const known = this.#active;
    let [started, end] = [starts[index] ?? 0, starts[index + 1] ?? 0];
    const active = new Uint32Array(known.length + end - started);
    let count = 0;
    for (let at = 0; at < known.length || started < end; ) {
      const isKnown =
        started === end ||
        (at < known.length && (rank[known[at] ?? 0] ?? 0) < (rank[started] ?? 0));
      const order = isKnown ? (known[at++] ?? 0) : started++;
      const isOver =
        (lastSlot[order] ?? 0) < slot ||
        (leftWh[order] ?? 0) <= (this.#filledWh[fill[order] ?? 0] ?? 0);
      if (!isOver) active[count++] = order;
    }
    this.#active = active.subarray(0, count);
  }

  /** Collects what households could trade, on both sides. */
  #collect(slot: CommunitySlot, levels: readonly bigint[]): void {
    this.#offers.clear(this.#active.length);
    this.#bids.clear(this.#active.length);
    const { household } = this.#columns;
    const receivedLevel = levelsBelow(levels, slot.pricePerKwh - slot.networkFeePerKwh);
    const paidLevel = levelsBelow(levels, slot.pricePerKwh);
    // In an island, bids for critical loads make separate claims, before all others.
    for (const critical of slot.rationWh === undefined ? [undefined] : [true, false]) {
      if (critical === false) this.#bids.firstOrdinary = this.#bids.claims;
      for (let from = 0; from < this.#active.length; ) {
        const home = household[this.#active[from] ?? 0] ?? 0;
        let to = from + 1;
        while (to < this.#active.length && household[this.#active[to] ?? 0] === home) to++;
        this.#collectHome(slot, home, from, to, receivedLevel, paidLevel, critical);
        from = to;
      }
    }
  }

  #collectHome(
    slot: CommunitySlot,
    home: number,
    from: number,
    to: number,
    receivedLevel: number,
    paidLevel: number,
    critical: boolean | undefined,
  ): void {
    const { isBid, priceLevel, leftWh, fill } = this.#columns;
    let [offered, asked, askedBefore, ownFill, takenWh] = [0, 0, 0, -1, 0];
    const money = this.#moneyMillis.size > 0 ? this.#moneyMillis.get(home) : undefined;
    const meters = slot.rationWh === undefined ? undefined : new Map<string, number>();
    for (let at = from; at < to; at++) {
      const order = this.#active[at] ?? 0;
      const level = priceLevel[order] ?? 0;
      const bid = isBid[order] === 1;
      if (bid ? level < paidLevel : level > receivedLevel) continue;
      const shared = fill[order] ?? 0;
      if (shared !== ownFill) [ownFill, takenWh] = [shared, 0];
      const left = (leftWh[order] ?? 0) - (this.#filledWh[shared] ?? 0) - takenWh;
      const most = Math.min(left, this.#mostIn(order, slot.slot));
      const wh = bid ? this.#rationed(order, most, slot, meters) : most;
      if (wh <= 0) continue;
      takenWh += wh;
      if (!bid) {
        offered += wh;
        if (critical !== false) this.#offers.add(order, wh);
      } else if (critical === undefined || this.#isCritical(order) === critical) {
        asked += wh;
        this.#bids.add(order, wh);
      } else askedBefore += wh;
    }
    // Critical loads come first, in their own claim, and use money and own energy first.
    const before = critical === false ? askedBefore : 0;
    const price = slot.pricePerKwh;
    const affordable =
      money === undefined || price === 0n ? Infinity : Number(money / price) - before;
    const unaffordable = Math.max(asked - Math.max(affordable, 0), 0);
    const own = Math.min(Math.max(offered - before, 0), asked - unaffordable);
    if (asked > 0) this.#bids.claim(home, unaffordable + own);
    if (offered > 0 && critical !== false) {
      const needed = asked + (critical === true ? askedBefore : 0);
      const paid =
        money === undefined || price === 0n ? needed : Math.min(needed, Number(money / price));
      this.#offers.claim(home, Math.min(paid, offered));
    }
  }

  #mostIn(order: number, slot: number): number {
    const { mostWh, isLimitedBySlot, place } = this.#columns;
    if (isLimitedBySlot[order] === 0) return mostWh[order] ?? 0;
    const bySlot = this.#orders[place[order] ?? 0]?.mostWh;
    return typeof bySlot === "object" ? Number(bySlot.get(slot) ?? 0n) : 0;
  }

  #isCritical(order: number): boolean {
    return this.#orders[this.#columns.place[order] ?? 0]?.critical === true;
  }

  /** What the ration allows of a bid; bids for one meter share its ration. */
  #rationed(
    order: number,
    wh: number,
    { rationWh }: CommunitySlot,
    meters: Map<string, number> | undefined,
  ): number {
    if (rationWh === undefined || meters === undefined || this.#isCritical(order)) return wh;
    const meter = this.#orders[this.#columns.place[order] ?? 0]?.meter?.toLowerCase();
    if (meter === undefined) return 0;
    const left = meters.get(meter) ?? Number(rationWh);
    const rationed = Math.min(wh, left);
    meters.set(meter, left - rationed);
    return rationed;
  }

  /** The sources that are sold in a slot, renumbered without gaps. */
  #scene(slot: number) {
    const { sources, householdHashes } = this.#columns;
    let sold = 0;
    for (let at = 0; at < this.#offers.entries; at++) {
      sold |= sources[this.#offers.orders[at] ?? 0] ?? 0;
    }
    const bits = SOURCES.map((_, index) => 1 << index).filter((bit) => (sold & bit) !== 0);
    const masks = Uint8Array.from({ length: 1 << SOURCES.length }, (_, mask) =>
      bits.reduce(
        (compact, bit, index) => ((mask & bit) === 0 ? compact : compact | (1 << index)),
        0,
      ),
    );
    const rank = (household: number) => tieRank(householdHashes[household] ?? 0, slot);
    return { rank, masks, count: this.#bids.entries === 0 ? 0 : bits.length };
  }

  /** Updates fills and money by what was traded. */
  #fill({ pricePerKwh }: CommunitySlot): void {
    for (const side of [this.#offers, this.#bids]) {
      for (let at = 0; at < side.entries; at++) {
        const fill = this.#columns.fill[side.orders[at] ?? 0] ?? 0;
        this.#filledWh[fill] = (this.#filledWh[fill] ?? 0) + (side.entryWh[at] ?? 0);
      }
    }
    if (this.#moneyMillis.size === 0) return;
    for (let at = 0; at < this.#bids.entries; at++) {
      const home = this.#columns.household[this.#bids.orders[at] ?? 0] ?? 0;
      const millis = this.#moneyMillis.get(home);
      if (millis === undefined) continue;
      this.#moneyMillis.set(home, millis - pricePerKwh * BigInt(this.#bids.entryWh[at] ?? 0));
    }
  }
}

function requireSlots(slots: readonly CommunitySlot[]): void {
  let before = Number.NEGATIVE_INFINITY;
  for (const { slot, pricePerKwh, networkFeePerKwh, rationWh } of slots) {
    if (slot <= before) throw new RangeError(`Slot ${slot} comes after slot ${before}: sort them.`);
    before = slot;
    if (pricePerKwh < 0n) throw new RangeError(`Slot ${slot} has the price ${pricePerKwh}.`);
    if (networkFeePerKwh < 0n)
      throw new RangeError(`Slot ${slot} has the fee ${networkFeePerKwh}.`);
    if (rationWh !== undefined && rationWh < 0n) {
      throw new RangeError(`Slot ${slot} has a ration of ${rationWh} Wh.`);
    }
  }
}
