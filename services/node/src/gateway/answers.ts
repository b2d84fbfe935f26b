import { boardAbi, type Deployment, marketplaceAbi } from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual, numberToHex, toEventSelector } from "viem";
import type { Memory, RawBlock, RawLog } from "./memory.ts";
import {
  askedBy,
  manyAnswer,
  nothingAnswer,
  type Question,
  wordsAnswer,
  wordsIn,
} from "./questions.ts";

/** What is asked can't be answered without the chain. */
export class UnknownHereError extends Error {}

const RESERVED = toEventSelector(
  marketplaceAbi.find((item) => item.type === "event" && item.name === "Reserved") ?? "Reserved()",
);
const PINNED = toEventSelector(
  boardAbi.find((item) => item.type === "event" && item.name === "Pinned") ?? "Pinned()",
);

/** Whether a log never loses its use: all about microgrids, reservations, and orders on the board. */
export function isLasting(deployment: Deployment, { address, topics: [topic] }: RawLog): boolean {
  return isAddressEqual(address, deployment.microgrids) || topic === RESERVED || topic === PINNED;
}

/**
 * Answers a request as the chain would have at the newest block that is kept.
 * @throws UnknownHereError for what was not kept, or takes a chain
 */
export function answerFrom(
  memory: Memory,
  deployment: Deployment,
  method: string,
  params: readonly unknown[],
): unknown {
  const { head } = memory;
  if (head === undefined) {
    throw new UnknownHereError("The chain is not in reach, and nothing of it was read before.");
  }
  switch (method) {
    case "eth_chainId":
      return numberToHex(deployment.chainId);
    case "net_version":
      return String(deployment.chainId);
    case "eth_blockNumber":
      return head.number;
    case "eth_getBlockByNumber":
      return blockNamed(memory, head, params[0], deployment);
    case "eth_getBlockByHash":
      return memory.blocks.find(({ hash }) => hash === params[0]) ?? null;
    case "eth_getLogs":
      return logsOf(memory, deployment, head, params[0]);
    case "eth_call":
      return callAnswer(memory, deployment, head, params);
    default:
      throw new UnknownHereError(`The chain is not in reach, and ${method} takes one.`);
  }
}

function blockNamed(
  { blocks }: Memory,
  head: RawBlock,
  name: unknown,
  { fromBlock }: Deployment,
): RawBlock | null {
  if (typeof name !== "string" || !name.startsWith("0x")) return name === "earliest" ? null : head;
  const number = Number(name);
  if (number > Number(head.number)) return null;
  const found = blocks.find((block) => Number(block.number) === number);
  if (found !== undefined) return found;
  throw new UnknownHereError(
    `The chain is not in reach, and the block ${number} is not kept (from ${fromBlock} on, only some are).`,
  );
}

interface Filter {
  readonly address?: Address | readonly Address[];
  readonly topics?: readonly (Hex | readonly Hex[] | null)[];
  readonly fromBlock?: string;
  readonly toBlock?: string;
  readonly blockHash?: Hex;
}

function logsOf(memory: Memory, deployment: Deployment, head: RawBlock, asked: unknown): RawLog[] {
  const filter = (asked ?? {}) as Filter;
  const newest = Number(head.number);
  const at = (name: string | undefined): number => (name?.startsWith("0x") ? Number(name) : newest);
  const [from, to] = [at(filter.fromBlock), Math.min(at(filter.toBlock), newest)];
  const topics = filter.topics ?? [];
  const addresses = filter.address === undefined ? undefined : [filter.address].flat();
  if (from <= to && from < memory.allLogsFrom && !asksForLasting(deployment, addresses, topics)) {
    throw new UnknownHereError(
      `The chain is not in reach, and logs before the block ${memory.allLogsFrom} are not kept.`,
    );
  }
  return memory.logs.filter((log) => {
    const block = Number(log.blockNumber);
    const isIn =
      filter.blockHash === undefined
        ? from <= block && block <= to
        : log.blockHash === filter.blockHash;
    return (
      isIn &&
      (addresses === undefined || addresses.some((each) => isAddressEqual(each, log.address))) &&
      topics.every((topic, i) => topic === null || [topic].flat().includes(log.topics[i] ?? "0x"))
    );
  });
}

/** Whether only logs are asked for that are all kept, however old. */
function asksForLasting(
  { microgrids, board, marketplace }: Deployment,
  addresses: readonly Address[] | undefined,
  [first]: Filter["topics"] & object,
): boolean {
  if (addresses === undefined) return false;
  const kinds = first === null || first === undefined ? undefined : [first].flat();
  return addresses.every((address) => {
    if (isAddressEqual(address, microgrids) || isAddressEqual(address, board)) return true;
    return (
      isAddressEqual(address, marketplace) &&
      kinds?.every((kind) => kind === RESERVED || !MARKET_EVENTS.has(kind)) === true
    );
  });
}

const MARKET_EVENTS: ReadonlySet<Hex> = new Set(
  marketplaceAbi.flatMap((item) => (item.type === "event" ? [toEventSelector(item)] : [])),
);

function callAnswer(
  memory: Memory,
  deployment: Deployment,
  head: RawBlock,
  [call, block]: readonly unknown[],
): Hex {
  const { to, data, input } = call as { readonly to?: Address; readonly data?: Hex; input?: Hex };
  const calldata = data ?? input;
  if (to === undefined || calldata === undefined) {
    throw new UnknownHereError("The chain is not in reach, and this call takes one.");
  }
  requireNewest(head, block);
  return answerOf(memory, deployment, { to, data: calldata });
}

/** @throws UnknownHereError when a call names another block than the newest one */
function requireNewest({ number, hash }: RawBlock, block: unknown): void {
  if (block === undefined || (typeof block === "string" && !block.startsWith("0x"))) return;
  const named = block as { readonly blockHash?: Hex; readonly blockNumber?: Hex } | Hex;
  const isNewest =
    typeof named === "string"
      ? Number(named) === Number(number)
      : named.blockHash === hash || named.blockNumber === number;
  if (isNewest) return;
  throw new UnknownHereError(
    `The chain is not in reach; what it said is kept as of the block ${Number(number)} (${hash}) alone.`,
  );
}

function answerOf(memory: Memory, deployment: Deployment, question: Question): Hex {
  const asked = askedBy(deployment, question);
  switch (asked.kind) {
    case "many":
      return manyAnswer(asked.questions.map((each) => answerOf(memory, deployment, each)));
    case "energy": {
      const known = memory.energyOf(asked.holding);
      if (known === undefined) return wordsAnswer(asked.holding, () => 0n);
      const words = wordsIn(known.answer);
      return wordsAnswer(asked.holding, (at) => words[at - known.answered.firstBlock] ?? 0n);
    }
    case "one": {
      const answer = memory.answerTo(asked.question);
      if (answer !== undefined) return answer;
      if (asked.isNothingIfUnknown) return nothingAnswer(deployment, asked.question);
      throw new UnknownHereError("The chain is not in reach, and this was not asked before.");
    }
    case "other":
      throw new UnknownHereError(
        `The chain is not in reach, and answers to ${asked.name} are not kept.`,
      );
  }
}

/** Remembers what is asked, so that it is kept. */
export function remember(
  memory: Memory,
  deployment: Deployment,
  question: Question,
  nowMs: number,
): void {
  const asked = askedBy(deployment, question);
  if (asked.kind === "many") {
    for (const each of asked.questions) remember(memory, deployment, each, nowMs);
  } else if (asked.kind === "energy") memory.askEnergy(asked.holding, nowMs);
  else if (asked.kind === "one") memory.ask(asked.question, nowMs);
}
