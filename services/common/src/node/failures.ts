import { HttpRequestError, RpcRequestError } from "viem";

/**
 * Why a node gave no result:
 * - "reverted": the contract refused the call. Only this is an answer about the chain.
 * - "limited": the node asks for a pause.
 * - "behind": the node does not have the block yet.
 * - "forgotten": the node no longer has the state of the block. Asking again changes nothing.
 * - "refused": the node does not do this at all. Asking again changes nothing.
 * - "tooLarge": the range that was asked for, or its answer. A smaller one may do.
 * - "unreachable": no answer has begun, as without a network.
 * - "failing": anything else, such as an answer that breaks off or takes too long.
 */
export type FailureKind =
  | "reverted"
  | "limited"
  | "behind"
  | "forgotten"
  | "refused"
  | "tooLarge"
  | "unreachable"
  | "failing";

/** A node gave no result; `kind` says whether that is an answer, and whether it helps to ask again. */
export class NodeError extends Error {
  override readonly name = "NodeError";
  readonly kind: FailureKind;
  /** The code of JSON-RPC, when the node gave one. */
  readonly code: number | undefined;
  /** The pause that the node asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    {
      code,
      retryAfterMs,
      cause,
    }: {
      readonly code?: number | undefined;
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause });
    this.kind = kind;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An error as JSON-RPC has it. */
export interface RpcFault {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/* Nodes agree on few codes, so their words count too. The words are those of geth, Erigon, Nethermind, Besu, Reth, anvil and
Hardhat, and of the services that sell access to them. */

const LIMIT_CODES = [429, -32_005, -32_007, -32_029, -32_090, -32_097];
const LIMIT_WORDS =
  /rate.?limit|too many requests|requests? limit|compute units|throughput|capacity exceeded|slow down/i;
/** -32005 also means that a range of logs is too large: a pause does not help. */
const RANGE_WORDS =
  /more than [\d,]+ (results|logs)|(block|query) range|range (is )?too (large|wide)|ranges? over|too many (results|logs|blocks)|(response|body) (is )?too (large|big|long)|response size|max(imum)? (results|range)|limited to .{0,20}(blocks|range)|\b(results|logs|blocks)\b.{0,30} exceed|exceeds? .{0,30}\b(results|logs|blocks|range)|query timeout/i;
const REVERT_WORDS = /revert|invalid opcode/i;
const FORGOTTEN_WORDS =
  /missing trie node|pruned|archive|no state available|(historical|world) ?state|state .{0,100}(not available|unavailable|missing)|distance to target block/i;
const BEHIND_WORDS =
  /header not found|unknown block|block (\w+ )?not found|(could not|cannot|can't) find block|future block|beyond (the )?(current )?head|no such block/i;
const REFUSED_CODES = [-32_601, -32_602, -32_004, -32_006];
const REFUSED_WORDS =
  /method .{0,60}(not (found|supported|available|allowed)|does(n't| not) exist)|not (supported|implemented|whitelisted)|unsupported method/i;

/** What an error of JSON-RPC means. */
export function kindOf({ code, message, data }: RpcFault): FailureKind {
  if (RANGE_WORDS.test(message)) return "tooLarge";
  if (LIMIT_CODES.includes(code) || LIMIT_WORDS.test(message)) return "limited";
  if (code === 3 || REVERT_WORDS.test(message) || isRevertData(data)) return "reverted";
  const outOfRange = /height is (\d+) but requested was (\d+)/.exec(message);
  if (outOfRange !== null) {
    return Number(outOfRange[2]) > Number(outOfRange[1]) ? "behind" : "forgotten";
  }
  if (FORGOTTEN_WORDS.test(message)) return "forgotten";
  if (BEHIND_WORDS.test(message)) return "behind";
  if (REFUSED_CODES.includes(code) || REFUSED_WORDS.test(message)) return "refused";
  return "failing";
}

/** What an error means that is a NodeError or holds one of viem's, which wraps what it was told. */
export function kindIn(error: unknown): FailureKind {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one instanceof NodeError) return one.kind;
    if (one instanceof RpcRequestError) {
      return kindOf({ code: one.code, message: one.details, data: one.data });
    }
    if (one instanceof HttpRequestError) {
      if (one.status !== undefined) return kindOfStatus(one.status);
      return RANGE_WORDS.test(one.details) ? "tooLarge" : "unreachable";
    }
  }
  return "failing";
}

/** Some nodes pass a revert on as another error with the contract's data: at least the four bytes of its name. */
const isRevertData = (data: unknown): boolean =>
  typeof data === "string" && /(^|\s)0x[0-9a-fA-F]{8,}$/.test(data);

/** What a status of HTTP means for a request that went out alone. */
export function kindOfStatus(status: number): FailureKind {
  if (status === 429 || status === 503) return "limited";
  if (status === 413) return "tooLarge";
  return "failing";
}

/**
 * The pause that a node asks for in the header `Retry-After`, in seconds or as a date, or in the error's data.
 * @param now Milliseconds of the Unix epoch.
 */
export function retryAfterOf(
  header: string | null | undefined,
  data: unknown,
  now = Date.now(),
): number | undefined {
  if (header !== null && header !== undefined && header.trim() !== "") {
    const seconds = Number(header);
    if (Number.isFinite(seconds)) return Math.max(seconds * 1000, 0);
    const date = Date.parse(header);
    if (!Number.isNaN(date)) return Math.max(date - now, 0);
  }
  const said = secondsIn(data);
  return said === undefined ? undefined : said * 1000;
}

/** Seconds that an error's data names, as some services do: `rate.backoff_seconds`, `retry_after`. */
function secondsIn(data: unknown): number | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  for (const [name, value] of Object.entries(data)) {
    if (/^(backoff_seconds|retry_?after)$/i.test(name) && Number.isFinite(Number(value))) {
      return Math.max(Number(value), 0);
    }
    const inner = secondsIn(value);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
