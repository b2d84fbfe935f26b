import { type ChainBlock, type ChainTransaction, type Contracts, isPlain } from "@wattline/sdk";
import { type Address, getAddress, type Hex, isAddressEqual } from "viem";
import { bloomHas, isBloomUsed } from "./bloom.ts";
import { RpcError } from "./errors.ts";
import { hexOf, listOf, numberOf, objectOf, pause, type Rpc } from "./rpc.ts";
import { tracerAt } from "./traces.ts";

/** A block's place in the chain. */
export interface Header {
  readonly number: number;
  readonly hash: Hex;
  /** Unix seconds. */
  readonly timestamp: number;
}

/** Where the audit gets a history from. */
export interface Source {
  /** The block with this number; the newest without one. */
  header(number?: number): Promise<Header>;
  /** The blocks of a range that hold logs of Wattline's contracts; `tries` says how patiently. */
  read(from: number, to: number, tries?: number): Promise<ChainBlock[]>;
}

/** How often a node may contradict itself before it is named: a reorganisation in the middle of a request passes. */
const CONTRADICTIONS = 4;

/** Reads a history from a node, checking that its answers fit one another. */
export function sourceAt(rpc: Rpc, contracts: Contracts, signal: AbortSignal): Source {
  const addresses = [contracts.marketplace, contracts.meters, contracts.energy];
  const callsBehind = tracerAt(rpc, contracts);

  async function header(number?: number): Promise<Header> {
    const tag = number === undefined ? "latest" : quantity(number);
    const found = headerOf(await rpc.request("eth_getBlockByNumber", [tag, false]));
    if (number !== undefined && found.number !== number) {
      throw new RpcError(`The node was asked for block ${number} and gave block ${found.number}.`);
    }
    return found;
  }

  async function read(from: number, to: number, tries?: number): Promise<ChainBlock[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await readOnce(from, to, tries);
      } catch (error) {
        if (
          !(error instanceof ContradictionError) ||
          attempt >= Math.min(tries ?? CONTRADICTIONS, CONTRADICTIONS)
        )
          throw error;
        await pause(200 * attempt, signal);
      }
    }
  }

  async function readOnce(from: number, to: number, tries?: number): Promise<ChainBlock[]> {
    const filter = { address: addresses, fromBlock: quantity(from), toBlock: quantity(to) };
    const answer = listOf(await rpc.request("eth_getLogs", [filter], tries), "logs");
    const byBlock = new Map<number, NodeLog[]>();
    for (const each of answer) {
      const log = logOf(each);
      if (log.blockNumber < from || log.blockNumber > to) {
        throw new ContradictionError(
          `The node was asked for logs of the blocks ${from} to ${to} and gave one of block ${log.blockNumber} (transaction ${log.transactionHash}).`,
        );
      }
      if (!addresses.some((address) => isAddressEqual(address, log.address))) {
        throw new ContradictionError(
          `The node gave a log of ${log.address}, which it was not asked for (transaction ${log.transactionHash}).`,
        );
      }
      const logs = byBlock.get(log.blockNumber);
      if (logs === undefined) byBlock.set(log.blockNumber, [log]);
      else logs.push(log);
    }
    const numbers = [...byBlock.keys()].sort((a, b) => a - b);
    return Promise.all(
      numbers.map(async (number) => {
        const block = await rpc.request("eth_getBlockByNumber", [quantity(number), true]);
        return blockOf(number, objectOf(block, `block ${number}`), byBlock.get(number) ?? []);
      }),
    );
  }

  /** A block with its logs, which must be of this block and of its transactions, and in their order. */
  async function blockOf(
    number: number,
    block: Readonly<Record<string, unknown>>,
    logs: readonly NodeLog[],
  ): Promise<ChainBlock> {
    const { hash, timestamp, number: found } = headerOf(block);
    const bloom = hexOf(block.logsBloom ?? "0x", "bloom filter");
    const contradiction = (log: NodeLog, what: string) =>
      new ContradictionError(
        `The node contradicts itself in block ${number}, transaction ${log.transactionHash}: ${what}`,
      );
    if (found !== number) {
      throw new ContradictionError(`The node gave block ${found} in the place of block ${number}.`);
    }
    const sent = new Map(
      listOf(block.transactions, `transactions of block ${number}`).map((each, index) => {
        const transaction = transactionOf(each);
        return [transaction.hash, { ...transaction, index, logs: [] as NodeLog[] }] as const;
      }),
    );
    let last = -1;
    for (const log of [...logs].sort((a, b) => a.logIndex - b.logIndex)) {
      const transaction = sent.get(log.transactionHash);
      if (log.blockHash !== hash) throw contradiction(log, "its log is of another block.");
      if (transaction === undefined) throw contradiction(log, "the block has no such transaction.");
      if (log.logIndex <= last) throw contradiction(log, `it gave log ${log.logIndex} twice.`);
      if (
        isBloomUsed(bloom) &&
        ![log.address, ...log.topics].every((value) => bloomHas(bloom, value))
      ) {
        throw contradiction(log, `the block's bloom filter does not know log ${log.logIndex}.`);
      }
      last = log.logIndex;
      transaction.logs.push(log);
    }
    const used = [...sent.values()].filter((transaction) => transaction.logs.length > 0);
    const transactions = await Promise.all(
      used.map(async ({ index: _, ...transaction }): Promise<ChainTransaction> => {
        if (isPlain(contracts, transaction.to)) return transaction;
        const traced = await callsBehind(transaction.hash);
        return traced === undefined ? transaction : { ...transaction, traced };
      }),
    );
    return { number, hash, timestamp, transactions };
  }

  return { header, read };
}

/** A node's answers do not fit one another. */
class ContradictionError extends RpcError {}

interface NodeLog {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly logIndex: number;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly transactionHash: Hex;
}

export const quantity = (number: number): Hex => `0x${number.toString(16)}`;

function headerOf(answer: unknown): Header {
  const block = objectOf(answer, "such block");
  return {
    number: numberOf(block.number, "block number"),
    hash: hexOf(block.hash, "block hash"),
    timestamp: numberOf(block.timestamp, "block time"),
  };
}

function logOf(answer: unknown): NodeLog {
  const log = objectOf(answer, "log");
  return {
    address: getAddress(hexOf(log.address, "log address")),
    topics: listOf(log.topics, "log topics").map((topic) => hexOf(topic, "log topic")),
    data: hexOf(log.data, "log data"),
    logIndex: numberOf(log.logIndex, "log index"),
    blockNumber: numberOf(log.blockNumber, "log's block number"),
    blockHash: hexOf(log.blockHash, "log's block hash"),
    transactionHash: hexOf(log.transactionHash, "log's transaction"),
  };
}

function transactionOf(answer: unknown): Omit<ChainTransaction, "logs" | "traced"> {
  const { hash, from, to, input, data } = objectOf(answer, "transaction");
  return {
    hash: hexOf(hash, "transaction hash"),
    from: getAddress(hexOf(from, "sender")),
    to: to === null || to === undefined ? undefined : getAddress(hexOf(to, "receiver")),
    input: hexOf(input ?? data, "calldata"),
  };
}
