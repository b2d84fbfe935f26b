/** What trades came to. Energy in Wh, money in base units; see the indexer's `earning` for each member. */
export type Sums = Readonly<Record<keyof typeof NOTHING, bigint>>;

/** No trade at all. */
export const NOTHING = {
  soldWh: 0n,
  toGridWh: 0n,
  received: 0n,
  feedInValue: 0n,
  earned: 0n,
  boughtWh: 0n,
  paid: 0n,
  retailCost: 0n,
  saved: 0n,
  bondPaid: 0n,
  bondReceived: 0n,
} as const;

/** Adds up what two hours, days or trades came to. The place and the hour are the first one's. */
export function plus<Row extends Sums>(a: Row, b: Sums): Row {
  return {
    ...a,
    soldWh: a.soldWh + b.soldWh,
    toGridWh: a.toGridWh + b.toGridWh,
    received: a.received + b.received,
    feedInValue: a.feedInValue + b.feedInValue,
    earned: a.earned + b.earned,
    boughtWh: a.boughtWh + b.boughtWh,
    paid: a.paid + b.paid,
    retailCost: a.retailCost + b.retailCost,
    saved: a.saved + b.saved,
    bondPaid: a.bondPaid + b.bondPaid,
    bondReceived: a.bondReceived + b.bondReceived,
  };
}
