import { LANES, type SignedOrder } from "@wattline/sdk";
import type { Community } from "./community.ts";
import { leastRetail, type Tariffs } from "./tariffs.ts";
import type { Trading } from "./trading.ts";

/** What the people of a community sign for a day; one entry per household where it is a list. */
export interface DayBook {
  /** Of prosumers. */
  readonly offers: readonly (SignedOrder | undefined)[];
  readonly bids: readonly SignedOrder[];
  /** The DSO's, for whatever neighbours leave. */
  readonly gridBid: SignedOrder;
}

/**
 * One signature per day, maker and side: prosumers offer all that they will export, households bid for all that they
 * will import, the DSO for all that is left.
 * @param day Counts days from the first one of the run.
 */
export async function signDay(
  trading: Trading,
  community: Community,
  tariffs: Tariffs,
  day: number,
): Promise<DayBook> {
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
    // Who can't do without pays anything up to what the retailer would charge.
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
export function meritOrderOf({ offers }: DayBook): number[] {
  return offers
    .flatMap((offer, index) => (offer === undefined ? [] : [{ index, price: offer.order.price }]))
    .sort((a, b) => (a.price < b.price ? -1 : a.price > b.price ? 1 : 0))
    .map(({ index }) => index);
}

/** What a household asks for its surplus: a quarter to three quarters of the way up to the retail tariff. */
export const askingPrice = (name: string, feedInPerKwh: bigint, retailPerKwh: bigint): bigint =>
  between(feedInPerKwh, retailPerKwh, 25n + spread(name, 51));

/** What a household bids for its need: six to nine tenths of the way up to the retail tariff. */
export const biddingPrice = (name: string, feedInPerKwh: bigint, retailPerKwh: bigint): bigint =>
  between(feedInPerKwh, retailPerKwh, 60n + spread(`bid of ${name}`, 31));

const between = (low: bigint, high: bigint, percent: bigint): bigint =>
  low + ((high - low) * percent) / 100n;

/** A number below `below` by the name, so that neighbours differ and runs repeat. */
function spread(name: string, below: number): bigint {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003;
  return BigInt(hash % below);
}
