import { ANYONE, FIRST_FIRM_NONCE, type SignedOrder, slotEnd } from "@wattline/sdk";
import type { Community, Person } from "./community.ts";
import type { Period } from "./rounds.ts";
import { cheapestRetail, isWorthTrading, type Tariffs } from "./tariffs.ts";
import type { Trading } from "./trading.ts";

/** What households sign for a period; lists have one entry per household. */
interface NeighbourOrders {
  /** Of prosumers. */
  readonly offers: readonly (SignedOrder | undefined)[];
  /** Limits; only where neighbours are cleared in batches. */
  readonly bids: readonly SignedOrder[];
}

/** The signed orders of a community for a period. */
export interface PeriodOrders extends NeighbourOrders {
  /** The DSO's, for what neighbours do not buy. */
  readonly gridBid: SignedOrder;
}

/** Where agents sign for the households. */
export const SIGNED_BY_AGENTS: NeighbourOrders = { offers: [], bids: [] };

/** How much longer than its period a home locks its money in an outage: until its orders expire. */
const LOCK_SECONDS = 86_400;

/**
 * One signature per period, maker and side. Prosumers offer their whole export: at a posted price that neighbours take in
 * person, or, to be cleared in batches, at a limit. Then households bid for their whole import, too. A limit is what the grid
 * would pay or charge, since it trades at the community price or not at all. In an outage homes lock their money for the
 * settler, and their bids are firm, so that the island can rely on them.
 * @param settler Who clears batches, if anyone does.
 */
export async function signNeighbours(
  trading: Trading,
  community: Community,
  tariffs: Tariffs,
  settler: Person | undefined,
  { firstSlot, lastSlot, retailPerKwh, islanded }: Period,
): Promise<NeighbourOrders> {
  const { households, series } = community;
  const { feedInPerKwh } = tariffs;
  const ceiling = isWorthTrading(retailPerKwh, tariffs) ? retailPerKwh : feedInPerKwh;
  const slots = { firstSlot, lastSlot };
  const offers: (SignedOrder | undefined)[] = [];
  const bids: SignedOrder[] = [];
  for (const who of households) {
    const ask = settler
      ? { pricePerKwh: feedInPerKwh, settler: ANYONE }
      : { pricePerKwh: askingPrice(who.name, tariffs) };
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
  return { offers, bids };
}

/** The DSO bids for everything that neighbours leave. */
export const signGridBid = (
  trading: Trading,
  community: Community,
  { feedInPerKwh: pricePerKwh }: Tariffs,
  { firstSlot, lastSlot }: Period,
): Promise<SignedOrder> =>
  trading.sign(community, community.dso, "bid", { firstSlot, lastSlot, pricePerKwh });

/** The offers of a balance's homes. */
export const postedIn = ({ orders }: { readonly orders: PeriodOrders }): SignedOrder[] =>
  orders.offers.filter((offer) => offer !== undefined);

/** A household's asking price: a quarter to three quarters of the way from the feed-in tariff to the lowest retail tariff. */
export const askingPrice = (name: string, tariffs: Tariffs): bigint =>
  between(tariffs.feedInPerKwh, cheapestRetail(tariffs), 25n + spread(name, 51));

const between = (low: bigint, high: bigint, percent: bigint): bigint =>
  low + ((high - low) * percent) / 100n;

/** A number below `below` derived from the name, so that neighbours differ and runs repeat. */
function spread(name: string, below: number): bigint {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003;
  return BigInt(hash % below);
}
