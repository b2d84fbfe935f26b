import {
  type OrderJson,
  orderFromJson,
  type SignedOrder,
  type SignedOrderJson,
  signedOrderToJson,
} from "@wattline/sdk";
import type { Hex } from "viem";

/** How an order stands: "live" can be filled now. */
export type OrderState = "live" | "filled" | "cancelled" | "expired" | "unbacked" | "void";

/** A signed order as a book knows it. */
export interface BookOrder extends SignedOrder {
  readonly hash: Hex;
  readonly signer: "maker" | "delegate" | "wallet";
  readonly remainingWh: bigint;
  readonly state: OrderState;
  /** Unix seconds. */
  readonly receivedAt: number;
  readonly updatedSequence: number;
}

interface BookOrderJson {
  readonly order: OrderJson;
  readonly signature: Hex;
  readonly hash: Hex;
  readonly signer: BookOrder["signer"];
  readonly remainingWh: string;
  readonly state: OrderState;
  readonly receivedAt: number;
  readonly updatedSequence: number;
}

const bookOrderOf = (json: BookOrderJson): BookOrder => ({
  ...json,
  order: orderFromJson(json.order),
  remainingWh: BigInt(json.remainingWh),
});

/** What to ask the book for; see the relay's `GET /orders`. */
export interface OrdersQuery {
  readonly microgrid?: number;
  readonly side?: "offer" | "bid";
  readonly source?: string;
  readonly fromSlot?: number;
  readonly toSlot?: number;
  readonly maker?: string;
  readonly counterparty?: string;
  readonly forward?: boolean;
  readonly state?: "live" | "all";
}

/** What became of an order that was handed in. */
export type Submitted =
  | { readonly hash: Hex; readonly status: "accepted" | "known" }
  | {
      readonly hash?: Hex;
      readonly status: "refused";
      readonly reasons: readonly { readonly code: string; readonly message: string }[];
    };

export interface RelayHealth {
  readonly status: "ok" | "degraded";
  readonly chainId: number;
  readonly block: number;
  readonly head: number;
  readonly lagBlocks: number;
  readonly orders: number;
}

/** The relay does not answer, or refuses what it was asked. */
export class RelayError extends Error {}

/** As many as a relay gives at once. */
const PAGE = 500;

/** Every order that answers the query, page by page. */
export async function fetchOrders(
  relayUrl: string,
  query: OrdersQuery,
  signal: AbortSignal,
): Promise<BookOrder[]> {
  const found: BookOrder[] = [];
  let cursor: string | undefined;
  do {
    const parameters = new URLSearchParams({ limit: String(PAGE) });
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) parameters.set(name, String(value));
    }
    if (cursor !== undefined) parameters.set("cursor", cursor);
    const page = await ask<{ orders: BookOrderJson[]; nextCursor?: string }>(
      relayUrl,
      `/orders?${parameters}`,
      { signal },
    );
    for (const json of page.orders) found.push(bookOrderOf(json));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}

/** One order of the book, whatever its state. */
export const fetchOrder = async (relayUrl: string, hash: Hex, signal: AbortSignal) =>
  bookOrderOf(await ask<BookOrderJson>(relayUrl, `/orders/${hash}`, { signal }));

/** Hands signed orders in. */
export async function submitOrders(
  relayUrl: string,
  orders: readonly SignedOrder[],
  signal?: AbortSignal,
): Promise<readonly Submitted[]> {
  const body = JSON.stringify({
    orders: orders.map((one): SignedOrderJson => signedOrderToJson(one)),
  });
  const { results } = await ask<{ results: Submitted[] }>(relayUrl, "/orders", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal: signal ?? null,
  });
  return results;
}

/** Takes an order off this relay's book, with its maker's `Withdrawal` signature. */
export async function withdrawOrder(relayUrl: string, hash: Hex, signature: Hex): Promise<void> {
  await ask(relayUrl, `/orders/${hash}`, {
    method: "DELETE",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ signature }),
  });
}

export const fetchRelayHealth = (relayUrl: string, signal: AbortSignal): Promise<RelayHealth> =>
  ask(relayUrl, "/health", { signal });

/**
 * Follows the book of a microgrid, or of all. The browser opens the stream again by itself after a break, from where it
 * was.
 * @param from The sequence to go on from.
 * @returns How to stop.
 */
export function streamOrders(
  relayUrl: string,
  { microgrid, from }: { readonly microgrid: number | undefined; readonly from: number },
  on: { order(order: BookOrder): void; open(): void; error(): void },
): () => void {
  const of = microgrid === undefined ? "" : `microgrid=${microgrid}&`;
  const stream = new EventSource(`${base(relayUrl)}/stream?${of}from=${from}`);
  stream.addEventListener("order", ({ data }) => on.order(bookOrderOf(JSON.parse(data))));
  stream.addEventListener("open", on.open);
  stream.addEventListener("error", on.error);
  return () => stream.close();
}

const base = (url: string): string => url.replace(/\/$/, "");

async function ask<T>(relayUrl: string, path: string, init: RequestInit): Promise<T> {
  const response = await fetch(base(relayUrl) + path, init).catch((error: unknown) => {
    if (init.signal?.aborted) throw error;
    throw new RelayError(`The relay at ${relayUrl} does not answer.`);
  });
  if (!response.ok) {
    const said: { message?: string } = await response.json().catch(() => ({}));
    throw new RelayError(said.message ?? `The relay answered ${response.status}.`);
  }
  return response.status === 204 ? (undefined as T) : await response.json();
}
