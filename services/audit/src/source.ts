import { type ChainBlock, type ChainTransaction, type Contracts, isPlain } from "@wattline/sdk";
import { type Hex, isAddressEqual } from "viem";
import {
  type FullHeader,
  type Header,
  headerOf,
  logOf,
  type NodeLog,
  quantity,
  transactionOf,
} from "./answers.ts";
import { bloomHas, isBloomUsed } from "./bloom.ts";
import { ContradictionError, completenessOf } from "./completeness.ts";
import { RpcError } from "./errors.ts";
import { hexOf, listOf, objectOf, pause, type Rpc } from "./rpc.ts";
import { tracerAt } from "./traces.ts";

/** Where the audit gets a history from. */
export interface Source {
  /**
   * The block with this number; the newest without one.
   * @throws RpcError of the kind "behind" when the node does not have the block, after a while of waiting.
   */
  header(number?: number): Promise<Header>;
  /** The blocks of a range that hold logs of Wattline's contracts; `tries` says how patiently. */
  read(from: number, to: number, tries?: number): Promise<ChainBlock[]>;
}

/** How often a node may contradict itself before it is named: a reorganisation in the middle of a request passes. */
const CONTRADICTIONS = 6;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** How long a node may lack a block that it, or another node behind the same address, had. */
const LAG_MS = 30_000;

/** How long a lagging node is waited for. */
export interface SourceSettings {
  readonly firstPauseMs?: number;
  readonly lagMs?: number;
}

/**
 * Reads a history from a node, checking that its answers fit one another: every log must lie in its block, come from one of
 * its transactions and be known to its bloom filter, and no log may be left out that a block's bloom filter and receipts show.
 */
