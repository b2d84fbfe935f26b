import { HttpRequestError, RpcRequestError, TimeoutError } from "viem";
import { shownUrl } from "../shownUrl.ts";
import { kindOf, kindOfStatus, NodeError, type RpcFault, retryAfterOf } from "./failures.ts";

/** A request of JSON-RPC. */
export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** An answer of JSON-RPC. */
export interface Answer {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: RpcFault;
}

/** What came back over HTTP. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** One answer, or those to a batch; undefined when the text is neither. */
  readonly answers: Answer | readonly Answer[] | undefined;
}

/**
 * Posts a body to a node.
 * @throws NodeError when no whole answer comes back in time.
 */
export async function post(
  url: string,
  body: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Reply> {
  const timeout = AbortSignal.timeout(timeoutMs);
  let hasBegun = false;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    hasBegun = true;
    const text = await response.text();
    const { status, headers } = response;
    return { status, headers, text, answers: answersIn(text) };
  } catch (error) {
    if (timeout.aborted) {
      const cause = new TimeoutError({ body: {}, url: shownUrl(url) });
      throw new NodeError("failing", `no answer within ${timeoutMs / 1000} s`, { cause });
    }
    const details = wordsOf(error);
    throw new NodeError(hasBegun ? "failing" : "unreachable", details, {
      cause: new HttpRequestError({ body: {}, details, url: shownUrl(url) }),
    });
  }
}

/** The failure behind an answer's error. */
export function faultOf(
  url: string,
  { method, params }: RpcCall,
  fault: RpcFault,
  { status, headers }: Reply,
): NodeError {
  const kind = kindOfStatus(status) === "limited" ? "limited" : kindOf(fault);
  return new NodeError(kind, `${fault.message} (${fault.code})`, {
    code: fault.code,
    retryAfterMs:
      kind === "limited" ? retryAfterOf(headers.get("retry-after"), fault.data) : undefined,
    cause: new RpcRequestError({
      ...{ body: { method, params }, error: { ...fault } },
      url: shownUrl(url),
    }),
  });
}

/** The failure of a reply that holds no answer. */
export function failureOf(url: string, { status, headers, text }: Reply): NodeError {
  const kind = kindOfStatus(status);
  return new NodeError(kind, `HTTP ${status} ${text.slice(0, 120)}`.trim(), {
    retryAfterMs:
      kind === "limited" ? retryAfterOf(headers.get("retry-after"), undefined) : undefined,
    cause: new HttpRequestError({
      ...{ body: {}, details: text.slice(0, 200), headers, status },
      url: shownUrl(url),
    }),
  });
}

function answersIn(text: string): Reply["answers"] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (Array.isArray(json)) return json.filter(isAnswer);
  return isAnswer(json) ? json : undefined;
}

const isAnswer = (value: unknown): value is Answer =>
  typeof value === "object" &&
  value !== null &&
  ("result" in value || ("error" in value && isFault(value.error)));

const isFault = (value: unknown): value is RpcFault =>
  typeof value === "object" &&
  value !== null &&
  "code" in value &&
  typeof value.code === "number" &&
  "message" in value &&
  typeof value.message === "string";

/** What went wrong; `fetch` hides the reason beneath a word of its own. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message;
}
