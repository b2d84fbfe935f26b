import { type Address, type Hex, isAddress, isAddressEqual, zeroAddress } from "viem";
import { type BulkTree, bulkSignature, bulkTree, bulkTypedData } from "./bulk.ts";
import { ANYONE, isFirm } from "./deals/order.ts";
import { SOURCES, type Source, sourceMask } from "./energyId.ts";
import { LANE_MAX_WH, LANES } from "./profile.ts";
import { slotEnd, slotStart } from "./slots.ts";
import { type Domain, type Order, SIDES, type Side, type SignedOrder } from "./typedData.ts";

/** Builds orders that the contracts accept: every member checked, every default filled in. */

/** Of a forward bid: any place behind others. A lane holds no more. */
const ANY_AHEAD_WH = 2n ** 31n - 1n;

/** How long an order for minted energy stays open after its last slot, in s, since readings arrive late. */
export const OPEN_AFTER_LAST_SLOT_SECONDS = 86_400;

/** The members that all orders signed together share. */
export interface Maker {
  readonly maker: Address;
  readonly microgrid: number;
  /** The microgrid's. */
  readonly slotSeconds: number;
  /** Chain time, Unix seconds: an order that has already expired is refused. */
  readonly now: number;
  /** The maker's counter in the currency's account; 0 unless it has ever cancelled all. */
  readonly counter?: bigint;
  /** See {@link freeNonces}. */
  readonly nonce: bigint;
}

/** The terms of an order. A range of slots makes it a standing order. */
export interface Terms {
  readonly firstSlot: number;
  /** Included; the first slot alone unless given. */
  readonly lastSlot?: number;
  /** Over all slots together: sent for an offer, arrived for a bid. */
  readonly energyWh: bigint;
  /** Base units per kWh: of a posted price exactly, of a limit at the worst. */
  readonly pricePerKwh: bigint;
  /** The offered or accepted sources; all by default. */
  readonly sources?: readonly Source[];
  /** The only account that may trade against it; anyone by default. */
  readonly counterparty?: Address;
  /**
   * The meter whose energy to come is sold, or the load that a bid feeds in islanded slots; none by default.
   */
  readonly meter?: Address;
  /** Whether it may trade over a tie line; not by default. */
  readonly crosses?: boolean;
  /**
   * Given: the order is for energy to come. Base units per kWh that the seller forfeits on shortfall: an offer pledges it, a
   * bid demands it at least.
   */
  readonly bondPerKwh?: bigint;
  /** Of a forward bid: Wh of a slot that the meter may have promised before; any by default. */
  readonly mostAheadWh?: bigint;
  /** Who alone may fill a limit; anyone by default. Of a firm order: the settler of its maker's lock. */
  readonly settler?: Address;
  /**
   * The last Unix second at which it can be filled. By default, a day after the last slot for minted energy, and the
   * second before the last slot starts for a forward.
   */
  readonly deadline?: number;
}

/** The terms of a posted price, which names no settler. */
export type PostedTerms = Omit<Terms, "settler">;

/**
 * An offer at exactly this price, for anyone who takes it.
 * @throws RangeError that names the first member that the contracts would refuse.
 */
export const postedOfferOf = (maker: Maker, terms: PostedTerms): Order =>
  build("offer", maker, terms, zeroAddress);

/**
 * A bid at exactly this price, for anyone who sells at it.
 * @throws RangeError as {@link postedOfferOf}.
 */
export const postedBidOf = (maker: Maker, terms: PostedTerms): Order =>
  build("bid", maker, terms, zeroAddress);

/**
 * An offer that trades at the community price or not at all; its price is the least that its maker takes.
 * @throws RangeError as {@link postedOfferOf}.
 */
export const limitOfferOf = (maker: Maker, { settler = ANYONE, ...terms }: Terms): Order =>
  build("offer", maker, terms, settler);

