import {
  type Address,
  type DecodeFunctionDataReturnType,
  decodeAbiParameters,
  type Hex,
  isAddressEqual,
  slice,
  toFunctionSelector,
} from "viem";
import { boardAbi } from "../abi/board.ts";
import { energyTokenAbi } from "../abi/energyToken.ts";
import { marketplaceAbi } from "../abi/marketplace.ts";
import { metersAbi } from "../abi/meters.ts";
import { microgridsAbi } from "../abi/microgrids.ts";
import { once } from "../once.ts";
import type { SignedOrder } from "../typedData.ts";
import type { Contracts } from "./events.ts";

type WattlineAbi = readonly [
  ...typeof marketplaceAbi,
  ...typeof microgridsAbi,
  ...typeof metersAbi,
  ...typeof energyTokenAbi,
  ...typeof boardAbi,
];

/** A call of one of Wattline's functions, its arguments as viem decodes them. */
export type DecodedCall = DecodeFunctionDataReturnType<WattlineAbi>;

/** A call that can't be decoded. */
export interface UndecodedCall {
  readonly functionName?: undefined;
  /** True for a function of Wattline's, whose arguments only the EVM can read. */
  readonly isKnown: boolean;
}

/** The contracts whose calls are decoded; calls of the board only where its address is known. */
export type CallableContracts = Contracts & { readonly board?: Address };

interface FunctionItem {
  readonly type: "function";
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly type: string }[];
  readonly outputs: readonly [];
  readonly stateMutability: "nonpayable";
}

const isFunction = (item: unknown): item is FunctionItem =>
  typeof item === "object" && item !== null && "type" in item && item.type === "function";

const functionsOf = (abi: readonly unknown[]): ReadonlyMap<string, FunctionItem> =>
  new Map(abi.filter(isFunction).map((item) => [toFunctionSelector(item), item]));

/** Functions by their selector: hashed once, not for each call. */
const FUNCTIONS = {
  marketplace: once(() => functionsOf(marketplaceAbi)),
  microgrids: once(() => functionsOf(microgridsAbi)),
  meters: once(() => functionsOf(metersAbi)),
  energy: once(() => functionsOf(energyTokenAbi)),
  board: once(() => functionsOf(boardAbi)),
};

/** Decodes a call. A multicall is replaced by the calls within it, in their order. */
export function decodeCalls(
  contracts: CallableContracts,
  { to, input }: { readonly to: Address | null; readonly input: Hex },
): (DecodedCall | UndecodedCall)[] {
  const functions = functionsAt(contracts, to);
  const call = decode(functions, input);
  if (call.functionName !== "multicall") return [call];
  return call.args[0].flatMap((data) => decodeCalls(contracts, { to, input: data }));
}

/** The signed orders that a call carries, in its order; none for most functions. */
export function signedOrdersIn(call: DecodedCall | UndecodedCall): SignedOrder[] {
  switch (call.functionName) {
    case "accept":
    case "reserve": {
      const [order, signature] = call.args;
      return [{ order, signature }];
    }
    case "settle":
    case "pin": {
      const [orders, signatures] = call.args;
      return orders.map((order, index) => ({ order, signature: signatures[index] ?? "0x" }));
    }
    default:
      return [];
  }
}

function functionsAt(
  { marketplace, microgrids, meters, energy, board }: CallableContracts,
  to: Address | null,
) {
  if (to === null) return undefined;
  if (isAddressEqual(to, marketplace)) return FUNCTIONS.marketplace();
  if (isAddressEqual(to, microgrids)) return FUNCTIONS.microgrids();
  if (isAddressEqual(to, meters)) return FUNCTIONS.meters();
  if (isAddressEqual(to, energy)) return FUNCTIONS.energy();
  return board !== undefined && isAddressEqual(to, board) ? FUNCTIONS.board() : undefined;
}

function decode(
  functions: ReadonlyMap<string, FunctionItem> | undefined,
  input: Hex,
): DecodedCall | UndecodedCall {
  const item = functions?.get(input.slice(0, 10));
  if (item === undefined) return { isKnown: false };
  try {
    const args = item.inputs.length === 0 ? [] : decodeAbiParameters(item.inputs, slice(input, 4));
    // The arguments have the types of the ABI that they were decoded by.
    return { functionName: item.name, args } as DecodedCall;
  } catch {
    // The EVM follows pointers that overlap or lead back; a decoder need not.
    return { isKnown: true };
  }
}
