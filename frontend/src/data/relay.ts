import type { BookOrder as BookOrderJson, Health, OrdersQuery, PostResult } from "@wattline/relay";
import { RelayClient, RelayError } from "@wattline/relay/client";
import { orderFromJson, type SignedOrder, signedOrderToJson } from "@wattline/sdk";
import type { Hex } from "viem";

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

/** Every order that answers the query, page by page. */
export async function fetchOrders(
  relayUrl: string,
  query: OrdersQuery,
  signal: AbortSignal,
): Promise<BookOrder[]> {
  const found: BookOrder[] = [];
  const orders = new RelayClient(relayUrl).allOrders({ ...query, limit: PAGE }, signal);
  for await (const json of orders) found.push(bookOrderOf(json));
  return found;
}

/** One order of the book, whatever its state; undefined when the relay does not know it. */
export async function fetchOrder(relayUrl: string, hash: Hex, signal: AbortSignal) {
  const json = await new RelayClient(relayUrl).order(hash, signal);
  return json && bookOrderOf(json);
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

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Follows the book of a microgrid, or of all, and opens the stream again after any error. A browser does so by itself only
 * when a connection breaks; an answer such as 429 or 502 ends its stream for good.
 * @param from The sequence to go on from, asked for at each opening.
 * @returns How to stop.
 */
export function streamOrders(
  relayUrl: string,
  { microgrid, from }: { readonly microgrid: number | undefined; readonly from: () => number },
  on: { order(order: BookOrder): void; live(isLive: boolean): void; error(): void },
): () => void {
  const base = relayUrl.replace(/\/$/, "");
  const of = microgrid === undefined ? "" : `microgrid=${microgrid}&`;
  let pauseMs = FIRST_PAUSE_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop = (): void => undefined;

  function open(): void {
    const stream = new EventSource(`${base}/stream?${of}from=${from()}`);
    stop = () => stream.close();
    stream.addEventListener("open", () => {
      pauseMs = FIRST_PAUSE_MS;
      on.live(true);
    });
    stream.addEventListener("order", ({ data }) => on.order(bookOrderOf(JSON.parse(data))));
    stream.addEventListener("error", () => {
      on.live(false);
      on.error();
      if (stream.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(open, pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    });
  }

  open();
  return () => {
    clearTimeout(timer);
    stop();
  };
}
