import { createClient, type Hex, http, rpcSchema } from "viem";
import { RpcError, reasonOf } from "./errors.ts";

/** Requests to a node. */
export interface Rpc {
  /**
   * Sends a request, again after a while when it fails, a few times.
   * @throws RpcError that names the request when it still fails.
   */
  request(method: string, params: readonly unknown[], tries?: number): Promise<unknown>;
  /** As {@link request}, once, for what a node may rightly refuse; undefined when it does. */
  attempt(method: string, params: readonly unknown[]): Promise<unknown>;
}

type AnyRequest = [{ Method: string; Parameters: readonly unknown[]; ReturnType: unknown }];

const TIMEOUT_MS = 30_000;
const TRIES = 5;
const FIRST_PAUSE_MS = 150;

/** A node over HTTP; requests of one moment travel together. */
export function rpcAt(url: string, signal: AbortSignal, timeoutMs = TIMEOUT_MS): Rpc {
  // The audit speaks JSON-RPC itself and checks every answer.
  const { request: send } = createClient({
    rpcSchema: rpcSchema<AnyRequest>(),
    transport: http(url, {
      batch: { batchSize: 50, wait: 0 },
      retryCount: 0,
      timeout: timeoutMs,
    }),
  });
  const once = (method: string, params: readonly unknown[]): Promise<unknown> =>
    send({ method, params });

  return {
    async request(method, params, tries = TRIES) {
      for (let attempt = 1; ; attempt++) {
        signal.throwIfAborted();
        try {
          return await once(method, params);
        } catch (error) {
          if (attempt < tries) {
            await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1), signal);
            continue;
          }
          throw new RpcError(
            `${url} fails ${method}(${shortOf(params)}) after ${tries} tries: ${detailOf(error)}`,
          );
        }
      }
    },
    attempt: (method, params) => once(method, params).catch(() => undefined),
  };
}

/** Waits, unless told to stop. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
    function done() {
      signal.removeEventListener("abort", stop);
      resolve();
    }
  });

const shortOf = (params: readonly unknown[]): string => {
  const text = JSON.stringify(params);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
};

function detailOf(error: unknown): string {
  if (error instanceof Error && "details" in error && typeof error.details === "string") {
    return `${reasonOf(error)} ${error.details}`;
  }
  return reasonOf(error);
}

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
