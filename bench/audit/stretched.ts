/** A node whose chain is longer than that of the true one behind it: blocks of others' transactions come after its last. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Transactions of a block, as on a busy chain. */
const TRANSACTIONS = 150;
/** Of 2048 bits, those in use in the bloom filter of such a block. */
const BLOOM_SHARE = 0.4;

interface Message {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What a stretched node was asked. */
export interface StretchedNode {
  readonly url: string;
  close(): Promise<void>;
}

/** @param offersHeaders Whether it gives headers alone (`eth_getHeaderByNumber`). */
export async function stretchedNode(
  rpc: string,
  length: number,
  offersHeaders: boolean,
): Promise<StretchedNode> {
  const last = Number(await ask("eth_blockNumber", []));
  const { hash, timestamp }: { hash: string; timestamp: string } = JSON.parse(
    JSON.stringify(await ask("eth_getBlockByNumber", [hex(last), false])),
  );
  const end = last + length;
  const hashOf = (number: number) => (number === last ? hash : digest(`block ${number}`));

  async function ask(method: string, params: readonly unknown[]): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(rpc, { method: "POST", headers, body });
    const { result, error }: { result?: unknown; error?: { message: string } } = JSON.parse(
      await answer.text(),
    );
    if (error !== undefined) throw new Error(error.message);
    return result;
  }

  function headerOf(number: number) {
    return {
      number: hex(number),
      hash: hashOf(number),
      parentHash: hashOf(number - 1),
      timestamp: hex(Number(timestamp) + 12 * (number - last)),
      logsBloom: bloomOf(number),
      stateRoot: digest("state"),
      receiptsRoot: digest("receipts"),
      transactionsRoot: digest("transactions"),
      miner: `0x${"ab".repeat(20)}`,
      gasLimit: "0x3938700",
      gasUsed: "0x1c9c380",
      baseFeePerGas: "0x7",
    };
  }

  async function answerTo({ method, params }: Message): Promise<unknown> {
    const [first, second] = params;
    const number = first === "latest" ? end : Number(first);
    if (method === "eth_blockNumber") return hex(end);
    if (method === "eth_getHeaderByNumber") {
      if (!offersHeaders) throw new Error("the method does not exist");
      if (number > last) return headerOf(number);
      return ask("eth_getBlockByNumber", [first, false]);
    }
    if (method === "eth_getBlockByNumber" && number > last) {
      return { ...headerOf(number), transactions: HASHES };
    }
    if (method === "eth_getLogs") {
      const filter: { fromBlock?: string; toBlock?: string; blockHash?: string } = JSON.parse(
        JSON.stringify(first),
      );
      if (filter.blockHash !== undefined || Number(filter.fromBlock) > last) return [];
      const toBlock = hex(Math.min(Number(filter.toBlock), last));
      return ask(method, [{ ...filter, toBlock }]);
    }
    // The state is that after the last true block.
    const at = typeof second === "string" && Number(second) > last ? [first, "latest"] : params;
    return ask(method, at);
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent: Message | Message[] = JSON.parse(Buffer.concat(chunks).toString());
    const answers = await Promise.all(
      [sent].flat().map(async (message) => {
        const { id } = message;
        try {
          return { jsonrpc: "2.0", id, result: await answerTo(message) };
        } catch (error) {
          return { jsonrpc: "2.0", id, error: { code: -32_601, message: String(error) } };
        }
      }),
    );
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(Array.isArray(sent) ? answers : answers[0]));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const hex = (number: number): string => `0x${number.toString(16)}`;
const digest = (text: string): string => `0x${createHash("sha256").update(text).digest("hex")}`;
const HASHES = Array.from({ length: TRANSACTIONS }, (_, index) => digest(`transaction ${index}`));

/** Filters differ by block, and there are a thousand of them. */
const BLOOMS = Array.from({ length: 1_000 }, (_, index) => {
  const bytes = new Uint8Array(256);
  let seed = createHash("sha256").update(`bloom ${index}`).digest();
  for (let bit = 0; bit < 2_048; bit++) {
    if (bit % 32 === 0) seed = createHash("sha256").update(seed).digest();
    if ((seed[bit % 32] ?? 0) < 256 * BLOOM_SHARE)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return `0x${Buffer.from(bytes).toString("hex")}`;
});
const bloomOf = (number: number): string => BLOOMS[number % BLOOMS.length] ?? "0x";
