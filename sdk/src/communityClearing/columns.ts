import { sourceIndex } from "../energyId.ts";
import { householdHash } from "../rationing.ts";
import type { CommunityBook, LimitOrder } from "./types.ts";

/** An order's energy fits a lane's 31 bits. */
const ENERGY_LIMIT_WH = 2n ** 31n;
/** Households are numbered in the lower bits of a sort key. */
const HOUSEHOLDS_AT_MOST = 2 ** 21;

/**
 * A list of orders as columns, one entry per order: sorted by the slot in which they start, then by `rank`, so that
 * data used together is adjacent in memory. Ranks depend on the orders alone: households are sorted by hash, then by
 * name; a household's orders by nonce, side, slots, price, energy and sources. So no result depends on the list's
 * order.
 */
export interface Columns {
  readonly count: number;
  /** For every slot, its first order; then the number of orders. Orders that start too late are not included. */
  readonly starts: Uint32Array;
  readonly rank: Uint32Array;
  /** Its index in the caller's list. */
  readonly place: Uint32Array;
  readonly household: Uint32Array;
  readonly isBid: Uint8Array;
  readonly sources: Uint8Array;
  readonly lastSlot: Float64Array;
  readonly leftWh: Float64Array;
  /** Orders that share a fill: the order's own rank, or that of the first order with its maker and nonce. */
  readonly fill: Uint32Array;
  /**
   * See {@link priceLevels}: an offer trades where the slot's level is at least this, a bid where it is at most this.
   */
  readonly priceLevel: Int16Array;
  /** The most Wh in each slot; infinite where `LimitOrder.mostWh` is given by slot or missing. */
  readonly mostWh: Float64Array;
  /** Whether `LimitOrder.mostWh` is given by slot. */
  readonly isLimitedBySlot: Uint8Array;
  readonly householdNames: readonly string[];
  readonly householdHashes: Uint32Array;
}

/**
 * All prices that a slot's price is compared with, ascending and without duplicates: what sellers receive and buyers
 * pay.
 */
export function priceLevels({ slots }: CommunityBook): bigint[] {
  const levels = slots.flatMap(({ pricePerKwh, networkFeePerKwh }) => [
    pricePerKwh,
    pricePerKwh - networkFeePerKwh,
  ]);
  return [...new Set(levels)].sort((a, b) => (a < b ? -1 : 1));
}

/** How many of `levels` are below `price`: the index of the first level that is not. */
export function levelsBelow(levels: readonly bigint[], price: bigint): number {
  let [low, high] = [0, levels.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((levels[middle] ?? price) < price) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @throws RangeError that names the invalid order. */
export function columnsOf({ orders, slots }: CommunityBook, levels: readonly bigint[]): Columns {
  // Orders are read once, in memory order; after that only columns are sorted.
  const listed = listedOf(orders, levels);
  const households = householdsOf(orders);
  const ranked = placesOf(orders, listed, households);
  const { starts, rank } = entriesOf(listed.firstSlot, ranked, slots);
  const place = rank.map((each) => ranked[each] ?? 0);
  const household = place.map((from) => households.of[from] ?? 0);
  const fills = fillsOf(orders, listed, ranked, households.of);
  return {
    count: orders.length,
    starts,
    rank,
    place,
    household,
    isBid: pick(listed.isBid, place, new Uint8Array(orders.length)),
    sources: pick(listed.sources, place, new Uint8Array(orders.length)),
    lastSlot: pick(listed.lastSlot, place, new Float64Array(orders.length)),
    leftWh: pick(listed.leftWh, place, new Float64Array(orders.length)),
    fill: rank.map((each) => fills[each] ?? 0),
    priceLevel: pick(listed.priceLevel, place, new Int16Array(orders.length)),
    mostWh: pick(listed.mostWh, place, new Float64Array(orders.length)),
    isLimitedBySlot: pick(listed.isLimitedBySlot, place, new Uint8Array(orders.length)),
    householdNames: households.names,
    householdHashes: households.hashes,
  };
}

/** Sorts ranks by the first slot in which an order is live, keeping their order within a slot. */
function entriesOf(
  firstSlot: Float64Array,
  ranked: Uint32Array,
  slots: CommunityBook["slots"],
): { readonly starts: Uint32Array; readonly rank: Uint32Array } {
  const numbers = Float64Array.from(slots, ({ slot }) => slot);
  const starts = new Uint32Array(slots.length + 2);
  const entry = new Uint32Array(ranked.length);
  for (let at = 0; at < ranked.length; at++) {
    const first = firstSlot[ranked[at] ?? 0] ?? 0;
    let [low, high] = [0, numbers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[middle] ?? 0) < first) low = middle + 1;
      else high = middle;
    }
    entry[at] = low;
    starts[low + 1] = (starts[low + 1] ?? 0) + 1;
  }
  for (let at = 1; at < starts.length; at++) starts[at] = (starts[at] ?? 0) + (starts[at - 1] ?? 0);
  const next = starts.slice();
  const rank = new Uint32Array(ranked.length);
  for (let at = 0; at < ranked.length; at++) {
    const slot = entry[at] ?? 0;
    const to = next[slot] ?? 0;
    rank[to] = at;
    next[slot] = to + 1;
  }
  return { starts, rank };
}

