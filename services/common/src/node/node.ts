import { shownUrl } from "../shownUrl.ts";
import { batchesTo } from "./batches.ts";
import { type FailureKind, NodeError } from "./failures.ts";

/** A pause before a request is sent again. */
export interface NodePause {
  readonly ms: number;
  /** What the node answered. */
  readonly reason: string;
  readonly kind: FailureKind;
}

/** How a node is asked, and how patiently. */
export interface NodeSettings {
  readonly signal?: AbortSignal | undefined;
  /** The most requests that travel together. */
  readonly batchSize?: number;
  readonly timeoutMs?: number;
  /** How often a request is sent that fails for no reason that the node names. */
  readonly tries?: number;
  /** The first pause; each one that follows is twice as long, up to {@link LONGEST_PAUSE_MS}. */
  readonly firstPauseMs?: number;
  /** The longest that one request waits in all, for a rate limit or for a node that is behind. */
  readonly mostWaitMs?: number;
  /** Told of each pause. */
  onPause?(pause: NodePause): void;
}

/** Requests to a node. */
export interface ChainNode {
  /**
   * Sends a request, and sends it again where that may help.
   * @param tries As in {@link NodeSettings}, for this request, where an answer has begun.
   * @throws NodeError that says of which kind the failure is; the signal's reason when it is told to stop.
   */
  ask(method: string, params: readonly unknown[], tries?: number): Promise<unknown>;
}

const BATCH_SIZE = 50;
const TIMEOUT_MS = 30_000;
const TRIES = 5;
const FIRST_PAUSE_MS = 150;
const LONGEST_PAUSE_MS = 10_000;
const MOST_WAIT_MS = 120_000;

/**
 * A node over HTTP, in Node as in a browser. This is the one place where a node's refusals are understood: a rate limit is
 * waited out as the node asks, with growing pauses and for so long at most; a node that is behind is waited for; what can't
 * change is not asked again; a batch that is refused is sent in smaller ones.
 */
export function nodeAt(url: string, settings: NodeSettings = {}): ChainNode {
  const {
    signal,
    batchSize = BATCH_SIZE,
    timeoutMs = TIMEOUT_MS,
    firstPauseMs = FIRST_PAUSE_MS,
    mostWaitMs = MOST_WAIT_MS,
    tries: usualTries = TRIES,
    onPause,
  } = settings;
  const send = batchesTo({ url, batchSize, timeoutMs, signal });

  async function ask(
    method: string,
    params: readonly unknown[],
    tries = usualTries,
  ): Promise<unknown> {
    let waitedMs = 0;
    let failures = 0;
    for (let pauses = 0; ; pauses++) {
      signal?.throwIfAborted();
      try {
        return await send({ method, params });
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof NodeError)) throw error;
        if (error.kind === "failing" || error.kind === "unreachable") failures++;
        const ms = error.retryAfterMs ?? Math.min(firstPauseMs * 2 ** pauses, LONGEST_PAUSE_MS);
        const bound = boundOf(error);
        if (bound !== undefined) throw ended(error, method, params, bound);
        onPause?.({ ms, reason: error.message, kind: error.kind });
        await pause(ms, signal);
        waitedMs += ms;

        /** Why the request is not sent again; undefined when it is. */
        function boundOf({ kind }: NodeError): string | undefined {
          switch (kind) {
            case "reverted":
            case "forgotten":
            case "refused":
            case "tooLarge":
              return "";
            case "unreachable":
              return failures < usualTries ? undefined : ` after ${failures} tries`;
            case "failing":
              return failures < tries ? undefined : ` after ${failures} tries`;
            default:
              if (waitedMs + ms <= mostWaitMs) return undefined;
              return error instanceof NodeError && error.retryAfterMs !== undefined
                ? `: it asks for a pause of ${inSeconds(ms)} after ${inSeconds(waitedMs)} of waiting, and the most is ${inSeconds(mostWaitMs)}`
                : ` after ${inSeconds(waitedMs)} of waiting`;
          }
        }
      }
    }
  }

  function ended(
    error: NodeError,
    method: string,
    params: readonly unknown[],
    bound: string,
  ): NodeError {
    const { kind, code, retryAfterMs, cause, message } = error;
    return new NodeError(
      kind,
      `${shownUrl(url)} fails ${method}(${shortOf(params)})${bound}: ${message}`,
      {
        code,
        retryAfterMs,
        cause,
      },
    );
  }

  return { ask };
}

/** Waits, unless told to stop. @throws the signal's reason. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(done, ms);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
    function done() {
      signal?.removeEventListener("abort", stop);
      resolve();
    }
  });

const inSeconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

const shortOf = (params: readonly unknown[]): string => {
  const text = JSON.stringify(params);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
};
