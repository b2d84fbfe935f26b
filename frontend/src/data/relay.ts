import type { BookOrder as BookOrderJson, Health, OrdersQuery, PostResult } from "@wattline/relay";
import { RelayClient, RelayError } from "@wattline/relay/client";
import {
  orderFromJson,
  type SignedDirectory,
  type SignedOrder,
  signedOrderToJson,
} from "@wattline/sdk";
import type { Address, Hex } from "viem";

/** A signed order as a book knows it; amounts as `bigint`. */
export interface BookOrder
  extends SignedOrder,
    Omit<BookOrderJson, "order" | "signature" | "remainingWh"> {
  readonly remainingWh: bigint;
}

export type { OrderState } from "@wattline/sdk";
export type { OrdersQuery, PostResult };
export { RelayError };

const bookOrderOf = (json: BookOrderJson): BookOrder => ({
  ...json,
  order: orderFromJson(json.order),
  remainingWh: BigInt(json.remainingWh),
});

/** The most that a relay gives at once. */
const PAGE = 500;

/** Every order that answers the query, page by page, and the event of the stream to go on from. */
export async function fetchOrders(
  relayUrl: string,
  query: OrdersQuery,
  signal: AbortSignal,
): Promise<{ readonly orders: readonly BookOrder[]; readonly eventId: string }> {
  const client = new RelayClient(relayUrl);
  const first = await client.orders({ ...query, limit: PAGE }, signal);
  const orders = first.orders.map(bookOrderOf);
  const { nextCursor: cursor, eventId } = first;
  if (cursor !== undefined) {
    const others = client.allOrders({ ...query, limit: PAGE, cursor }, signal);
    for await (const json of others) orders.push(bookOrderOf(json));
  }
  return { orders, eventId };
}

/**
 * Hands signed orders in.
 * @throws RelayError when the document as a whole is refused; see {@link isDown}.
 */
export const submitOrders = (
  relayUrl: string,
  orders: readonly SignedOrder[],
  signal?: AbortSignal,
): Promise<readonly PostResult[]> =>
  new RelayClient(relayUrl).post(orders.map(signedOrderToJson), signal);

/** Takes an order off this relay's book, with its maker's `Withdrawal` signature. */
export async function withdrawOrder(relayUrl: string, hash: Hex, signature: Hex): Promise<void> {
  await new RelayClient(relayUrl).withdraw(hash, signature);
}

export const fetchRelayHealth = (relayUrl: string, signal: AbortSignal): Promise<Health> =>
  new RelayClient(relayUrl).health(signal);

/** Whether a relay could not do its work at all, in contrast to a refusal: nobody answers, or it is in trouble itself. */
export const isDown = (error: unknown): boolean =>
  error instanceof RelayError
    ? error.status >= 500 || error.problem.code === "Relay_NotARelay"
    : error instanceof TypeError;

/**
 * Follows the book of a microgrid, or of all. The stream is opened again after any break, from where it was.
 * @param from The event to go on from.
 * @returns How to stop.
 */
export function streamOrders(
  relayUrl: string,
  { microgrid, from }: { readonly microgrid: number | undefined; readonly from: string },
  on: {
    order(order: BookOrder): void;
    /** The book is another one than before. */
    restarted(): void;
    live(isLive: boolean): void;
  },
): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const where = { from, signal, ...(microgrid !== undefined && { microgrid }) };
  void new RelayClient(relayUrl).follow(where, {
    order: (order) => on.order(bookOrderOf(order)),
    restarted: on.restarted,
    live: on.live,
  });
  return () => stop.abort();
}

/** The orders that a maker has signed lately, whatever has become of them, the newest first. */
export async function fetchSigned(
  relayUrl: string,
  maker: Address,
  signal: AbortSignal,
): Promise<readonly BookOrder[]> {
  const query = { maker, state: "all", sort: "received", limit: PAGE } as const;
  return (await new RelayClient(relayUrl).orders(query, signal)).orders.map(bookOrderOf);
}

/** Publishes a microgrid's directory of names. @throws RelayError */
export const publishDirectory = (relayUrl: string, signed: SignedDirectory): Promise<void> =>
  new RelayClient(relayUrl).publishDirectory(signed);
