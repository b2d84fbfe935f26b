/** Filters for rows. */
import type { Where } from "./graphql.ts";
import type { TradeKind } from "./rows.ts";

export interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}

export interface Paged extends Cancellable {
  /** From the previous page. */
  readonly cursor?: string | undefined;
  /** Rows per page, 1000 at most; 100 by default. */
  readonly limit?: number | undefined;
}

/** Filters of the settlement history; all given ones must fit. Newest first. */
export interface TradeFilter extends Paged {
  /** Sent from or arrived in this microgrid. */
  readonly microgrid?: number | undefined;
  /** Seller or buyer. */
  readonly household?: string | undefined;
  /** The seller's or the buyer's. */
  readonly meter?: string | undefined;
  /**
   * Trades from its first to its last slot around this slot: see `words` for whether it has energy in the slot itself.
   */
  readonly slot?: number | undefined;
  /** Trades that overlap this range of slots, both included. */
  readonly fromSlot?: number | undefined;
  readonly toSlot?: number | undefined;
  readonly tx?: string | undefined;
  readonly order?: string | undefined;
  readonly position?: string | undefined;
  /** Any of these positions. */
  readonly positions?: readonly string[] | undefined;
  readonly kinds?: readonly TradeKind[] | undefined;
  /** False leaves out trades with the grid. */
  readonly withGrid?: boolean | undefined;
}

export interface ReadingFilter extends Paged {
  readonly owner?: string | undefined;
  readonly meter?: string | undefined;
  readonly microgrid?: number | undefined;
  readonly tx?: string | undefined;
  /** Those that overlap these blocks, both included. */
  readonly fromBlock?: number | undefined;
  readonly toBlock?: number | undefined;
}

export interface RetirementFilter extends Paged {
  readonly holder?: string | undefined;
  readonly beneficiary?: string | undefined;
  readonly microgrid?: number | undefined;
  readonly tx?: string | undefined;
}

/** The given filters. */
export const given = (where: Where): Where =>
  Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined));

/** A range of slots, both included. Slots may exceed GraphQL's Int. */
export const between = (name: string, from: number, to: number): Where => ({
  [`${name}_gte`]: String(from),
  [`${name}_lte`]: String(to),
});

export function whereOf({
  microgrid,
  household,
  meter,
  slot,
  fromSlot = slot,
  toSlot = slot,
  tx,
  order,
  position,
  positions,
  kinds,
  withGrid,
}: TradeFilter): Where {
  const eitherOf = (value: string | number | undefined, ...names: readonly string[]): Where[] =>
    value === undefined ? [] : [{ OR: names.map((name) => ({ [name]: value })) }];
  return given({
    AND: [
      ...eitherOf(microgrid, "fromMicrogrid", "toMicrogrid"),
      ...eitherOf(household?.toLowerCase(), "seller", "buyer"),
      ...eitherOf(meter?.toLowerCase(), "sellerMeter", "buyerMeter"),
      ...eitherOf(order?.toLowerCase(), "offerHash", "bidHash"),
    ],
    firstSlot_lte: toSlot === undefined ? undefined : String(toSlot),
    lastSlot_gte: fromSlot === undefined ? undefined : String(fromSlot),
    txHash: tx?.toLowerCase(),
    positionId: position?.toLowerCase(),
    positionId_in: positions?.map((id) => id.toLowerCase()),
    kind_in: kinds,
    withGrid,
  });
}
