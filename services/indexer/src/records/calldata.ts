import {
  decodeCalls,
  hashOrder,
  marketDomain,
  type SignedOrder,
  signedOrdersIn,
} from "@wattline/sdk";
import type { Address, Hex } from "viem";
import { readSettings } from "../../settings.ts";

/** What a transaction's calldata adds to its events. */
export interface Calls {
  /** Names of the functions, those within a multicall one by one. */
  readonly names: readonly string[];
  /** Signed orders by their hash. */
  readonly orders: ReadonlyMap<Hex, SignedOrder>;
  /** Takers' meters, by the hash of the order that they took. */
  readonly takerMeters: ReadonlyMap<Hex, Address>;
  /** Signatures of readings, by {@link readingKey}. */
  readonly readingSignatures: ReadonlyMap<string, Hex>;
}

interface SentTransaction {
  readonly hash: Hex;
  readonly to: Address | null;
  readonly input: Hex;
}

const { deployment } = readSettings(process.env);
const domain = marketDomain(deployment.chainId, deployment.marketplace);

/** Identifies a reading within a transaction. */
export const readingKey = (meter: Address, firstBlock: number, words: readonly bigint[]): string =>
  `${meter.toLowerCase()} ${firstBlock} ${words.join()}`;

let newest: { readonly hash: Hex; readonly calls: Calls } | undefined;

/** A transaction's calls; calls made by another contract are not known. */
export function callsOf(transaction: SentTransaction): Calls {
  // A transaction's events follow one another, and a batch has many.
  if (newest?.hash !== transaction.hash) {
    newest = { hash: transaction.hash, calls: read(transaction) };
  }
  return newest.calls;
}

function read({ to, input }: SentTransaction): Calls {
  const decoded = decodeCalls(deployment, { to, input });
  const orders = new Map<Hex, SignedOrder>();
  const takerMeters = new Map<Hex, Address>();
  const readingSignatures = new Map<string, Hex>();
  for (const call of decoded) {
    for (const signed of signedOrdersIn(call)) {
      const hash = hashOrder(domain, signed.order);
      orders.set(hash, signed);
      if (call.functionName === "accept" || call.functionName === "reserve") {
        takerMeters.set(hash, call.args[2].meter);
      }
    }
    if (call.functionName === "report") {
      const [{ meter, firstBlock, exported }, signature] = call.args;
      readingSignatures.set(readingKey(meter, firstBlock, exported), signature);
    }
  }
  const names = decoded.map(({ functionName }) => functionName ?? "unknown");
  return { names, orders, takerMeters, readingSignatures };
}
