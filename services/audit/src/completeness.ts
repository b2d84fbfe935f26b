import { energyTokenAbi, marketplaceAbi, metersAbi, microgridsAbi } from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual, toEventSelector } from "viem";
import { type FullHeader, logOf, type NodeLog, quantity } from "./answers.ts";
import { bloomBitsOf, hasBits, isBloomUsed, isTelling } from "./bloom.ts";
import { RpcError } from "./errors.ts";
import { hexOf, listOf, objectOf, type Rpc } from "./rpc.ts";

/** A node's answers do not fit one another. */
export class ContradictionError extends RpcError {
  constructor(message: string) {
    super(message, "contradiction");
  }
}

/**
 * Holds the logs that a node gave of a block against the block itself, since nodes leave logs out: those that are behind,
 * or still at work on an index. A block with logs is held against its receipts. One without is looked at again when its
 * bloom filter knows a contract and an event of Wattline's: in its receipts, or where the filter is so full that it says
 * "perhaps" to everything, by asking for this block's logs alone.
 * @returns Checks the logs of a block; asks for its transactions only where they are needed. Throws a ContradictionError when
 * a log was left out, or was never there.
 */
export function completenessOf(rpc: Rpc, addresses: readonly Address[]) {
  const contracts = addresses.map(bloomBitsOf);
  const events = [marketplaceAbi, microgridsAbi, metersAbi, energyTokenAbi].flatMap((abi) =>
    abi.flatMap((item) => (item.type === "event" ? [bloomBitsOf(toEventSelector(item))] : [])),
  );
  let offersBlockReceipts: boolean | undefined;

  return async (
    header: FullHeader,
    transactionsIn: () => Promise<readonly Hex[]>,
    logs: readonly NodeLog[],
  ): Promise<void> => {
    if (logs.length === 0 && !mayHold(header.bloom)) return;
    const actual =
      logs.length > 0 || isTelling(header.bloom)
        ? await logsInReceipts(header, await transactionsIn())
        : await logsOfBlock(header);
    const given = new Set(logs.map(keyOf));
    const left = actual.find((log) => !given.has(keyOf(log)));
    if (left !== undefined) {
      throw new ContradictionError(
        `The node contradicts itself in block ${header.number}, transaction ${left.transactionHash}: it left out log ${left.logIndex}, which the block holds.`,
      );
    }
    const held = new Set(actual.map(keyOf));
    const invented = logs.find((log) => !held.has(keyOf(log)));
    if (invented !== undefined) {
      throw new ContradictionError(
        `The node contradicts itself in block ${header.number}, transaction ${invented.transactionHash}: its receipt holds no such log ${invented.logIndex}.`,
      );
    }
  };

  function mayHold(bloom: Hex): boolean {
    return (
      isBloomUsed(bloom) &&
      contracts.some((bits) => hasBits(bloom, bits)) &&
      events.some((bits) => hasBits(bloom, bits))
    );
  }

  async function logsOfBlock({ hash }: FullHeader): Promise<NodeLog[]> {
    const filter = { address: addresses, blockHash: hash };
    return listOf(await rpc.request("eth_getLogs", [filter]), "logs").map(logOf);
  }

  async function logsInReceipts(
    { number, hash }: FullHeader,
    transactions: readonly Hex[],
  ): Promise<NodeLog[]> {
    if (transactions.length === 0) return [];
    const receipts = await receiptsOf(number, transactions);
    return receipts.flatMap((each) => {
      if (each === null) {
        throw new ContradictionError(`The node has block ${number} and not all of its receipts.`);
      }
      const receipt = objectOf(each, "receipt");
      if (hexOf(receipt.blockHash, "receipt's block") !== hash) {
        throw new ContradictionError(`The node's receipts of block ${number} are of another one.`);
      }
      return listOf(receipt.logs, "receipt's logs")
        .map(logOf)
        .filter((log) => addresses.some((address) => isAddressEqual(address, log.address)));
    });
  }

  /** All receipts of a block, together where the node offers that. */
  async function receiptsOf(
    number: number,
    transactions: readonly Hex[],
  ): Promise<readonly unknown[]> {
    if (offersBlockReceipts !== false) {
      const receipts = await rpc.attempt("eth_getBlockReceipts", [quantity(number)]);
      offersBlockReceipts ??= receipts !== undefined;
      if (receipts === null) {
        throw new ContradictionError(`The node has block ${number} and not its receipts.`);
      }
      if (receipts !== undefined) return listOf(receipts, "receipts");
    }
    return Promise.all(
      transactions.map((hash) => rpc.request("eth_getTransactionReceipt", [hash])),
    );
  }
}

const keyOf = ({ transactionHash, logIndex, address, topics, data }: NodeLog): string =>
  [transactionHash, logIndex, address, ...topics, data].join(" ").toLowerCase();
