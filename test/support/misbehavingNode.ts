/**
 * A node that misbehaves as nodes do: it stands before a true one and passes on what comes, but for what its switches say.
 * Whatever asks a node is tried against it.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Hex, isHex, keccak256 } from "viem";

/** One switch per misbehaviour. */
export interface Misbehaviour {
  /** Every so many requests, one is refused with -32005. */
  readonly limitsEvery?: number;
  /** The header `Retry-After` of what is refused so, in seconds. */
  readonly retryAfterSeconds?: number;
  /** The first so many bodies get this status of HTTP and no answer. */
  readonly failsFirst?: { readonly times: number; readonly status: number };
  /** The first `eth_getLogs` knows nothing of the last so many blocks. */
  readonly firstLogsStaleBy?: number;
  /** One log is left out of the first answer to `eth_getLogs` that has any. */
  readonly leavesOutALogOnce?: boolean;
  /** Every answer to `eth_getLogs` lacks the logs of one transaction. */
  readonly alwaysLeavesOutLogs?: boolean;
  /** Every second request is answered as of so many blocks ago. */
  readonly everySecondBehindBy?: number;
  /** Batches of more requests than this are refused as a whole; 1 refuses all. */
  readonly batchesUpTo?: number;
  /** How a batch is refused. */
  readonly batchRefusal?: "status" | "error" | "each";
  /** States of blocks that are more than so many blocks old are forgotten. */
  readonly forgetsAfter?: number;
  /** Every body waits for so long. */
  readonly slowMs?: number;
  /** Gives headers alone (`eth_getHeaderByNumber`), which no development node does. */
  readonly offersHeaders?: boolean;
  /** The first so many transactions get their hash as an answer, and are forgotten. */
  readonly dropsSends?: number;
  /** The first so many transactions are refused because they pay too little. */
  readonly underpricesSends?: number;
  /** The first so many transactions are passed on, and the answer is lost. */
  readonly losesSendAnswers?: number;
  /** Methods that the node does not have. */
  readonly lacks?: readonly string[];
}

/** A misbehaving node. */
export interface MisbehavingNode {
  readonly url: string;
  /** Requests that have come, by method. */
  readonly asked: ReadonlyMap<string, number>;
  /** The largest batch that was answered, and how many were refused. */
  readonly batches: { readonly largest: number; readonly refused: number };
  /** What it does from now on. */
  become(misbehaviour: Misbehaviour): void;
  close(): Promise<void>;
}

interface Message {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

interface Answer {
  readonly jsonrpc: "2.0";
  readonly id: number | null;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

interface Filter {
  readonly fromBlock: string;
  readonly toBlock: string;
}

/** Where a method names the block whose state it asks for. */
const STATE_METHODS: Readonly<Record<string, number>> = {
  eth_call: 1,
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getTransactionCount: 1,
  eth_getStorageAt: 2,
};

/** Starts a node on a free port that passes requests on to `rpc`. */
export async function misbehavingNode(
  rpc: string,
  misbehaviour: Misbehaviour,
): Promise<MisbehavingNode> {
  let does = misbehaviour;
  let bodies = 0;
  let requests = 0;
  let hasGivenLogs = false;
  let hasLeftOut = false;
  let lastBehind = false;
  let sends = 0;
  const asked = new Map<string, number>();
  const batches = { largest: 0, refused: 0 };

  const server = createServer(async (request, response) => {
    // Pages may ask it, as they may ask public nodes.
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "*");
    if (request.method === "OPTIONS") return void response.end();
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const sent: Message | Message[] = JSON.parse(Buffer.concat(chunks).toString());
      if (does.slowMs !== undefined) await sleep(does.slowMs);
      const { failsFirst } = does;
      if (failsFirst !== undefined && bodies++ < failsFirst.times) {
        response.statusCode = failsFirst.status;
        if (does.retryAfterSeconds !== undefined) {
          response.setHeader("retry-after", String(does.retryAfterSeconds));
        }
        return void response.end("Bad gateway");
      }
      response.setHeader("content-type", "application/json");
      if (Array.isArray(sent) && sent.length > (does.batchesUpTo ?? Number.POSITIVE_INFINITY)) {
        batches.refused++;
        return void refuseBatch(sent, response);
      }
      const messages = [sent].flat();
      batches.largest = Math.max(batches.largest, messages.length);
      const answers: Answer[] = [];
      for (const message of messages) answers.push(await answerTo(message));
      const isLimited = answers.some(({ error }) => error?.code === -32_005);
      if (isLimited && does.retryAfterSeconds !== undefined) {
        response.setHeader("retry-after", String(does.retryAfterSeconds));
      }
      response.end(JSON.stringify(Array.isArray(sent) ? answers : answers[0]));
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  });

