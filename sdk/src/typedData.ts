import type { Address, Hex } from "viem";

/** Which side of the market an order is on, in the order of the contracts' `Side`. */
export const SIDES = ["offer", "bid"] as const;
export type Side = (typeof SIDES)[number];

/** What a household signs to sell (an offer) or to buy (a bid) energy; see the interface `IOrders` for each member. */
export interface Order {
  readonly maker: Address;
  /** A meter of the maker: a forward offer's, or the load that a bid feeds in islanded slots; zero where neither matters. */
  readonly meter: Address;
  /** Where the maker trades: it determines the currency and the slots. */
  readonly microgrid: number;
  /** 0 offer, 1 bid. */
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
  /** Whether it may trade over a tie line. */
  readonly crosses: boolean;
  /** The only account that may trade against it; the zero address for anyone. */
  readonly counterparty: Address;
  /** Zero: a posted price. Else a limit, which this address fills by `settle`, or `ANYONE`. */
  readonly settler: Address;
  /** From 2^63 on the order is firm: filled only by the settler of its maker's lock. */
  readonly nonce: bigint;
  readonly counter: bigint;
  /** The last Unix second at which it can be filled. */
  readonly deadline: number;
}

/** What a meter exported, as its device signs it. */
export interface Reading {
  readonly meter: Address;
  readonly firstBlock: number;
  /** One word per block, a guard bit for each covered slot: see `packReading`. */
  readonly exported: readonly bigint[];
}

/** A home's import, as its device signs it. It never goes on chain; the household decides who gets to see it. */
export interface ImportReading {
  readonly meter: Address;
  readonly firstBlock: number;
  /** As {@link Reading}'s `exported`. */
  readonly imported: readonly bigint[];
}

/** A device's consent to be registered for a household. */
export interface Registration {
  readonly microgrid: number;
  readonly owner: Address;
  readonly meter: Address;
  /** The contracts' number. */
  readonly source: number;
  /** The most it can export; 0 for a pure consumer. */
  readonly capacityW: number;
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

/** Withdraws an order from relays. The contracts do not know it: only `cancel` is final. */
export const ORDER_WITHDRAWAL_TYPES = {
  OrderWithdrawal: [{ name: "orderHash", type: "bytes32" }],
} as const;

export const READING_TYPES = {
  Reading: [
    { name: "meter", type: "address" },
    { name: "firstBlock", type: "uint32" },
    { name: "exported", type: "uint256[]" },
  ],
} as const;

/** A type of its own, so that an import can't be reported as an export. */
export const IMPORT_READING_TYPES = {
  ImportReading: [
    { name: "meter", type: "address" },
    { name: "firstBlock", type: "uint32" },
    { name: "imported", type: "uint256[]" },
  ],
} as const;

export const REGISTRATION_TYPES = {
  Registration: [
    { name: "microgrid", type: "uint32" },
    { name: "owner", type: "address" },
    { name: "meter", type: "address" },
    { name: "source", type: "uint8" },
    { name: "capacityW", type: "uint32" },
  ],
} as const;

/** What a household may sign instead of sending it: anyone then submits it by the function of the same name with `For`. */
export const MANDATE_TYPES = {
  Withdrawal: [
    { name: "holder", type: "address" },
    { name: "currency", type: "address" },
    { name: "amount", type: "uint256" },
    { name: "to", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint40" },
  ],
  Locking: [
    { name: "holder", type: "address" },
    { name: "currency", type: "address" },
    { name: "settler", type: "address" },
    { name: "signer", type: "address" },
    { name: "until", type: "uint40" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint40" },
  ],
  Authorization: [
    { name: "maker", type: "address" },
    { name: "currency", type: "address" },
    { name: "delegate", type: "address" },
    { name: "amount", type: "uint256" },
    { name: "until", type: "uint40" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint40" },
  ],
  Cancellation: [
    { name: "maker", type: "address" },
    { name: "nonces", type: "uint64[]" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint40" },
  ],
  CancellationOfAll: [
    { name: "maker", type: "address" },
    { name: "currency", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint40" },
  ],
} as const;

/** An EIP-712 domain: the contract and chain that a signature is for. */
export interface Domain {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  readonly verifyingContract: Address;
}

/** The EIP-712 domain of orders: the marketplace. */
export const marketDomain = (chainId: number, marketplace: Address): Domain => ({
  name: "Wattline",
  version: "2",
  chainId,
  verifyingContract: marketplace,
});

/** The EIP-712 domain of readings and registrations: the meters contract. */
export const metersDomain = (chainId: number, meters: Address): Domain => ({
  name: "Wattline Meters",
  version: "2",
  chainId,
  verifyingContract: meters,
});

/** A signed order, ready to be accepted. */
export interface SignedOrder {
  readonly order: Order;
  readonly signature: Hex;
}
