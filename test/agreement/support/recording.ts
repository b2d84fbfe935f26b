import {
  createPublicClient,
  createTestClient,
  type Hex,
  http,
  publicActions,
  serializeTransaction,
  type Transaction,
} from "viem";
import { hardhat } from "viem/chains";
import { type LocalNode, startAnvil } from "../../../services/relay/test/support/node.ts";

/** A chain's blocks with their signed transactions, so that the same can happen again on another node. */
export interface Recording {
  /** Unix seconds of the block that everything builds on. */
  readonly startsAt: number;
  readonly blocks: readonly RecordedBlock[];
}

export interface RecordedBlock {
  /** Unix seconds. */
  readonly time: number;
  readonly gasUsed: bigint;
  readonly transactions: readonly Transaction[];
}

/** Reads a whole chain from a node. */
export async function recordingOf(rpcUrl: string): Promise<Recording> {
  const client = createPublicClient({ transport: http(rpcUrl) });
  const count = Number(await client.getBlockNumber());
  const blocks: RecordedBlock[] = [];
  const { timestamp } = await client.getBlock({ blockNumber: 0n });
  for (let number = 1; number <= count; number++) {
    const block = await client.getBlock({ blockNumber: BigInt(number), includeTransactions: true });
    const { transactions, gasUsed } = block;
    blocks.push({ time: Number(block.timestamp), gasUsed, transactions });
  }
  return { startsAt: Number(timestamp), blocks };
}

/** A recorded chain that happens again, block by block, on an anvil of its own. */
export type Replay = Awaited<ReturnType<typeof replay>>;

/** Fees of a recording are those of its own node. */
const CHEAP = ["--block-base-fee-per-gas", "1", "--gas-limit", "60000000", "--order", "fifo"];
const GAS_MONEY = 10n ** 20n;

export async function replay({ startsAt, blocks }: Recording) {
  const node: LocalNode = await startAnvil(startsAt, CHEAP);
  const client = createTestClient({
    mode: "anvil",
    chain: hardhat,
    transport: http(node.rpcUrl),
    pollingInterval: 10,
    cacheTime: 0,
  }).extend(publicActions);
  const senders = new Set(
    blocks.flatMap(({ transactions }) => transactions.map(({ from }) => from)),
  );
  for (const address of senders) await client.setBalance({ address, value: GAS_MONEY });
  let next = 0;

  /** Mines a recorded block at its time, or as soon after it as may be. */
  async function mine({ time, gasUsed, transactions }: RecordedBlock, lateBy: number) {
    const { timestamp } = await client.getBlock();
    const at = BigInt(time + lateBy);
    const timestampNow = at > timestamp ? at : timestamp + 1n;
    await client.setAutomine(false);
    for (const transaction of transactions) {
      await client.sendRawTransaction({ serializedTransaction: signedAgain(transaction) });
    }
    await client.setNextBlockTimestamp({ timestamp: timestampNow });
    await client.mine({ blocks: 1 });
    await client.setAutomine(true);
    const mined = await client.getBlock();
    if (mined.transactions.length !== transactions.length) {
      throw new Error(`Block ${mined.number} holds other transactions than were recorded.`);
    }
    if (lateBy === 0 && mined.gasUsed !== gasUsed) {
      throw new Error(`Block ${mined.number} used ${mined.gasUsed} gas, ${gasUsed} when recorded.`);
    }
  }

  return {
    rpcUrl: node.rpcUrl,
    client,
    /** Blocks that are still to come. */
    left: () => blocks.length - next,
    /** The transactions of the next blocks. */
    coming: (count: number): readonly Transaction[] =>
      blocks.slice(next, next + count).flatMap(({ transactions }) => transactions),
    /** Lets the next blocks happen. */
    async advance(count: number): Promise<void> {
      for (const end = Math.min(next + count, blocks.length); next < end; next++) {
        const block = blocks[next];
        if (block !== undefined) await mine(block, 0);
      }
    },
    /** What the next blocks have happens a second late, and is undone together with whatever else happens meanwhile. */
    async undone(count: number, meanwhile: () => Promise<void>): Promise<void> {
      const id: Hex = await client.snapshot();
      for (const block of blocks.slice(next, next + count)) await mine(block, 1);
      await meanwhile();
      await client.revert({ id });
    },
    stop: () => node.stop(),
  };
}

function signedAgain(transaction: Transaction): Hex {
  const { type, chainId, nonce, to, value, input: data, gas, r, s, yParity } = transaction;
  if (type !== "eip1559" || yParity === undefined) {
    throw new Error(`${transaction.hash} is of type ${type}, which is not recorded.`);
  }
  const { maxFeePerGas, maxPriorityFeePerGas, accessList } = transaction;
  return serializeTransaction(
    { type, chainId, nonce, to, value, data, gas, maxFeePerGas, maxPriorityFeePerGas, accessList },
    { r, s, yParity },
  );
}