/**
 * A bid that trades at the community price or not at all; its price is the most that its maker pays.
 * @throws RangeError as {@link postedOfferOf}.
 */
export const limitBidOf = (maker: Maker, { settler = ANYONE, ...terms }: Terms): Order =>
  build("bid", maker, terms, settler);

/**
 * An offer at price 0 to one neighbour, who pays the network fee alone.
 * @throws RangeError as {@link postedOfferOf}.
 */
export const giftOf = (
  maker: Maker,
  terms: Omit<PostedTerms, "pricePerKwh"> & { readonly counterparty: Address },
): Order => postedOfferOf(maker, { ...terms, pricePerKwh: 0n });

/** Orders under one signature, and the data to sign for them. */
export interface OrderBook {
  readonly orders: readonly Order[];
  readonly tree: BulkTree;
}

/**
 * Builds orders with different terms, such as a week of hourly prices, for one bulk signature.
 * @param build {@link postedOfferOf}, {@link limitBidOf} or another of this module.
 * @param nonces One per order; see {@link freeNonces}.
 * @throws RangeError as {@link postedOfferOf}, or unless there are 2 to 2^16 orders with a nonce each.
 */
export function orderBookOf<Kind extends Omit<Terms, "pricePerKwh">>(
  build: (maker: Maker, terms: Kind) => Order,
  maker: Omit<Maker, "nonce">,
  terms: readonly Kind[],
  nonces: readonly bigint[],
): OrderBook {
  if (new Set(nonces).size !== nonces.length) {
    throw new RangeError("Two orders with one nonce would share their fill.");
  }
  const orders = terms.map((each, index) => {
    const nonce = nonces[index];
    if (nonce === undefined) {
      throw new RangeError(`${terms.length} orders need as many nonces, not ${nonces.length}.`);
    }
    return build({ ...maker, nonce }, each);
  });
  return { orders, tree: bulkTree(orders) };
}

/** The data that a wallet signs for all these orders: it can show each of them. */
export const orderBookTypedData = (domain: Domain, { orders }: OrderBook) =>
  bulkTypedData(domain, orders);

/**
 * The signed orders of a signed tree.
 * @throws RangeError when the signature has neither 64 nor 65 bytes.
 */
export const signedOrdersOf = ({ orders, tree }: OrderBook, signature: Hex): SignedOrder[] =>
  orders.map((order, index) => ({ order, signature: bulkSignature(tree, index, signature) }));

/**
 * The lowest nonces that a maker has not used. Eight consecutive nonces share a storage word, so using the gaps first
 * saves the filler of an order the gas of a new word.
 * @param used Nonces of every order that the maker ever signed, filled, cancelled or not.
 * @param from The first nonce to consider. An agent and a browser that can't see each other's orders use different
 * ones.
 * @throws RangeError when `count` is not a whole number above 0 or `from` not a 64-bit number.
 */
export function freeNonces(used: Iterable<bigint>, count = 1, from = 0n): bigint[] {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`${count} nonces are refused: ask for 1 or more.`);
  }
  requireBits("from", from, 64);
  const taken = new Set(used);
  const free: bigint[] = [];
  for (let nonce = from; free.length < count; nonce++) if (!taken.has(nonce)) free.push(nonce);
  return free;
}

/** The nonces that share a storage word with this one, itself included. */
export function nonceWord(nonce: bigint): bigint[] {
  const first = nonce - (nonce % BigInt(LANES));
  return Array.from({ length: LANES }, (_, lane) => first + BigInt(lane));
}