function pick<T extends Uint8Array | Int16Array | Float64Array>(
  from: T,
  place: Uint32Array,
  to: T,
): T {
  for (let at = 0; at < place.length; at++) to[at] = from[place[at] ?? 0] ?? 0;
  return to;
}

/** Columns in the list's order. */
function listedOf(orders: readonly LimitOrder[], levels: readonly bigint[]) {
  const count = orders.length;
  const listed = {
    /** Rounded when it is above 2^53. */
    nonce: new Float64Array(count),
    isBid: new Uint8Array(count),
    sources: new Uint8Array(count),
    firstSlot: new Float64Array(count),
    lastSlot: new Float64Array(count),
    leftWh: new Float64Array(count),
    priceLevel: new Int16Array(count),
    mostWh: new Float64Array(count),
    isLimitedBySlot: new Uint8Array(count),
  };
  for (let at = 0; at < count; at++) {
    const order = orders[at];
    if (order === undefined) break;
    requireOrder(order);
    const { mostWh, pricePerKwh } = order;
    const isBid = order.side === "bid";
    listed.nonce[at] = Number(order.nonce);
    listed.isBid[at] = isBid ? 1 : 0;
    listed.sources[at] = maskOf(order.sources);
    listed.firstSlot[at] = order.firstSlot;
    listed.lastSlot[at] = order.lastSlot;
    listed.leftWh[at] = Number(order.leftWh);
    const below = levelsBelow(levels, pricePerKwh);
    // A bid's level is the highest that it can pay.
    listed.priceLevel[at] = isBid && levels[below] !== pricePerKwh ? below - 1 : below;
    listed.mostWh[at] = typeof mostWh === "bigint" ? Number(mostWh) : Number.POSITIVE_INFINITY;
    listed.isLimitedBySlot[at] = typeof mostWh === "object" ? 1 : 0;
  }
  return listed;
}

type Listed = ReturnType<typeof listedOf>;

/** Orders of one household with one nonce share the first one's fill. By rank, like the results. */
function fillsOf(
  orders: readonly LimitOrder[],
  { nonce }: Listed,
  ranked: Uint32Array,
  household: Uint32Array,
): Uint32Array {
  const fill = new Uint32Array(ranked.length);
  for (let rank = 0; rank < ranked.length; rank++) {
    fill[rank] = rank;
    if (rank === 0) continue;
    const [here, before] = [ranked[rank] ?? 0, ranked[rank - 1] ?? 0];
    if (household[here] !== household[before] || nonce[here] !== nonce[before]) continue;
    if (orders[here]?.nonce === orders[before]?.nonce) fill[rank] = fill[rank - 1] ?? rank;
  }
  return fill;
}

interface Households {
  /** Of each order, its household's number: households are numbered by hash, then by name. */
  readonly of: Uint32Array;
  readonly names: readonly string[];
  readonly hashes: Uint32Array;
}

function householdsOf(orders: readonly LimitOrder[]): Households {
  const numbers = new Map<string, number>();
  const names: string[] = [];
  const found = new Uint32Array(orders.length);
  for (let at = 0; at < orders.length; at++) {
    const maker = orders[at]?.maker ?? "";
    let number = numbers.get(maker);
    if (number === undefined) {
      // The same account may be written in different case.
      const name = maker.toLowerCase();
      number = numbers.get(name) ?? names.push(name) - 1;
      numbers.set(name, number);
      numbers.set(maker, number);
    }
    found[at] = number;
  }
  if (names.length > HOUSEHOLDS_AT_MOST) {
    throw new RangeError(`${names.length} households are more than ${HOUSEHOLDS_AT_MOST}.`);
  }
  const hashes = Uint32Array.from(names, householdHash);
  const keys = Float64Array.from(hashes, (hash, number) => hash * HOUSEHOLDS_AT_MOST + number);
  const sorted = Array.from(keys.sort(), (key) => key % HOUSEHOLDS_AT_MOST);
  sortEqual(sorted, hashes, names);
  const rank = new Uint32Array(names.length);
  for (const [at, number] of sorted.entries()) rank[number] = at;
  return {
    of: found.map((number) => rank[number] ?? 0),
    names: sorted.map((number) => names[number] ?? ""),
    hashes: Uint32Array.from(sorted, (number) => hashes[number] ?? 0),
  };
}

