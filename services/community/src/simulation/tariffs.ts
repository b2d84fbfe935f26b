/** The grid's tariffs, in base units per kWh. */
export interface Tariffs {
  readonly feedInPerKwh: bigint;
  /** One per slot. */
  readonly retailPerKwh: readonly bigint[];
}

/** The network fee of a trade within a microgrid, in base units per kWh: 0. */
export const NETWORK_FEE = 0n;

/** Wh per slot that an ordinary home may buy from a neighbour while islanded: 1 kW at a quarter of an hour. */
export const ISLAND_RATION_WH = 250n;

/** The operator's tariffs while the retailer charges `retail`; the island price cap is the highest retail tariff. */
export const tariffsAt = (retail: bigint, { feedInPerKwh, retailPerKwh }: Tariffs) => ({
  feedIn: feedInPerKwh,
  retail,
  networkFee: NETWORK_FEE,
  islandPriceCap: retailPerKwh.reduce((a, b) => (a > b ? a : b)),
  islandRation: Number(ISLAND_RATION_WH),
});
