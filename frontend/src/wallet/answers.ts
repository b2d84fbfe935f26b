import { type Hex, isHex } from "viem";
import { decodeRefusal, type Refusal } from "./refusal.ts";

/** What a wallet, a node or a library has thrown, with everything inside it: its causes, and what each of them wraps. */
function layersOf(error: unknown): Readonly<Record<string, unknown>>[] {
  const layers: Readonly<Record<string, unknown>>[] = [];
  const queue: unknown[] = [error];
  const seen = new Set<unknown>();
  while (queue.length > 0 && layers.length < MOST_LAYERS) {
    const next = queue.shift();
    const layer = asLayer(next);
    if (layer === undefined || seen.has(next)) continue;
    seen.add(next);
    layers.push(layer);
    for (const name of WRAPPERS) queue.push(layer[name]);
  }
  return layers;
}

/** Where libraries, nodes and wallets put the error that they pass on. */
const WRAPPERS = ["cause", "data", "error", "originalError", "innerError", "info"] as const;
const MOST_LAYERS = 32;

function asLayer(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value === "string" && value !== "" && !isHex(value)) return { message: value };
  return isRecord(value) ? value : undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** What was said to us, and by which codes. The words of viem itself are left out: they repeat what was asked. */
interface Answer {
  readonly codes: readonly (number | string)[];
  readonly texts: readonly string[];
  readonly names: readonly string[];
}

function answerIn(error: unknown): Answer {
  const layers = layersOf(error);
  const members = (name: string) => layers.map((layer) => layer[name]);
  const isText = (value: unknown): value is string => typeof value === "string";
  // An error of viem says in `details` what it was told, and lists in `message` everything that was sent.
  const texts = layers.map(({ details, shortMessage, message }) =>
    isText(shortMessage) ? (isText(details) && details !== "" ? details : shortMessage) : message,
  );
  return {
    codes: [...members("code"), ...members("statusCode")].filter(
      (code): code is number | string => isText(code) || typeof code === "number",
    ),
    texts: texts.filter(isText),
    names: members("name").filter(isText),
  };
}

/** Codes of EIP-1193 and CAIP-25, and ethers' word, for a request that the person has declined. */
const DECLINED_CODES: readonly unknown[] = [4001, 5000, "ACTION_REJECTED"];
/** Wallets that use another code say it in words; devices by the status 6985, "conditions of use not satisfied". */
const DECLINED_WORDS =
  /\b(reject|den(y|i)|declin|cancel|disapprov|refus|abort)\w* (by|from) (the )?(user|owner|device|wallet)|\b(user|owner) (has |have )?(reject|den(y|i)|declin|cancel|disapprov|refus|abort)|\b(request|transaction|signature|message|signing|action)( \w+)? (was |has been |is )?(rejected|denied|declined|cancell?ed)\b(?! by (the )?(node|network|chain|contract))|\b0x6985\b|conditions? of use not satisfied/i;
/** Words of nodes and contracts that sound like a person's. */
const NOT_A_PERSON =
  /nonce|underpriced|insufficient funds|gas (price|limit|required)|exceeds|revert|simulat|rate.?limit|policy|upgrade/i;

/** Whether the person said no in the wallet: that is an answer, not a failure. */
export function isRejection(error: unknown): boolean {
  const { codes, texts } = answerIn(error);
  if (codes.some((code) => DECLINED_CODES.includes(code))) return true;
  return texts.some((text) => DECLINED_WORDS.test(text) && !NOT_A_PERSON.test(text));
}

/** Codes of EIP-5792 and JSON-RPC by which a wallet says that it makes no bundle of this. */
const NO_BUNDLE_CODES: readonly unknown[] = [
  5700, 5710, 5750, 5760, 4200, -32_601, -32_602, -32_603,
];

/**
 * Whether a wallet that was asked to make several calls as one does not do so, or its owner wants no smart account for it.
 * The calls can still be made one after another.
 */
export function isBundleRefusal(error: unknown): boolean {
  const { codes } = answerIn(error);
  if (codes.includes(5750)) return true;
  if (isRejection(error) || refusalIn(error) !== undefined) return false;
  return codes.some((code) => NO_BUNDLE_CODES.includes(code));
}

/** Whether a wallet does not know a request at all, such as signing typed data. */
export function isUnsupported(error: unknown): boolean {
  const { codes } = answerIn(error);
  return !isRejection(error) && codes.some((code) => code === 4200 || code === -32_601);
}

