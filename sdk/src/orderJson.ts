import type { Address, Hex } from "viem";
import type { Order, SignedOrder } from "./typedData.ts";

/** An order as JSON: money and counters, which exceed a JSON number's precision, as decimal strings. */
export interface OrderJson {
  readonly maker: Address;
  readonly meter: Address;
  readonly microgrid: number;
  readonly side: number;
  readonly sources: number;
  readonly firstSlot: number;
  readonly lastSlot: number;
  readonly energy: number;
  readonly price: string;
  readonly forward: boolean;
  readonly bond: string;
  readonly mostAhead: number;
  readonly crosses: boolean;
  readonly counterparty: Address;
  readonly settler: Address;
  readonly nonce: string;
  readonly counter: string;
  readonly deadline: number;
}

/** A signed order as JSON. */
export interface SignedOrderJson {
  readonly order: OrderJson;
  readonly signature: Hex;
}

export const orderToJson = (order: Order): OrderJson => ({
  ...order,
  price: order.price.toString(),
  bond: order.bond.toString(),
  nonce: order.nonce.toString(),
  counter: order.counter.toString(),
});

/** @throws SyntaxError when a member that must be a decimal number is not one. */
export const orderFromJson = (json: OrderJson): Order => ({
  ...json,
  price: BigInt(json.price),
  bond: BigInt(json.bond),
  nonce: BigInt(json.nonce),
  counter: BigInt(json.counter),
});

export const signedOrderToJson = ({ order, signature }: SignedOrder): SignedOrderJson => ({
  order: orderToJson(order),
  signature,
});

/** @throws SyntaxError when a member that must be a decimal number is not one. */
export const signedOrderFromJson = ({ order, signature }: SignedOrderJson): SignedOrder => ({
  order: orderFromJson(order),
  signature,
});
