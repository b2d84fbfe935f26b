/** The grid's tariffs, in base units per kWh. */
export interface Tariffs {
  readonly feedInPerKwh: bigint;
  /** One per slot. A dynamic tariff's may be at or below the feed-in tariff, and negative. */
  readonly retailPerKwh: readonly bigint[];
}

/** Wh per slot that an ordinary home may buy from a neighbour while islanded: 1 kW at a quarter of an hour. */
export const ISLAND_RATION_WH = 250n;

/** The network fee of a trade within a microgrid, in base units per kWh: 0. */
export const NETWORK_FEE = 0n;

/** Whether neighbours gain by trading: only while the retailer charges more than the grid pays. */
export const isWorthTrading = (retail: bigint, { feedInPerKwh }: Tariffs): boolean =>
  retail > feedInPerKwh;

/**
 * The least that the retailer charges in those of the slots that are worth trading in; where none is, the feed-in
 * tariff. Slots count from the first one of the run.
 */
export const leastRetail = (tariffs: Tariffs, slots: readonly number[]): bigint =>
  slots
    .map((slot) => tariffs.retailPerKwh[slot])
    .filter((retail) => retail !== undefined)
    .filter((retail) => isWorthTrading(retail, tariffs))
    .reduce<bigint | undefined>(
      (least, retail) => (least === undefined || retail < least ? retail : least),
      undefined,
    ) ?? tariffs.feedInPerKwh;

/** The most that the retailer ever charges, and not less than the feed-in tariff. */
export const dearestRetail = ({ feedInPerKwh, retailPerKwh }: Tariffs): bigint =>
  retailPerKwh.reduce(larger, feedInPerKwh);

/**
 * The operator's tariffs while the retailer charges `retail`; in an island nobody pays more than it ever charges. The
 * contract takes no retail tariff below the feed-in tariff: then both are the same, and bills count the true one.
 */
export const tariffsAt = (retail: bigint, tariffs: Tariffs) => ({
  feedIn: tariffs.feedInPerKwh,
  retail: larger(retail, tariffs.feedInPerKwh),
  networkFee: NETWORK_FEE,
  islandPriceCap: dearestRetail(tariffs),
  islandRation: Number(ISLAND_RATION_WH),
});

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