function build(side: Side, maker: Maker, terms: PostedTerms, settler: Address): Order {
  const { firstSlot, lastSlot = firstSlot, sources = SOURCES, bondPerKwh } = terms;
  const forward = bondPerKwh !== undefined;
  const order: Order = {
    maker: maker.maker,
    meter: terms.meter ?? zeroAddress,
    microgrid: maker.microgrid,
    side: SIDES.indexOf(side),
    sources: sourceMask(...sources),
    firstSlot,
    lastSlot,
    energy: Number(terms.energyWh),
    price: terms.pricePerKwh,
    forward,
    bond: bondPerKwh ?? 0n,
    mostAhead: Number(terms.mostAheadWh ?? ANY_AHEAD_WH),
    crosses: terms.crosses ?? false,
    counterparty: terms.counterparty ?? zeroAddress,
    settler,
    nonce: maker.nonce,
    counter: maker.counter ?? 0n,
    deadline:
      terms.deadline ??
      (forward
        ? slotStart(lastSlot, maker.slotSeconds) - 1
        : slotEnd(lastSlot, maker.slotSeconds) + OPEN_AFTER_LAST_SLOT_SECONDS),
  };
  requireParties(order, side);
  requireAmounts(order, terms.energyWh);
  requireTimes(order, maker.now);
  if (isFirm(order)) requireBinding(order);
  return order;
}

function requireParties(order: Order, side: Side): void {
  const { maker, meter, counterparty, settler, forward } = order;
  for (const [name, address] of Object.entries({ maker, meter, counterparty, settler })) {
    if (!isAddress(address)) throw new RangeError(`${name}: "${address}" is not an address.`);
  }
  if (isAddressEqual(maker, zeroAddress)) {
    throw new RangeError("maker: nobody can sign for the zero address.");
  }
  if (isAddressEqual(maker, counterparty)) {
    throw new RangeError("counterparty: nobody trades with oneself.");
  }
  if (forward && side === "offer" && isAddressEqual(meter, zeroAddress)) {
    throw new RangeError("meter: an offer of energy to come names the meter that will export it.");
  }
}

/** What a firm order has to be: see the contracts' `lock`. */
function requireBinding({ settler, counter }: Order): void {
  if ([zeroAddress, ANYONE].some((nobody) => isAddressEqual(settler, nobody))) {
    throw new RangeError("settler: a firm order names the settler of its maker's lock.");
  }
  if (counter !== 0n) {
    throw new RangeError(`counter: ${counter}; a firm order carries 0.`);
  }
}

function requireAmounts(order: Order, energyWh: bigint): void {
  requireWhole("microgrid", order.microgrid, 1, 2 ** 24 - 1);
  if (order.sources === 0) throw new RangeError("sources: name at least one.");
  if (energyWh < 1n || energyWh > LANE_MAX_WH) {
    throw new RangeError(`energyWh: ${energyWh} Wh; an order takes 1 to ${LANE_MAX_WH} Wh.`);
  }
  requireBits("pricePerKwh", order.price, 96);
  requireBits("bondPerKwh", order.bond, 96);
  requireWhole("mostAheadWh", order.mostAhead, 0, 2 ** 32 - 1);
  requireBits("nonce", order.nonce, 64);
  requireBits("counter", order.counter, 64);
}

function requireTimes({ firstSlot, lastSlot, deadline }: Order, now: number): void {
  requireWhole("firstSlot", firstSlot, 0, 2 ** 32 - 1);
  requireWhole("lastSlot", lastSlot, 0, 2 ** 32 - 1);
  if (firstSlot > lastSlot) {
    throw new RangeError(`firstSlot: ${firstSlot} comes after the last slot, ${lastSlot}.`);
  }
  requireWhole("deadline", deadline, 0, 2 ** 40 - 1);
  if (deadline < now) {
    throw new RangeError(`deadline: ${deadline} has passed; the chain's time is ${now}.`);
  }
}

function requireWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name}: ${value}; a whole number from ${least} to ${most} is needed.`);
  }
}

function requireBits(name: string, value: bigint, bits: number): void {
  if (value < 0n || value >= 1n << BigInt(bits)) {
    throw new RangeError(`${name}: ${value}; it takes 0 to 2^${bits} - 1.`);
  }
}
