import type { OrderState, Side, SignedOrderJson, Signer, Source } from "@wattline/sdk";
import type { Address, Hex } from "viem";

/** The JSON that a relay and its clients exchange. */

/** An order in the book. */
export interface BookOrder extends SignedOrderJson {
  /** The order's EIP-712 digest, which identifies it everywhere. */
  readonly hash: Hex;
  /** Who signed. */
  readonly signer: Signer["by"];
  /** Wh that can still be traded and are covered by money or energy. */
  readonly remainingWh: string;
  readonly state: OrderState;
  /** Unix seconds, by the chain's clock: that of its newest block, or the relay's own while the chain is out of reach. */
  readonly receivedAt: number;
  /** Grows with every change in the book. */
  readonly updatedSequence: number;
  /** The signed withdrawal that removed the order, so that other relays can follow. */
  readonly withdrawal?: Hex;
}

/** One rule that a request or an order breaks. */
export interface RuleBroken {
  /** The contracts' custom error where there is one, else `Relay_...`. */
  readonly code: string;
  readonly message: string;
  /** The member at fault, as in `orders.3.order.price`. */
  readonly path?: string;
  readonly values?: Readonly<Record<string, string | number>>;
}

/** Why a request was refused. */
export interface Problem extends RuleBroken {
  /** Every rule that is broken, when there are several. */
  readonly reasons?: readonly RuleBroken[];
}

/** The result for one posted order. */
export type PostResult =
  | { readonly hash: Hex; readonly status: "accepted" }
  /** The book has it, in this state. One that can't trade any more is refused instead. */
  | { readonly hash: Hex; readonly status: "known"; readonly state: OrderState }
  | {
      readonly hash?: Hex;
      readonly status: "refused";
      readonly reasons: readonly RuleBroken[];
    };

export const SORTS = ["price", "firstSlot", "received"] as const;
export type Sort = (typeof SORTS)[number];

/** Whether orders are posted prices, which anyone takes, or limits, which settlers fill. */
export const ORDER_KINDS = ["posted", "limit"] as const;
export type OrderKind = (typeof ORDER_KINDS)[number];

/** A query for orders; a missing member is no condition. */
export interface OrdersQuery {
  readonly microgrid?: number | undefined;
  readonly side?: Side | undefined;
  readonly source?: Source | undefined;
  /** The first and last delivery slot of interest: orders that reach any slot between them. */
  readonly fromSlot?: number | undefined;
  readonly toSlot?: number | undefined;
  /** Base units per kWh. */
  readonly minPrice?: bigint | undefined;
  readonly maxPrice?: bigint | undefined;
  readonly maker?: Address | undefined;
  /** Orders that this taker may trade against: those for anyone and those for it alone. */
  readonly counterparty?: Address | undefined;
  readonly kind?: OrderKind | undefined;
  /** Limits that this settler may fill: those for anyone and those for it alone. */
  readonly settler?: Address | undefined;
  readonly forward?: boolean | undefined;
  /** `live` by default. */
  readonly state?: "live" | "all" | undefined;
  /** `price` by default: cheapest first, for bids alone highest first; `received` is newest first. Equal orders are sorted by arrival. */
  readonly sort?: Sort | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  /** 1 to 500; 100 by default. */
  readonly limit?: number | undefined;
}

export interface OrdersPage {
  readonly orders: readonly BookOrder[];
  /** The last event of the stream that the page knows of: go on from there. */
  readonly eventId: string;
  /** Missing on the last page. */
  readonly nextCursor?: string;
}

export interface Health {
  /** `degraded` while the chain does not answer or the book lags behind it. */
  readonly status: "ok" | "degraded";
  readonly chainId: number;
  /** The block at which the book's orders are judged. */
  readonly block: number;
  /** Its hash; missing until the chain has been read. */
  readonly blockHash?: string | undefined;
  /** The newest block known. */
  readonly head: number;
  readonly lagBlocks: number;
  /** Whether the node is offline: then money counts only for firm orders. */
  readonly isOffline: boolean;
  /** Live orders. */
  readonly orders: number;
}
