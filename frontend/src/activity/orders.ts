import { t } from "@lingui/core/macro";
import { OFFER } from "@wattline/sdk";
import type { BookOrder } from "../data/index.ts";
import { formatCount, formatEnergy } from "../ui/index.ts";

/** Orders of one side that a household has signed together. */
export interface OrdersEntry {
  readonly kind: "orders";
  readonly id: string;
  /** When the book received them, Unix seconds. */
  readonly time: number;
  readonly orders: readonly BookOrder[];
}

/** Signed orders as entries, the newest first: what was received at the same moment was signed together. */
export const orderEntriesOf = (orders: readonly BookOrder[]): OrdersEntry[] =>
  [...Map.groupBy(orders, ({ receivedAt, order }) => `${receivedAt} ${order.side}`)]
    .map(([id, together]) => ({
      kind: "orders" as const,
      id,
      time: together[0]?.receivedAt ?? 0,
      orders: together,
    }))
    .sort((a, b) => b.time - a.time);

/** What was signed, in one sentence. */
export function ordersWords({ orders }: OrdersEntry): string {
  const energy = formatEnergy(orders.reduce((sum, { order }) => sum + BigInt(order.energy), 0n));
  const offers = orders[0]?.order.side === OFFER;
  if (orders.length === 1) {
    return offers ? t`You signed an offer of ${energy}` : t`You signed a bid for ${energy}`;
  }
  const count = formatCount(orders.length);
  return offers
    ? t`You signed ${count} offers of ${energy}`
    : t`You signed ${count} bids for ${energy}`;
}
