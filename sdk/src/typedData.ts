import type { Address, Hex } from "viem";

/** Which side of the market an order is on, in the order of the contracts' `Side`. */
export const SIDES = ["offer", "bid"] as const;
export type Side = (typeof SIDES)[number];

/** A household's signed order to sell or to buy; see `Order` in the contracts for each member. */
export interface Order {
  readonly maker: Address;
  /** A meter of the maker in that microgrid: a forward offer's, or an islanded bid's; zero where neither applies. */
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
  /** The most Wh over all slots together. */
  readonly energy: number;
  /** Base units per kWh: what an offer's maker receives, what a bid's maker pays. */
  readonly price: bigint;
  readonly forward: boolean;
  /** Base units per kWh. */
  readonly bond: bigint;
  /** The only account that may trade against it; the zero address for anyone. */
  readonly counterparty: Address;
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
    { name: "counterparty", type: "address" },
    { name: "nonce", type: "uint64" },
    { name: "counter", type: "uint64" },
    { name: "deadline", type: "uint40" },
  ],
} as const;

/** Withdraws an order from relays. The contracts do not know it: only `cancel` is final. */
export const WITHDRAWAL_TYPES = {
  Withdrawal: [{ name: "orderHash", type: "bytes32" }],
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
  version: "1",
  chainId,
  verifyingContract: marketplace,
});

/** The EIP-712 domain of readings and registrations: the meters contract. */
export const metersDomain = (chainId: number, meters: Address): Domain => ({
  name: "Wattline Meters",
  version: "1",
  chainId,
  verifyingContract: meters,
});

/** A signed order, ready to be accepted. */
export interface SignedOrder {
  readonly order: Order;
  readonly signature: Hex;
}