export function sourceAt(
  rpc: Rpc,
  contracts: Contracts,
  signal: AbortSignal,
  { firstPauseMs = FIRST_PAUSE_MS, lagMs = LAG_MS }: SourceSettings = {},
): Source {
  const { marketplace, microgrids, meters, energy } = contracts;
  const addresses = [marketplace, microgrids, meters, energy];
  const callsBehind = tracerAt(rpc, contracts);
  const expectComplete = completenessOf(rpc, addresses);

  const pauseOf = (attempt: number): number =>
    Math.min(firstPauseMs * 2 ** attempt, LONGEST_PAUSE_MS);

  const blockAt = (number: number, withTransactions: boolean) =>
    waitFor(number, "eth_getBlockByNumber", [quantity(number), withTransactions]);

  let offersHeaders: Promise<boolean> | undefined;

  /** A header, without the list of its block's transactions where the node offers that: it is most of a busy block. */
  async function headerAt(number: number): Promise<FullHeader> {
    offersHeaders ??= rpc
      .attempt("eth_getHeaderByNumber", [quantity(number)])
      .then((answer) => answer !== undefined && answer !== null)
      .catch((error: unknown) => {
        if (error instanceof RpcError) return false;
        throw error;
      });
    if (!(await offersHeaders)) return (await blockAt(number, false)).header;
    return (await waitFor(number, "eth_getHeaderByNumber", [quantity(number)])).header;
  }

  /** A block or header, waited for when the node does not have it yet. */
  async function waitFor(number: number, method: string, params: readonly unknown[]) {
    let waitedMs = 0;
    for (let attempt = 0; ; attempt++) {
      const answer = await rpc.request(method, params);
      if (answer !== null && answer !== undefined) {
        const block = objectOf(answer, `block ${number}`);
        const found = headerOf(block);
        if (found.number === number) return { block, header: found };
        throw new ContradictionError(
          `The node was asked for block ${number} and gave block ${found.number}.`,
        );
      }
      const ms = pauseOf(attempt);
      if (waitedMs + ms > lagMs) {
        throw new RpcError(
          `The node has no block ${number}, after ${Math.round(waitedMs / 1000)} s of waiting: it lags behind. Ask another node, or wait.`,
          "behind",
        );
      }
      await pause(ms, signal);
      waitedMs += ms;
    }
  }

  async function header(number?: number): Promise<Header> {
    if (number !== undefined) return (await blockAt(number, false)).header;
    return headerOf(await rpc.request("eth_getBlockByNumber", ["latest", false]));
  }

  async function read(from: number, to: number, tries = CONTRADICTIONS): Promise<ChainBlock[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await readOnce(from, to, tries);
      } catch (error) {
        if (!(error instanceof ContradictionError) || attempt >= Math.min(tries, CONTRADICTIONS)) {
          throw error;
        }
        await pause(pauseOf(attempt), signal);
      }
    }
  }

  async function readOnce(from: number, to: number, tries: number): Promise<ChainBlock[]> {
    const filter = { address: addresses, fromBlock: quantity(from), toBlock: quantity(to) };
    // Headers come second: a node that refuses the range has not been asked for them.
    const answer = listOf(await rpc.request("eth_getLogs", [filter], tries), "logs");
    const byBlock = new Map<number, NodeLog[]>();
    for (const each of answer) {
      const log = logOf(each);
      expectAskedFor(log, from, to);
      const logs = byBlock.get(log.blockNumber);
      if (logs === undefined) byBlock.set(log.blockNumber, [log]);
      else logs.push(log);
    }
    const numbers = Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
    const blocks = await Promise.all(
      numbers.map((number) => readBlock(number, byBlock.get(number) ?? [])),
    );
    blocks.reduce((parent, { header: block }) => {
      if (block.parentHash === parent.header.hash) return { header: block };
      throw new ContradictionError(
        `The node's block ${block.number} does not stand on its block ${parent.header.number}.`,
      );
    });
    return blocks.flatMap(({ block }) => block ?? []);
  }

  function expectAskedFor(log: NodeLog, from: number, to: number): void {
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
  }

  /** A block's header, and the block when it holds logs of Wattline's contracts. */
  async function readBlock(
    number: number,
    logs: readonly NodeLog[],
  ): Promise<{ readonly header: FullHeader; readonly block?: ChainBlock }> {
    if (logs.length === 0) {
      const found = await headerAt(number);
      const hashes = async () => hashesIn((await blockAt(number, false)).block);
      await expectComplete(found, hashes, logs);
      return { header: found };
    }
    const { block, header: found } = await blockAt(number, true);
    const transactions = await transactionsOf(found, block, logs);
    const { hash, timestamp } = found;
    return { header: found, block: { number, hash, timestamp, transactions } };
  }

  /** The transactions of a block that left logs, which must be of this block and of its transactions, and in their order. */
  async function transactionsOf(
    header: FullHeader,
    block: Readonly<Record<string, unknown>>,
    logs: readonly NodeLog[],
  ): Promise<ChainTransaction[]> {
    const { number, hash, bloom } = header;
    const contradiction = (log: NodeLog, what: string) =>
      new ContradictionError(
        `The node contradicts itself in block ${number}, transaction ${log.transactionHash}: ${what}`,
      );
    const sent = new Map(
      listOf(block.transactions, `transactions of block ${number}`).map((each) => {
        const transaction = transactionOf(each);
        return [transaction.hash, { ...transaction, logs: [] as NodeLog[] }] as const;
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
    await expectComplete(header, async () => [...sent.keys()], logs);
    const used = [...sent.values()].filter((transaction) => transaction.logs.length > 0);
    return Promise.all(
      used.map(async (transaction): Promise<ChainTransaction> => {
        if (isPlain(contracts, transaction.to)) return transaction;
        const traced = await callsBehind(transaction.hash);
        return traced === undefined ? transaction : { ...transaction, traced };
      }),
    );
  }

  return { header, read };
}

/** The hashes of a block's transactions, where only they were asked for. */
const hashesIn = (block: Readonly<Record<string, unknown>>): readonly Hex[] =>
  listOf(block.transactions, "block's transactions").map((hash) => hexOf(hash, "transaction"));
