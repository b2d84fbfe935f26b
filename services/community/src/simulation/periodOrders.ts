import { ANYONE, FIRST_FIRM_NONCE, type SignedOrder, slotEnd } from "@wattline/sdk";
import type { Community, Person } from "./community.ts";
import type { Period } from "./rounds.ts";
import { isWorthTrading, type Tariffs } from "./tariffs.ts";
import type { Trading } from "./trading.ts";

/** The signed orders of a community for a period; lists have one entry per household. */
export interface PeriodOrders {
  /** Of prosumers. */
  readonly offers: readonly (SignedOrder | undefined)[];
  /** Limits; only where neighbours are cleared in batches. */
  readonly bids: readonly SignedOrder[];
  /** The DSO's, for what neighbours do not buy. */
  readonly gridBid: SignedOrder;
}

/** How much longer than its period a home locks its money in an outage: until its orders expire. */
const LOCK_SECONDS = 86_400;

/**
 * One signature per period, maker and side. Prosumers offer their whole export: at a posted price that neighbours take in
 * person, or, to be cleared in batches, at a limit. Then households bid for their whole import, too. A limit is what the grid
 * would pay or charge, since it trades at the community price or not at all. In an outage homes lock their money for the
 * settler, and their bids are firm, so that the island can rely on them. The DSO bids for everything that is left.
 * @param settler Who clears batches, if anyone does.
 */
export async function signPeriod(
  trading: Trading,
  community: Community,
  tariffs: Tariffs,
  settler: Person | undefined,
  { firstSlot, lastSlot, retailPerKwh, islanded }: Period,
): Promise<PeriodOrders> {
  const { households, dso, series } = community;
  const { feedInPerKwh } = tariffs;
  const ceiling = isWorthTrading(retailPerKwh, tariffs) ? retailPerKwh : feedInPerKwh;
  const slots = { firstSlot, lastSlot };
  const offers: (SignedOrder | undefined)[] = [];
  const bids: SignedOrder[] = [];
  for (const who of households) {
    const ask = settler
      ? { pricePerKwh: feedInPerKwh, settler: ANYONE }
      : { pricePerKwh: askingPrice(who.name, feedInPerKwh, ceiling) };
    const sells = who.series.capacityW > 0;
    const terms = { ...slots, ...ask, crosses: true };
    offers.push(sells ? await trading.sign(community, who, "offer", terms) : undefined);
    if (settler === undefined) continue;
    const bid = { ...slots, pricePerKwh: ceiling, crosses: true };
    if (!islanded) {
      bids.push(await trading.sign(community, who, "bid", { ...bid, settler: ANYONE }));
      continue;
    }
    const until = slotEnd(lastSlot, series.slotSeconds) + LOCK_SECONDS;
    await trading.lock(who, settler, until);
    const firm = { settler: settler.address, deadline: until, firstNonce: FIRST_FIRM_NONCE };
    bids.push(await trading.sign(community, who, "bid", { ...bid, ...firm }));
  }
  const gridTerms = { ...slots, pricePerKwh: feedInPerKwh };
  const gridBid = await trading.sign(community, dso, "bid", gridTerms);
  return { offers, bids, gridBid };
}

/** Sellers, the cheapest offer first. */
export function meritOrderOf({ offers }: PeriodOrders): number[] {
  return offers
    .flatMap((offer, index) => (offer === undefined ? [] : [{ index, price: offer.order.price }]))
    .sort((a, b) => (a.price < b.price ? -1 : a.price > b.price ? 1 : 0))
    .map(({ index }) => index);
}

/** A household's asking price: a quarter to three quarters of the way up to the retail tariff. */
const askingPrice = (name: string, feedInPerKwh: bigint, retailPerKwh: bigint): bigint =>
  between(feedInPerKwh, retailPerKwh, 25n + spread(name, 51));

const between = (low: bigint, high: bigint, percent: bigint): bigint =>
  low + ((high - low) * percent) / 100n;

/** A number below `below` derived from the name, so that neighbours differ and runs repeat. */
function spread(name: string, below: number): bigint {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003;
  return BigInt(hash % below);
}
