/**
 * What a slot costs, by the table in docs/decisions/second-edition-contracts.md. A price (base units per kWh) times Wh is in
 * thousandths of a base unit, so that nothing is rounded.
 */
import { ceilDiv } from "../money.ts";
import { WHOLE_BPS } from "./loss.ts";

/** How a side of a deal names its price: exactly, at the worst, or (who takes a posted price) by an all-in limit over the whole. */
export type Kind = "posted" | "limit" | "taker";

/** What one side goes by. */
export interface PriceTerms {
  readonly kind: Kind;
  /** Base units per kWh. Not read of a taker. */
  readonly pricePerKwh: bigint;
}

/** Prices that hold in the slot, in base units per kWh. */
export interface SlotPrices {
  /** Community price where the seller is, at most the cap in an islanded slot. */
  readonly sellersPerKwh: bigint;
  /** The same where the buyer is; at home they are one. */
  readonly buyersPerKwh: bigint;
  /** Network fee at home, wheeling charge across a line; per kWh sent. */
  readonly chargePerKwh: bigint;
  /** Given in an islanded slot: the most that a buyer pays. */
  readonly capPerKwh: bigint | undefined;
  /** Given across a tie line: what it loses, in hundredths of a percent. */
  readonly lossBps: bigint | undefined;
}

/** The price at which two sides trade. */
export interface Price {
  /** Base units per kWh that the buyer pays, all in. */
  readonly pricePerKwh: bigint;
  /** Whether it counts what arrives, not what is sent; at home they are the same. */
  readonly perArrived: boolean;
}

/** What changes hands for a slot, in thousandths of a base unit. */
export interface Amounts {
  /** What the buyer pays. */
  readonly costMillis: bigint;
  /** What the DSOs get out of it; the seller gets the rest. */
  readonly chargeMillis: bigint;
}

/** The price of a slot, whether or not the two sides accept it; undefined for two posted prices, which never meet. */
export function dealPriceOf(
  offer: PriceTerms,
  bid: PriceTerms,
  prices: SlotPrices,
): Price | undefined {
  if (offer.kind === "posted") {
    if (bid.kind === "posted") return undefined;
    return { pricePerKwh: offer.pricePerKwh + prices.chargePerKwh, perArrived: false };
  }
  if (bid.kind === "posted") return { pricePerKwh: bid.pricePerKwh, perArrived: true };
  const isHome = prices.lossBps === undefined;
  return { pricePerKwh: isHome ? prices.buyersPerKwh : middleAtLine(prices), perArrived: true };
}

/** What a slot comes to at a price. */
export function amountsOf(
  { pricePerKwh, perArrived }: Price,
  { chargePerKwh }: Pick<SlotPrices, "chargePerKwh">,
  sentWh: bigint,
  arrivedWh: bigint,
): Amounts {
  return {
    costMillis: pricePerKwh * (perArrived ? arrivedWh : sentWh),
    chargeMillis: chargePerKwh * sentWh,
  };
}

/** Whether both sides, and the island's cap, accept what a slot comes to. */
export function doMeet(
  offer: PriceTerms,
  bid: PriceTerms,
  prices: SlotPrices,
  { costMillis, chargeMillis }: Amounts,
  sentWh: bigint,
  arrivedWh: bigint,
): boolean {
  const { sellersPerKwh, buyersPerKwh, capPerKwh, lossBps } = prices;
  const earnedMillis = costMillis - chargeMillis;
  if (earnedMillis < 0n) return false;
  if (capPerKwh !== undefined && costMillis > capPerKwh * arrivedWh) return false;
  if (offer.kind === "limit" && earnedMillis < offer.pricePerKwh * sentWh) return false;
  if (bid.kind === "limit" && costMillis > bid.pricePerKwh * arrivedWh) return false;
  // At home no limit trades at a price worse for it than the community's. Across a line its own limit counts.
  const isHome = lossBps === undefined;
  if (isHome && offer.kind === "limit" && costMillis < sellersPerKwh * sentWh) return false;
  if (isHome && bid.kind === "limit" && costMillis > buyersPerKwh * arrivedWh) return false;
  return true;
}

/**
 * What energy costs where it arrives, base units per kWh that arrives, rounded up.
 * @param pricePerKwh The seller's price per kWh sent.
 * @param chargePerKwh The wheeling charge per kWh sent.
 * @param lossBps Lost on the way, in hundredths of a percent.
 */
export function landedPricePerKwh(
  pricePerKwh: bigint,
  chargePerKwh: bigint,
  lossBps: bigint,
): bigint {
  return ceilDiv((pricePerKwh + chargePerKwh) * WHOLE_BPS, WHOLE_BPS - lossBps);
}

/** The middle between the two communities' prices as seen at the line's end, per kWh that arrives; rounded down. */
function middleAtLine({
  sellersPerKwh,
  buyersPerKwh,
  chargePerKwh,
  lossBps = 0n,
}: SlotPrices): bigint {
  return (landedPricePerKwh(sellersPerKwh, chargePerKwh, lossBps) + buyersPerKwh) / 2n;
}
