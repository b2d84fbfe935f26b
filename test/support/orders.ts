import type { Address, Hex } from "viem";

/** An order as its maker signs it, see the interface IOrders. */
export interface Order {
  readonly maker: Address;
  readonly meter: Address;
  readonly microgrid: number;
  readonly side: number;
  readonly sources: number;
  readonly firstSlot: number;
  readonly lastSlot: number;
  readonly energy: number;
  readonly price: bigint;
  readonly forward: boolean;
  readonly bond: bigint;
  readonly mostAhead: number;
  readonly crosses: boolean;
  readonly counterparty: Address;
  readonly settler: Address;
  readonly nonce: bigint;
  readonly counter: bigint;
  readonly deadline: number;
}

export interface SignedOrder {
  readonly order: Order;
  readonly signature: Hex;
}

export const ORDER_TYPES = {
  Order: [
    { name: "maker", type: "address" },
    { name: "meter", type: "address" },
    { name: "microgrid", type: "uint32" },
    { name: "side", type: "uint8" },
    { name: "sources", type: "uint8" },
    { name: "firstSlot", type: "uint32" },
    { name: "lastSlot", type: "uint32" },
    { name: "energy", type: "uint32" },
    { name: "price", type: "uint96" },
    { name: "forward", type: "bool" },
    { name: "bond", type: "uint96" },
    { name: "mostAhead", type: "uint32" },
    { name: "crosses", type: "bool" },
    { name: "counterparty", type: "address" },
    { name: "settler", type: "address" },
    { name: "nonce", type: "uint64" },
    { name: "counter", type: "uint64" },
    { name: "deadline", type: "uint40" },
  ],
} as const;

/** From this nonce on orders are firm. */
export const FIRST_FIRM = 2n ** 63n;
