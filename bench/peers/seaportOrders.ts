import { type Address, zeroAddress, zeroHash } from "viem";
import type { Compilation } from "./compile.ts";

/** Seaport with the compiler and the settings of its own releases. */
export const seaportContracts: Compilation = {
  name: "seaport",
  compiler: "solc-0.8.24",
  settings: {
    viaIR: true,
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 4_294_967_295 },
    metadata: { bytecodeHash: "none" },
  },
  contracts: {
    Seaport: "seaport-core/src/Seaport.sol",
    ConduitController: "seaport-core/src/conduit/ConduitController.sol",
  },
};

export const FULL_OPEN = 0;
export const PARTIAL_OPEN = 1;

export interface Item {
  readonly itemType: number;
  readonly token: Address;
  readonly identifierOrCriteria: bigint;
  readonly startAmount: bigint;
  readonly endAmount: bigint;
}

/** The members that differ between orders; no zone, no conduit, the first counter. */
export interface Order {
  readonly offerer: Address;
  readonly offer: readonly Item[];
  readonly consideration: readonly (Item & { readonly recipient: Address })[];
  readonly orderType: number;
  readonly startTime: bigint;
  readonly endTime: bigint;
  readonly salt: bigint;
}

const ITEM = [
  { name: "itemType", type: "uint8" },
  { name: "token", type: "address" },
  { name: "identifierOrCriteria", type: "uint256" },
  { name: "startAmount", type: "uint256" },
  { name: "endAmount", type: "uint256" },
] as const;

export const ORDER_TYPES = {
  OrderComponents: [
    { name: "offerer", type: "address" },
    { name: "zone", type: "address" },
    { name: "offer", type: "OfferItem[]" },
    { name: "consideration", type: "ConsiderationItem[]" },
    { name: "orderType", type: "uint8" },
    { name: "startTime", type: "uint256" },
    { name: "endTime", type: "uint256" },
    { name: "zoneHash", type: "bytes32" },
    { name: "salt", type: "uint256" },
    { name: "conduitKey", type: "bytes32" },
    { name: "counter", type: "uint256" },
  ],
  OfferItem: ITEM,
  ConsiderationItem: [...ITEM, { name: "recipient", type: "address" }],
} as const;

const UNUSED = { zone: zeroAddress, zoneHash: zeroHash, conduitKey: zeroHash } as const;

/** The signed members. */
export const componentsOf = (order: Order) => ({ ...order, ...UNUSED, counter: 0n });

/** The sent members. */
export const parametersOf = (order: Order) => ({
  ...order,
  ...UNUSED,
  totalOriginalConsiderationItems: BigInt(order.consideration.length),
});
