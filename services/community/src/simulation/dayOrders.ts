import { LANES, type SignedOrder } from "@wattline/sdk";
import type { Community } from "./community.ts";
import { leastRetail, type Tariffs } from "./tariffs.ts";
import type { Trading } from "./trading.ts";

/** The signed orders of a community for a day; lists have one entry per household. */
export interface DayOrders {
  /** Of prosumers. */
  readonly offers: readonly (SignedOrder | undefined)[];
  readonly bids: readonly SignedOrder[];
  /** The DSO's, for what neighbours do not buy. */
  readonly gridBid: SignedOrder;
}

/**
 * One signature per day, maker and side: prosumers offer their whole export, households bid for their whole import, the
 * DSO for everything that is left.
 * @param day Counts days from the first one of the run.
 */
export async function signDay(
  trading: Trading,
  community: Community,
  tariffs: Tariffs,
  day: number,
): Promise<DayOrders> {
  const { series, households, dso } = community;
  const slotsPerDay = 86_400 / series.slotSeconds;
  const start = Math.floor(series.firstSlot / LANES) * LANES;
  const firstSlot = start + day * slotsPerDay;
  const lastSlot = firstSlot + slotsPerDay - 1;
  const { feedInPerKwh } = tariffs;
  const slotsOfDay = Array.from(
    { length: slotsPerDay },
    (_, slot) => firstSlot - series.firstSlot + slot,
  );
  const retailPerKwh = leastRetail(tariffs, slotsOfDay);
  const offers: (SignedOrder | undefined)[] = [];
  const bids: SignedOrder[] = [];
  for (const who of households) {
    const ask = {
      firstSlot,
      lastSlot,
      pricePerKwh: askingPrice(who.name, feedInPerKwh, retailPerKwh),
    };
    const sells = who.series.capacityW > 0;
    offers.push(sells ? await trading.sign(community, who, "offer", ask) : undefined);
    // Critical loads pay anything up to the retail tariff.
    const pricePerKwh = who.critical
      ? retailPerKwh
      : biddingPrice(who.name, feedInPerKwh, retailPerKwh);
    bids.push(await trading.sign(community, who, "bid", { firstSlot, lastSlot, pricePerKwh }));
  }
  const pricePerKwh = feedInPerKwh;
  const gridBid = await trading.sign(community, dso, "bid", { firstSlot, lastSlot, pricePerKwh });
  return { offers, bids, gridBid };
}

/** Sellers, the cheapest offer first. */
export function meritOrderOf({ offers }: DayOrders): number[] {
  return offers
    .flatMap((offer, index) => (offer === undefined ? [] : [{ index, price: offer.order.price }]))
    .sort((a, b) => (a.price < b.price ? -1 : a.price > b.price ? 1 : 0))
    .map(({ index }) => index);
}

/** A household's asking price: a quarter to three quarters of the way up to the retail tariff. */
export const askingPrice = (name: string, feedInPerKwh: bigint, retailPerKwh: bigint): bigint =>
  between(feedInPerKwh, retailPerKwh, 25n + spread(name, 51));

/** A household's bid price: six to nine tenths of the way up to the retail tariff. */
export const biddingPrice = (name: string, feedInPerKwh: bigint, retailPerKwh: bigint): bigint =>
  between(feedInPerKwh, retailPerKwh, 60n + spread(`bid of ${name}`, 31));

const between = (low: bigint, high: bigint, percent: bigint): bigint =>
  low + ((high - low) * percent) / 100n;

/** A number below `below` derived from the name, so that neighbours differ and runs repeat. */
function spread(name: string, below: number): bigint {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003;
  return BigInt(hash % below);
}