  function refuseBatch(
    sent: readonly Message[],
    response: { statusCode: number; end(text: string): unknown },
  ): void {
    const error = { code: -32_600, message: "batch too large" };
    switch (does.batchRefusal ?? "error") {
      case "status":
        response.statusCode = 413;
        response.end("Payload Too Large");
        return;
      case "error":
        response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error }));
        return;
      case "each":
        response.end(JSON.stringify(sent.map(({ id }) => ({ jsonrpc: "2.0", id, error }))));
    }
  }

  async function answerTo(message: Message): Promise<Answer> {
    const { id, method } = message;
    asked.set(method, (asked.get(method) ?? 0) + 1);
    const fails = (code: number, text: string): Answer => ({
      jsonrpc: "2.0",
      id,
      error: { code, message: text },
    });
    if (does.offersHeaders && method === "eth_getHeaderByNumber") {
      const [number] = message.params;
      const params = [number, false];
      const answer = await answerTo({ ...message, method: "eth_getBlockByNumber", params });
      if (typeof answer.result !== "object" || answer.result === null) return answer;
      const { transactions, ...header } = answer.result as Record<string, unknown>;
      return { ...answer, result: header };
    }
    if (does.lacks?.includes(method)) {
      return fails(-32_601, `the method ${method} does not exist/is not available`);
    }
    if (does.limitsEvery !== undefined && ++requests % does.limitsEvery === 0) {
      return fails(-32_005, "limit exceeded");
    }
    if (method === "eth_sendRawTransaction") return answerToSend(message);
    const behindBy = behindOf(message);
    if (behindBy > 0) return answerBehind(message, behindBy);
    if (does.forgetsAfter !== undefined) {
      const at = stateOf(message);
      if (at !== undefined && at < (await headOf()) - does.forgetsAfter) {
        return fails(
          -32_000,
          `missing trie node 5e1f…: state 0x${at.toString(16)} is not available`,
        );
      }
    }
    const answer = await passOn(message);
    return method === "eth_getLogs" ? withoutSome(answer) : answer;
  }

  async function answerToSend(message: Message): Promise<Answer> {
    const { id, params } = message;
    const { dropsSends = 0, underpricesSends = 0, losesSendAnswers = 0 } = does;
    sends++;
    if (sends <= dropsSends) {
      const [raw] = params;
      return { jsonrpc: "2.0", id, result: keccak256(hexOf(raw)) };
    }
    if (sends <= underpricesSends) {
      return { jsonrpc: "2.0", id, error: { code: -32_000, message: "transaction underpriced" } };
    }
    const answer = await passOn(message);
    if (sends <= losesSendAnswers) throw new Error("The answer is lost.");
    return answer;
  }

  /** How far behind the node is for this request. */
  function behindOf({ method }: Message): number {
    if (does.everySecondBehindBy !== undefined) {
      lastBehind = !lastBehind;
      return lastBehind ? does.everySecondBehindBy : 0;
    }
    if (does.firstLogsStaleBy !== undefined && method === "eth_getLogs" && !hasGivenLogs) {
      hasGivenLogs = true;
      return does.firstLogsStaleBy;
    }
    return 0;
  }

  /** Answers as a node does whose newest block is so much older: it has not heard of what came later. */
  async function answerBehind(message: Message, behindBy: number): Promise<Answer> {
    const { id, method, params } = message;
    const head = Math.max((await headOf()) - behindBy, 0);
    const hex = `0x${head.toString(16)}`;
    const known = (result: unknown): Answer => ({ jsonrpc: "2.0", id, result });
    if (method === "eth_blockNumber") return known(hex);
    if (method === "eth_getBlockByNumber" || method === "eth_getBlockReceipts") {
      const [tag, ...more] = params;
      if (tag === "latest") return passOn({ ...message, params: [hex, ...more] });
      return Number(tag) > head ? known(null) : passOn(message);
    }
    if (method === "eth_getLogs") {
      const [filter] = params as readonly [Filter];
      if (Number(filter.fromBlock) > head) return known([]);
      const toBlock = Number(filter.toBlock) > head ? hex : filter.toBlock;
      return passOn({ ...message, params: [{ ...filter, toBlock }] });
    }
    const at = stateOf(message);
    if (at !== undefined && at > head) {
      return { jsonrpc: "2.0", id, error: { code: -32_000, message: "header not found" } };
    }
    return passOn(message);
  }

  function withoutSome(answer: Answer): Answer {
    const logs = answer.result;
    if (!Array.isArray(logs) || logs.length === 0) return answer;
    const last: { readonly transactionHash: string } = logs[logs.length - 1];
    if (does.alwaysLeavesOutLogs) {
      return {
        ...answer,
        result: logs.filter(({ transactionHash }) => transactionHash !== last.transactionHash),
      };
    }
    if (!does.leavesOutALogOnce || hasLeftOut) return answer;
    hasLeftOut = true;
    return { ...answer, result: logs.filter((_, index) => index !== logs.length >> 1) };
  }

  function stateOf({ method, params }: Message): number | undefined {
    const place = STATE_METHODS[method];
    const tag = place === undefined ? undefined : params[place];
    return typeof tag === "string" && tag.startsWith("0x") ? Number(tag) : undefined;
  }

  async function headOf(): Promise<number> {
    return Number((await passOn({ id: 0, method: "eth_blockNumber", params: [] })).result);
  }

  async function passOn(message: Message): Promise<Answer> {
    const answer = await fetch(rpc, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
    return (await answer.json()) as Answer;
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    batches,
    become(misbehaviour) {
      does = misbehaviour;
      sends = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function hexOf(value: unknown): Hex {
  if (!isHex(value)) throw new TypeError(`${value} is no hexadecimal.`);
  return value;
}
