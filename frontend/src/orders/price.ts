import {
  communityPriceIn,
  type Level,
  levelFor,
  type Microgrid,
  type SlotRange,
  slotCount,
} from "@wattline/sdk";

/** What holds in some slots: base units per kWh. */
export interface PricesOfSlots {
  /** The community price, at least and at most. */
  readonly lowest: bigint;
  readonly highest: bigint;
  /** What a seller may ask so that neighbours' bids at the community price still take it: that price less the network fee. */
  readonly mostToSeller: bigint;
  /** What the grid pays and charges on average. */
  readonly feedIn: bigint;
  readonly retail: bigint;
  /** The most that a buyer pays in an island, at least. */
  readonly cap: bigint;
}

/** Later slots go by the same hours of the day. */
const MOST_SECONDS = 7 * 86_400;
/** Schedules end here. */
const LAST_SLOT = 2 ** 32 - 1;

/** The prices of a run of slots; undefined when it has none. */
export function pricesOf(microgrid: Microgrid, slots: SlotRange): PricesOfSlots | undefined {
  const count = Math.min(slotCount(slots), MOST_SECONDS / microgrid.slotSeconds);
  if (!(count >= 1) || slots.firstSlot < 0 || slots.firstSlot + count > LAST_SLOT) return undefined;
  const each = Array.from({ length: count }, (_, index) => {
    const slot = slots.firstSlot + index;
    return { ...levelFor(microgrid, slot), paid: communityPriceIn(microgrid, slot) };
  });
  const [first] = each;
  if (first === undefined) return undefined;
  const over = (pick: (level: Level & { paid: bigint }) => bigint) => each.map(pick);
  const average = (prices: readonly bigint[]) =>
    prices.reduce((sum, price) => sum + price, 0n) / BigInt(prices.length);
  return {
    lowest: over(({ paid }) => paid).reduce(least),
    highest: over(({ paid }) => paid).reduce(most),
    mostToSeller: over(({ paid, feePerKwh }) => paid - feePerKwh).reduce(least),
    feedIn: average(over(({ feedInPerKwh }) => feedInPerKwh)),
    retail: average(over(({ retailPerKwh }) => retailPerKwh)),
    cap: over(({ capPerKwh }) => capPerKwh).reduce(least),
  };
}

/**
 * A price to begin with, base units per kWh. An offer is posted so that neighbours' bids take it at no more than the community
 * price, in whole cents where that leaves more than the grid pays; the limit of a bid is the community price itself.
 */
export function suggestedPrice(
  side: "offer" | "bid",
  { highest, mostToSeller, feedIn }: PricesOfSlots,
  decimals: number,
): bigint {
  if (side === "bid") return highest;
  const price = most(mostToSeller, 0n);
  const cent = 10n ** BigInt(Math.max(decimals - 2, 0));
  const whole = price - (price % cent);
  return whole >= feedIn ? whole : price;
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
