/** Signed orders of the contracts' second edition: a posted price or a limit, told by `settler`. */
import { type Address, zeroAddress } from "viem";
import type { Domain } from "../typedData.ts";

/** Values of {@link Order.side}. */
export const OFFER = 0;
export const BID = 1;

/** The settler of a limit that anyone may fill by `settle`. */
export const ANYONE: Address = "0x0000000000000000000000000000000000000001";

/** From this nonce on orders are firm: filled only by the settler of a lock in force. */
export const FIRST_FIRM_NONCE = 2n ** 63n;

/** What a household signs to sell (an offer) or to buy (a bid) energy; see the interface `IOrders` for each member. */
export interface Order {
  readonly maker: Address;
  /** A meter of the maker: a forward offer's, or the load that a bid feeds in islanded slots; zero where neither matters. */
  readonly meter: Address;
  readonly microgrid: number;
  /** {@link OFFER} or {@link BID}. */
  readonly side: number;
  /** Bit i: the i-th of the sdk's `SOURCES`. */
  readonly sources: number;
  readonly firstSlot: number;
  /** Included. */
  readonly lastSlot: number;
  /** Wh at most over all slots together: sent for an offer, arrived for a bid. */
  readonly energy: number;
  /** Base units per kWh: of a posted price exactly, of a limit at the worst. */
  readonly price: bigint;
  readonly forward: boolean;
  /** Base units per kWh that the seller of a forward forfeits on shortfall. */
  readonly bond: bigint;
  /** A forward bid: Wh of a slot that the seller's meter may have promised before this. */
  readonly mostAhead: number;
  readonly crosses: boolean;
  /** Who alone may trade against it; zero for anyone. */
  readonly counterparty: Address;
  /** Zero: a posted price. Else a limit, which this address fills by `settle`, or {@link ANYONE}. */
  readonly settler: Address;
  readonly nonce: bigint;
  readonly counter: bigint;
  /** The last Unix second at which it can be filled. */
  readonly deadline: number;
}

/** The EIP-712 type of {@link Order}. */
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

/** The EIP-712 domain of orders: the marketplace. */
export const marketDomain = (chainId: number, marketplace: Address): Domain => ({
  name: "Wattline",
  version: "2",
  chainId,
  verifyingContract: marketplace,
});

/** Whether it trades at exactly its price, with anyone who takes it. */
export const isPosted = ({ settler }: Pick<Order, "settler">): boolean => settler === zeroAddress;

/** Whether it is filled only under a lock. */
export const isFirm = ({ nonce }: Pick<Order, "nonce">): boolean => nonce >= FIRST_FIRM_NONCE;
