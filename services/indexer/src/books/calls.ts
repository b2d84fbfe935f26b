import {
  boardAbi,
  energyTokenAbi,
  hashOrder,
  marketDomain,
  marketplaceAbi,
  metersAbi,
  type Order,
  type SignedOrder,
} from "@wattline/sdk";
import { type Address, decodeFunctionData, type Hex, isAddressEqual } from "viem";
import { readSettings } from "../../settings.ts";

/** What a transaction's calldata tells beyond its events. */
export interface Calls {
  /** Names of the functions, those within a multicall one by one. */
  readonly names: readonly string[];
  /** Signed orders by their hash. */
  readonly orders: ReadonlyMap<Hex, SignedOrder>;
  /** What takers named as their meter, by the hash of the order that they took. */
  readonly takerMeters: ReadonlyMap<Hex, Address>;
  /** Signatures of readings, by {@link readingKey}. */
  readonly readingSignatures: ReadonlyMap<string, Hex>;
}

interface SentTransaction {
  readonly hash: Hex;
  readonly to: Address | null;
  readonly input: Hex;
}

const ABI = [...marketplaceAbi, ...metersAbi, ...energyTokenAbi, ...boardAbi] as const;

const { deployment } = readSettings(process.env);
const { marketplace, meters, energy, board } = deployment;
const domain = marketDomain(deployment.chainId, marketplace);

/** What names a reading within a transaction. */
export const readingKey = (meter: Address, firstBlock: number, words: readonly bigint[]): string =>
  `${meter.toLowerCase()} ${firstBlock} ${words.join()}`;

let newest: { readonly hash: Hex; readonly calls: Calls } | undefined;

/** What a transaction called; nothing is known of what another contract has called for it. */
export function callsOf(transaction: SentTransaction): Calls {
  // Events of a transaction come one after another, and a batch has many.
  if (newest?.hash !== transaction.hash) {
    newest = { hash: transaction.hash, calls: read(transaction) };
  }
  return newest.calls;
}

function read({ to, input }: SentTransaction): Calls {
  const names: string[] = [];
  const orders = new Map<Hex, SignedOrder>();
  const takerMeters = new Map<Hex, Address>();
  const readingSignatures = new Map<string, Hex>();

  const ours = [marketplace, meters, energy, board];
  if (to !== null && ours.some((address) => isAddressEqual(address, to))) note(input);
  else names.push("unknown");
  return { names, orders, takerMeters, readingSignatures };

  function note(data: Hex): void {
    const call = decode(data);
    if (call?.functionName === "multicall") {
      for (const inner of call.args[0]) note(inner);
      return;
    }
    names.push(call?.functionName ?? "unknown");
    if (call?.functionName === "accept" || call?.functionName === "reserve") {
      const [order, signature, take] = call.args;
      takerMeters.set(noteOrder(order, signature), take.meter);
    }
    if (call?.functionName === "settle" || call?.functionName === "pin") {
      const [signed, signatures] = call.args;
      for (const [index, order] of signed.entries()) noteOrder(order, signatures[index] ?? "0x");
    }
    if (call?.functionName === "report") {
      const [{ meter, firstBlock, exported }, signature] = call.args;
      readingSignatures.set(readingKey(meter, firstBlock, exported), signature);
    }
  }

  function noteOrder(order: Order, signature: Hex): Hex {
    const hash = hashOrder(domain, order);
    orders.set(hash, { order, signature });
    return hash;
  }
}

/** Undefined for what is no call of Wattline's. */
function decode(data: Hex) {
  try {
    return decodeFunctionData({ abi: ABI, data });
  } catch {
    return undefined;
  }
}