/** Sorts households with equal hashes by name. */
function sortEqual(sorted: number[], hashes: Uint32Array, names: readonly string[]): void {
  for (let from = 0; from < sorted.length; ) {
    const hash = hashes[sorted[from] ?? 0];
    let to = from + 1;
    while (to < sorted.length && hashes[sorted[to] ?? 0] === hash) to++;
    if (to - from > 1) {
      const equal = sorted.slice(from, to);
      equal.sort((a, b) => ((names[a] ?? "") < (names[b] ?? "") ? -1 : 1));
      sorted.splice(from, equal.length, ...equal);
    }
    from = to;
  }
}

/** The orders' indices in the list, household by household. */
function placesOf(
  orders: readonly LimitOrder[],
  { nonce }: Listed,
  { of, names }: Households,
): Uint32Array {
  const starts = new Uint32Array(names.length + 1);
  for (const household of of) starts[household + 1] = (starts[household + 1] ?? 0) + 1;
  for (let at = 1; at < starts.length; at++) starts[at] = (starts[at] ?? 0) + (starts[at - 1] ?? 0);
  const places = new Uint32Array(orders.length);
  const next = starts.slice();
  for (let at = 0; at < of.length; at++) {
    const household = of[at] ?? 0;
    const to = next[household] ?? 0;
    places[to] = at;
    next[household] = to + 1;
  }
  const compare = (a: number, b: number): number =>
    (nonce[a] ?? 0) - (nonce[b] ?? 0) || compareOrders(orders[a], orders[b]);
  for (let household = 0; household < names.length; household++) {
    sortRun(places, starts[household] ?? 0, starts[household + 1] ?? 0, compare);
  }
  return places;
}

/** A household has few orders, mostly in nonce order already, for which insertion sort is fastest. */
function sortRun(
  places: Uint32Array,
  from: number,
  to: number,
  compare: (a: number, b: number) => number,
): void {
  if (to - from > 64) {
    places.subarray(from, to).sort(compare);
    return;
  }
  for (let at = from + 1; at < to; at++) {
    const place = places[at] ?? 0;
    let free = at;
    while (free > from && compare(places[free - 1] ?? 0, place) > 0) {
      places[free] = places[free - 1] ?? 0;
      free--;
    }
    places[free] = place;
  }
}

function compareOrders(a: LimitOrder | undefined, b: LimitOrder | undefined): number {
  if (a === undefined || b === undefined) return 0;
  if (a.nonce !== b.nonce) return a.nonce < b.nonce ? -1 : 1;
  if (a.side !== b.side) return a.side < b.side ? -1 : 1;
  if (a.firstSlot !== b.firstSlot) return a.firstSlot - b.firstSlot;
  if (a.lastSlot !== b.lastSlot) return a.lastSlot - b.lastSlot;
  if (a.pricePerKwh !== b.pricePerKwh) return a.pricePerKwh < b.pricePerKwh ? -1 : 1;
  if (a.leftWh !== b.leftWh) return a.leftWh < b.leftWh ? -1 : 1;
  return maskOf(a.sources) - maskOf(b.sources);
}

function maskOf(sources: LimitOrder["sources"]): number {
  let mask = 0;
  for (const source of sources) mask |= 1 << sourceIndex(source);
  return mask;
}

function requireOrder(order: LimitOrder): void {
  const { side, sources, leftWh, firstSlot, lastSlot, mostWh } = order;
  if (leftWh < 0n || leftWh >= ENERGY_LIMIT_WH) {
    fail(order, `has ${leftWh} Wh left; it takes 0 to ${ENERGY_LIMIT_WH - 1n} Wh`);
  }
  if (firstSlot > lastSlot) fail(order, `starts in slot ${firstSlot} and ends in slot ${lastSlot}`);
  if (sources.length === 0) fail(order, "names no source");
  if (side === "offer" && sources.length > 1) {
    fail(order, `sells ${sources.join(" and ")}: give it once for each, with the same nonce`);
  }
  if (typeof mostWh === "bigint" && mostWh < 0n) fail(order, `takes at most ${mostWh} Wh a slot`);
}

function fail({ maker, nonce }: LimitOrder, what: string): never {
  throw new RangeError(`Order ${nonce} of ${maker} ${what}.`);
}
