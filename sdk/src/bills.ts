/**
 * What a household pays in all, with and without its trades. Tariffs belong to slots (see `levelFor`), and all money is in
 * thousandths of a base unit, so that nothing is rounded. All arrays have one entry per slot.
 */

/** A household's meter over a run of slots, and the tariffs that hold in them. */
export interface Metered {
  readonly importedWh: readonly bigint[];
  readonly exportedWh: readonly bigint[];
  /** Base units per kWh. */
  readonly retailPerKwh: readonly bigint[];
  /** Base units per kWh. */
  readonly feedInPerKwh: readonly bigint[];
}

/** A household's trades. */
export interface Trades {
  /** Bought from neighbours: import that the retailer does not bill. */
  readonly boughtWh: readonly bigint[];
  /** Paid for it, fees included. */
  readonly paidMillis: bigint;
  /** Received for all sales, to neighbours and to the grid. */
  readonly receivedMillis: bigint;
}

/**
 * What a household pays when it trades with the grid alone: its import at the retail tariff less its export at the feed-in
 * tariff; negative when the grid pays it.
 */
export const billWithGridMillis = ({
  importedWh,
  exportedWh,
  retailPerKwh,
  feedInPerKwh,
}: Metered): bigint =>
  worthMillis(importedWh, retailPerKwh) - worthMillis(exportedWh, feedInPerKwh);

/**
 * What a household pays when it trades: its remaining import at the retail tariff, plus its payments to neighbours, less what
 * it received; negative when the household earns.
 */
export function billWithTradesMillis(
  { importedWh, retailPerKwh }: Pick<Metered, "importedWh" | "retailPerKwh">,
  { boughtWh, paidMillis, receivedMillis }: Trades,
): bigint {
  const restWh = importedWh.map((wh, slot) => wh - (boughtWh[slot] ?? 0n));
  return worthMillis(restWh, retailPerKwh) + paidMillis - receivedMillis;
}

/** A seller's gain over the grid: what it received less what the grid would have paid. */
export const earnedOverFeedInMillis = (
  receivedMillis: bigint,
  soldWh: readonly bigint[],
  feedInPerKwh: readonly bigint[],
): bigint => receivedMillis - worthMillis(soldWh, feedInPerKwh);

/** A buyer's gain over the grid: what the retailer would have charged less what it paid. */
export const savedAgainstRetailMillis = (
  paidMillis: bigint,
  boughtWh: readonly bigint[],
  retailPerKwh: readonly bigint[],
): bigint => worthMillis(boughtWh, retailPerKwh) - paidMillis;

/** Energy at each slot's price. */
const worthMillis = (energyWh: readonly bigint[], pricePerKwh: readonly bigint[]): bigint =>
  energyWh.reduce((total, wh, slot) => total + wh * (pricePerKwh[slot] ?? 0n), 0n);
