import { BaseError, type Hex, isHex, RpcRequestError, UserRejectedRequestError } from "viem";
import type { Network } from "../chain/index.ts";
import { decodeRefusal, type Refusal } from "./refusal.ts";

/** A transaction was mined and reverted; the cause is what it would revert with now. */
export class Reverted extends Error {}

const REJECTED = 4001;
const REJECTED_BY_USER = 5000;

/** Whether the person said no in the wallet: that is an answer, not a failure. */
export function isRejection(error: unknown): boolean {
  return some(
    error,
    (cause) =>
      cause instanceof UserRejectedRequestError ||
      (hasCode(cause) && (cause.code === REJECTED || cause.code === REJECTED_BY_USER)),
  );
}

/** The custom error of a contract in what a call or a wallet threw; undefined when there is none. */
export function refusalIn(error: unknown): Refusal | undefined {
  let found: Refusal | undefined;
  some(error, (cause) => {
    found = dataOf(cause)
      .map(decodeRefusal)
      .find((refusal) => refusal !== undefined);
    return found !== undefined;
  });
  return found;
}

/** Why something failed, in plain words of the language of the page. */
export async function wordsFor(error: unknown, network: Network): Promise<string> {
  const refusal = refusalIn(error);
  if (refusal !== undefined) {
    const { refusalInWords } = await import("./errorWords.ts");
    return refusalInWords(refusal, network);
  }
  if (error instanceof BaseError) return error.shortMessage;
  return error instanceof Error ? error.message : String(error);
}

/** Nodes and wallets put revert data in different places: `data`, `data.data`, `data.originalError.data`, the message. */
function dataOf(cause: unknown): Hex[] {
  if (typeof cause !== "object" || cause === null) return [];
  const found: Hex[] = [];
  let data: unknown = "data" in cause ? cause.data : undefined;
  for (let depth = 0; depth < 4 && data !== undefined; depth++) {
    if (isHex(data) && data.length >= 10) found.push(data);
    if (typeof data !== "object" || data === null) break;
    data = "data" in data ? data.data : "originalError" in data ? data.originalError : undefined;
  }
  if (
    cause instanceof RpcRequestError ||
    (cause instanceof Error && !(cause instanceof BaseError))
  ) {
    const named = /\b0x[0-9a-f]{8}(?:[0-9a-f]{64})*\b/i.exec(cause.message)?.[0];
    if (isHex(named)) found.push(named);
  }
  return found;
}

function some(error: unknown, test: (cause: unknown) => boolean): boolean {
  const seen = new Set<unknown>();
  for (let cause = error; cause !== undefined && cause !== null && !seen.has(cause); ) {
    if (test(cause)) return true;
    seen.add(cause);
    cause = typeof cause === "object" && "cause" in cause ? cause.cause : undefined;
  }
  return false;
}

const hasCode = (cause: unknown): cause is { code: unknown } =>
  typeof cause === "object" && cause !== null && "code" in cause;