/** The custom error of a contract in what a call or a wallet threw; undefined when there is none. */
export function refusalIn(error: unknown): Refusal | undefined {
  for (const layer of layersOf(error)) {
    const found = dataOf(layer)
      .map(decodeRefusal)
      .find((refusal) => refusal !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Revert data stands in `data`, or in the words of a node. */
function dataOf({ data, message, details }: Readonly<Record<string, unknown>>): Hex[] {
  const found: Hex[] = [];
  if (isHex(data) && data.length >= 10) found.push(data);
  for (const text of [details, details === undefined ? message : undefined]) {
    const named = typeof text === "string" ? REVERT_DATA.exec(text)?.[0] : undefined;
    if (isHex(named)) found.push(named);
  }
  return found;
}
const REVERT_DATA = /\b0x[0-9a-f]{8}(?:[0-9a-f]{64})*\b/i;

/**
 * Whether a contract refused a call, or has no such function. Only this is an answer about the contract: a node that fails
 * has not said anything about it.
 */
export function isRevert(error: unknown): boolean {
  return layersOf(error).some(({ name, code, data, message, details }) => {
    const itsName = typeof name === "string" ? name : "";
    if (/ZeroDataError$|^AbiDecoding/.test(itsName)) return true;
    // viem calls whatever went wrong with a contract's function a revert.
    if (itsName.startsWith("ContractFunction")) return false;
    return code === 3 || isHex(data) || /revert|invalid opcode/i.test(`${details ?? message}`);
  });
}

/** Why a wallet or a node did not do what it was asked, as far as that is known. */
export type Failure =
  | "offline"
  | "blindSigning"
  | "deviceLocked"
  | "deviceApp"
  | "nonce"
  | "noFunds"
  | "underpriced"
  | "busy"
  | "disconnected"
  | "unauthorized"
  | "wrongNetwork"
  | "unsupported"
  | "limited"
  | "timeout"
  | "unknown";

const BY_CODE = new Map<number | string, Failure>([
  [-32_002, "busy"],
  [4100, "unauthorized"],
  [4200, "unsupported"],
  [4900, "disconnected"],
  [4901, "wrongNetwork"],
  [4902, "wrongNetwork"],
  [-32_005, "limited"],
  [0x6804, "deviceLocked"],
  [0x5515, "deviceLocked"],
  [0x6511, "deviceApp"],
  [0x6e00, "deviceApp"],
  [0x6e01, "deviceApp"],
]);

const BY_NAME = new Map<string, Failure>([
  ["HttpRequestError", "offline"],
  ["WebSocketRequestError", "offline"],
  ["TimeoutError", "timeout"],
  ["WaitForCallsStatusTimeoutError", "timeout"],
  ["ChainMismatchError", "wrongNetwork"],
  ["ConnectorChainMismatchError", "wrongNetwork"],
  ["ConnectorNotConnectedError", "disconnected"],
  ["ConnectorUnavailableReconnectingError", "disconnected"],
  ["ConnectorAccountNotFoundError", "unauthorized"],
]);

/** In this order: the first that fits is what to say. Words of Ledger, Trezor, geth and the wallets that pass them on. */
const BY_WORDS: readonly (readonly [RegExp, Failure])[] = [
  [/blind.?sign|enable contract data|\b0x6a8[0-9a-f]\b/i, "blindSigning"],
  [
    /\b0x(6804|5515|6b0c)\b|(device|ledger|trezor) (is |seems )?locked|unlock (your|the) (device|ledger|trezor)/i,
    "deviceLocked",
  ],
  [/\b0x(6511|6e0[01]|6d0[02])\b|open the ethereum app|app (is )?not open|wrong app/i, "deviceApp"],
  [/\bnonce\b/i, "nonce"],
  [/insufficient funds|not enough (eth|funds|balance) (for|to)|exceeds (the )?balance/i, "noFunds"],
  [
    /underpriced|max fee per gas less than|fee (is )?too low|gas price .{0,20}(low|below)/i,
    "underpriced",
  ],
  [/already (pending|processing)/i, "busy"],
  [/rate.?limit|too many requests|compute units/i, "limited"],
  [
    /chain.?id .{0,40}(match|active|same)|wrong (network|chain)|(network|chain) mismatch/i,
    "wrongNetwork",
  ],
  [
    /http request failed|failed to fetch|networkerror|load failed|fetch failed|econnrefused|network error/i,
    "offline",
  ],
  [/timed? ?out|took too long/i, "timeout"],
  [/not (been )?authori[sz]ed|unauthori[sz]ed/i, "unauthorized"],
  [/disconnected|not connected/i, "disconnected"],
];

/** What went wrong, and the words in which it was said. */
export function failureIn(error: unknown): { readonly failure: Failure; readonly raw: string } {
  const { codes, texts, names } = answerIn(error);
  const raw = [...new Set(texts.map((text) => text.trim()).filter((text) => text !== ""))];
  const code = codes[0];
  const failure =
    BY_WORDS.find(([words]) => texts.some((text) => words.test(text)))?.[1] ??
    codes.map((one) => BY_CODE.get(one)).find((one) => one !== undefined) ??
    names.map((one) => BY_NAME.get(one)).find((one) => one !== undefined) ??
    "unknown";
  return {
    failure,
    raw: `${raw.join("\n") || String(error)}${code === undefined ? "" : ` (${code})`}`,
  };
}
