import { NodeError, type NodePause, type NodeSettings, nodeAt, pause } from "@wattline/common/node";
import type { UnseenCode } from "@wattline/sdk";
import type { Hex } from "viem";
import { RpcError } from "./errors.ts";

export { pause };

/** Requests to a node. */
export interface Rpc {
  /**
   * Sends a request, as patiently as it helps.
   * @throws RpcError that names the request when there is no result.
   */
  request(method: string, params: readonly unknown[], tries?: number): Promise<unknown>;
  /**
   * As {@link request}, for what a node may rightly refuse; undefined when it does.
   * @throws RpcError when the node has not refused, but failed.
   */
  attempt(method: string, params: readonly unknown[]): Promise<unknown>;
  /** Calls a contract; never throws for what the node answers, or fails to. */
  call(call: Readonly<Record<string, unknown>>, at: Hex): Promise<CallOutcome>;
}

/** What came of a call: only a revert is a refusal by the contract. */
export type CallOutcome =
  | { readonly kind: "answer"; readonly data: Hex }
  | { readonly kind: "reverted" }
  | { readonly kind: "unknown"; readonly why: UnseenCode };

/** What a caller may say about how a node is asked. */
export interface RpcSettings extends Omit<NodeSettings, "signal" | "onPause"> {
  /** Told of pauses that a node asks for. */
  onPause?(pause: NodePause): void;
}

/** Headers are short, and there are many of them. */
const BATCH_SIZE = 100;

/** A node over HTTP, for the audit. */
export function rpcAt(url: string, signal: AbortSignal, settings: RpcSettings = {}): Rpc {
  const node = nodeAt(url, { batchSize: BATCH_SIZE, ...settings, signal });

  async function request(
    method: string,
    params: readonly unknown[],
    tries?: number,
  ): Promise<unknown> {
    try {
      return await node.ask(method, params, tries);
    } catch (error) {
      throw error instanceof NodeError ? new RpcError(error.message, error.kind) : error;
    }
  }

  return {
    request,
    async attempt(method, params) {
      try {
        return await request(method, params);
      } catch (error) {
        if (error instanceof RpcError && REFUSALS.has(error.kind)) return undefined;
        throw error;
      }
    },
    async call(call, at) {
      try {
        return { kind: "answer", data: hexOf(await request("eth_call", [call, at]), "answer") };
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        if (error.kind === "reverted") return { kind: "reverted" };
        return {
          kind: "unknown",
          why: error.kind === "forgotten" ? "state-forgotten" : "node-failed",
        };
      }
    },
  };
}

const REFUSALS: ReadonlySet<RpcError["kind"]> = new Set([
  "reverted",
  "forgotten",
  "refused",
  "tooLarge",
]);

/** Reads a value of an answer. @throws RpcError when it is none. */
export const hexOf = (value: unknown, what: string): Hex => {
  if (typeof value === "string" && /^0x[0-9a-fA-F]*$/.test(value)) return value as Hex;
  throw new RpcError(`The node's ${what} is no hexadecimal value: ${JSON.stringify(value)}.`);
};

/** Reads a number of an answer. @throws RpcError when it is none, or too large to count with. */
export function numberOf(value: unknown, what: string): number {
  const number = Number(hexOf(value, what));
  if (Number.isSafeInteger(number)) return number;
  throw new RpcError(`The node's ${what} is no number: ${JSON.stringify(value)}.`);
}

/** Reads an object of an answer. @throws RpcError when it is none. */
export function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new RpcError(`The node has no ${what}.`);
}

/** Reads a list of an answer. @throws RpcError when it is none. */
export function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new RpcError(`The node's ${what} is no list: ${JSON.stringify(value)?.slice(0, 80)}.`);
}
